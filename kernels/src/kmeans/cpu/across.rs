//! Nearest centroids of rows as they lie: a register holds one column of sixteen centroids, a value of a row meets them all.
//!
//! Rows need not be turned, and each is read where it lies; in return the nearest of sixteen lanes has to be found for
//! every row, and lanes without a centroid work for nothing. Worth it where centroids nearly fill their registers. The
//! products of a row are summed in the same order as in tiles of rows: both ways give the same bits.

use super::leads::{Compared, leads as leads_of};
use super::nearest::second;
use super::panel::{Aligned, Block, Frame, Panel, even_blocks};
use crate::kmeans::{Metric, Rows};
use crate::lanes::{LANES, Lanes, Level};

/// A multiple of the rows of every step.
pub(super) const STEP_ROWS: usize = 48;

/// Bytes of rows that meet one block of centroids after another: they share the L1 cache with it.
const STAGE_BYTES: usize = 12 << 10;

/// Most bytes of a block of centroids.
const BLOCK_BYTES: usize = 24 << 10;

/// Centroids side by side.
pub(super) struct Across {
    /// In registers.
    blocks: Vec<Block>,
    /// `[block][D][registers of the block][LANES]`.
    packed: Aligned,
    /// Start of each score; infinite in lanes without a centroid, which are never the nearest.
    bias: Aligned,
    /// Each lane's centroid, as the bits of an `f32`.
    indices: Aligned,
}

impl Across {
    /// From `factor · (c − shift)`, `[K, D]`, and the start of each score, where this shape gains by it.
    pub(super) fn new(level: Level, frame: &Frame, factors: &[f32], bias: &[f32]) -> Option<Across> {
        let k = bias.len();
        let d = factors.len() / k;
        if frame.metric != Metric::SquaredEuclidean || level != Level::Avx512 || !suits(k, d) {
            return None;
        }
        let n_registers = k.div_ceil(LANES);
        let most = (BLOCK_BYTES / (4 * LANES * d)).clamp(1, 4);
        let blocks = even_blocks(n_registers, most);
        let mut across = Across {
            blocks,
            packed: Aligned::zeros(n_registers * LANES * d),
            bias: Aligned::zeros(n_registers * LANES),
            indices: Aligned::zeros(n_registers * LANES),
        };
        for (i, lane) in across.bias.values().iter_mut().enumerate() {
            *lane = bias.get(i).copied().unwrap_or(f32::INFINITY);
        }
        for (i, lane) in across.indices.values().iter_mut().enumerate() {
            *lane = f32::from_bits(i as u32);
        }
        for block in &across.blocks {
            let width = block.len * LANES;
            let first = block.first * LANES;
            let packed = &mut across.packed.values()[first * d..(first + width) * d];
            for (j, column) in packed.chunks_exact_mut(width).enumerate() {
                for (lane, i) in column.iter_mut().zip(first..k) {
                    *lane = factors[i * d + j];
                }
            }
        }
        Some(across)
    }
}

/// Whether centroids leave few lanes empty, and there are products enough to outweigh the search of the lanes.
fn suits(k: usize, n_columns: usize) -> bool {
    let padded = k.next_multiple_of(LANES);
    k >= 2 * LANES && n_columns >= 24 && 4 * (padded - k) <= padded
}

/// Room for a few rows.
pub(super) struct Stage {
    n_rows: usize,
    /// Rows that are moved, or too few for a step: `[rows, D]`.
    rows: Vec<f32>,
    /// Lowest score of each lane so far, whose it is, and the second lowest: `[rows][3][LANES]`.
    best: Aligned,
    /// Scores of the nearest, of the second nearest and `‖x‖²`, `[3][rows]`, with labels and leads, where those are wanted.
    of_rows: [Vec<f32>; 3],
    labels: Vec<u32>,
    leads: Vec<u16>,
}

/// Values of one row in [`Stage::best`], the second lowest only where leads are wanted.
const fn best_pitch(wanted: u8) -> usize {
    if wanted == second::LEAD { 3 * LANES } else { 2 * LANES }
}

impl Stage {
    pub(super) fn new(n_columns: usize) -> Stage {
        let n_rows = (STAGE_BYTES / (4 * n_columns) / STEP_ROWS).clamp(1, 8) * STEP_ROWS;
        let rows = vec![0.0; n_rows * n_columns];
        let of_rows = std::array::from_fn(|_| vec![0.0; n_rows]);
        let best = Aligned::zeros(n_rows * best_pitch(second::LEAD));
        Stage { n_rows, rows, best, of_rows, labels: vec![0; n_rows], leads: vec![0; n_rows] }
    }

    /// Labels of rows, and leads where they are wanted.
    ///
    /// # Safety
    /// `L`'s instructions; the panel has the rows' width, and there is a label for each row.
    #[inline(always)]
    pub(super) unsafe fn label<L: Lanes, const SECOND: u8>(
        &mut self,
        panel: &Panel,
        rows: Rows<'_>,
        labels: &mut [u32],
        leads: &mut [u16],
    ) {
        let Some(across) = &panel.across else { return };
        for (i, labels) in labels.chunks_mut(self.n_rows).enumerate() {
            let start = i * self.n_rows;
            let part = rows.slice(start, start + labels.len());
            // SAFETY: the part is as long as the stage at most.
            unsafe {
                let x = self.compare::<L, SECOND>(across, &panel.frame, part);
                if SECOND == second::LEAD {
                    self.lead::<L>(panel, x, part.len());
                    labels.copy_from_slice(&self.labels[..part.len()]);
                    leads[start..start + part.len()].copy_from_slice(&self.leads[..part.len()]);
                } else {
                    for (i, label) in labels.iter_mut().enumerate() {
                        *label = lowest::<L>(self.best.as_ptr().add(i * best_pitch(SECOND))).label;
                    }
                }
            }
        }
    }

    /// Labels and leads of the rows that were compared last.
    ///
    /// # Safety
    /// `L`'s instructions; so many rows lie at `x`, each with its lanes in `best`, and there are no more than in the stage.
    #[inline(always)]
    unsafe fn lead<L: Lanes>(&mut self, panel: &Panel, x: *const f32, n_rows: usize) {
        let d = panel.n_columns;
        let [nearest, second, squared_norms] = &mut self.of_rows;
        for i in 0..n_rows {
            // SAFETY: the caller's promise.
            unsafe {
                let best = self.best.as_ptr().add(i * best_pitch(second::LEAD));
                let lowest = lowest::<L>(best);
                (self.labels[i], nearest[i]) = (lowest.label, lowest.score);
                second[i] = second_lowest::<L>(best, &lowest);
                squared_norms[i] = squared_norm::<L>(x.add(i * d), d);
            }
        }
        let rows = Compared {
            nearest: nearest.as_ptr(),
            labels: self.labels.as_ptr(),
            second: second.as_ptr(),
            squared_norms: squared_norms.as_ptr(),
        };
        // SAFETY: a stage has room for whole registers of rows, and labels are those of centroids.
        unsafe { leads_of::<L>(panel, rows, self.leads.as_mut_ptr(), n_rows) };
    }

    /// Scores of all lanes. Returns where the rows lie in their frame.
    ///
    /// # Safety
    /// As [`Stage::label`]; no more rows than there is room for.
    #[inline(always)]
    unsafe fn compare<L: Lanes, const SECOND: u8>(
        &mut self,
        across: &Across,
        frame: &Frame,
        rows: Rows<'_>,
    ) -> *const f32 {
        let d = rows.n_columns;
        let x = placed(rows, frame, &mut self.rows);
        for (i, &block) in across.blocks.iter().enumerate() {
            let span = Span {
                // SAFETY: the block lies within the packed registers, `D` columns of each.
                packed: unsafe { across.packed.as_ptr().add(block.first * LANES * d) },
                // SAFETY: as above.
                bias: unsafe { across.bias.as_ptr().add(block.first * LANES) },
                // SAFETY: as above.
                indices: unsafe { across.indices.as_ptr().add(block.first * LANES) },
                x: x.as_ptr(),
                ahead: rows.x.as_ptr_range().end,
                n_rows: rows.len(),
                n_columns: d,
                best: self.best.as_mut_ptr(),
                is_first: i == 0,
            };
            // SAFETY: a step's rows all lie at `x`, and each has its lanes in `best`.
            unsafe { by_length::<L, SECOND>(block.len, &span) };
        }
        x.as_ptr()
    }
}

/// Rows in their frame, whole steps of them; those past the end are anywhere.
fn placed<'a>(rows: Rows<'a>, frame: &Frame, room: &'a mut [f32]) -> &'a [f32] {
    if !frame.shift.is_empty() {
        let d = rows.n_columns;
        for (to, from) in room.chunks_exact_mut(d).zip(rows.x.chunks_exact(d)) {
            to.iter_mut().zip(from).zip(&frame.shift).for_each(|((to, x), shift)| *to = x - shift);
        }
    } else if !rows.len().is_multiple_of(STEP_ROWS) {
        room[..rows.x.len()].copy_from_slice(rows.x);
    } else {
        return rows.x;
    }
    room
}

/// A few rows and one block of centroids.
struct Span {
    packed: *const f32,
    bias: *const f32,
    indices: *const f32,
    x: *const f32,
    /// The rows that come after these, which may end anywhere.
    ahead: *const f32,
    n_rows: usize,
    n_columns: usize,
    best: *mut f32,
    /// Nothing is in `best` yet.
    is_first: bool,
}

/// As many rows at a time as leave their scores in registers.
///
/// # Safety
/// `L`'s instructions; `span` points to as many rows and registers as its fields say.
#[inline(always)]
unsafe fn by_length<L: Lanes, const SECOND: u8>(n_registers: usize, span: &Span) {
    // SAFETY: the caller's promise; all counts of rows divide `STEP_ROWS`.
    unsafe {
        match n_registers {
            1 => steps::<L, 16, 1, SECOND>(span),
            2 => steps::<L, 12, 2, SECOND>(span),
            3 => steps::<L, 8, 3, SECOND>(span),
            _ => steps::<L, 6, 4, SECOND>(span),
        }
    }
}

/// # Safety
/// As [`by_length`]; the block has `C` registers.
#[inline(always)]
unsafe fn steps<L: Lanes, const R: usize, const C: usize, const SECOND: u8>(span: &Span) {
    const { assert!(STEP_ROWS.is_multiple_of(R)) };
    for start in (0..span.n_rows).step_by(R) {
        // SAFETY: row `start` and the `R − 1` after it lie at `x`.
        unsafe {
            if span.is_first {
                for line in (start * span.n_columns..(start + R) * span.n_columns).step_by(LANES) {
                    L::prefetch(span.ahead.wrapping_add(line));
                }
            }
            let x = span.x.add(start * span.n_columns);
            step::<L, R, C, SECOND>(span, x, span.best.add(start * best_pitch(SECOND)));
        }
    }
}

/// Scores of `R` rows against `C` registers of centroids, and each lane's running minimum.
///
/// # Safety
/// As [`steps`]; `R` rows lie at `x`, with their lanes at `best`.
#[inline(always)]
unsafe fn step<L: Lanes, const R: usize, const C: usize, const SECOND: u8>(span: &Span, x: *const f32, best: *mut f32) {
    // SAFETY: all offsets stay within what the caller promises.
    unsafe {
        let d = span.n_columns;
        let mut scores = [[L::splat(0.0); C]; R];
        for c in 0..C {
            let bias = L::load(span.bias.add(c * LANES));
            for r in 0..R {
                scores[r][c] = bias;
            }
        }
        for j in 0..d {
            let mut factors = [L::splat(0.0); C];
            for c in 0..C {
                factors[c] = L::load(span.packed.add((j * C + c) * LANES));
            }
            for r in 0..R {
                let x = L::splat(*x.add(r * d + j));
                for c in 0..C {
                    scores[r][c] = x.fma(factors[c], scores[r][c]);
                }
            }
        }
        for r in 0..R {
            let at = best.add(r * best_pitch(SECOND));
            let (mut score, mut index) = (L::splat(f32::INFINITY), L::splat(0.0));
            let mut runner_up = score;
            if !span.is_first {
                (score, index) = (L::load(at), L::load(at.add(LANES)));
                if SECOND == second::LEAD {
                    runner_up = L::load(at.add(2 * LANES));
                }
            }
            for c in 0..C {
                let new = scores[r][c];
                if SECOND == second::LEAD {
                    runner_up = new.max(score).min(runner_up);
                }
                index = new.where_less(score, L::load(span.indices.add(c * LANES)), index);
                score = new.min(score);
            }
            score.store(at);
            index.store(at.add(LANES));
            if SECOND == second::LEAD {
                runner_up.store(at.add(2 * LANES));
            }
        }
    }
}

/// The lowest score of one row.
struct Lowest {
    label: u32,
    score: f32,
    /// Several lanes have it.
    is_shared: bool,
}

/// The nearest centroid of one row, the lowest of equals. Where no score is a number it is some centroid: a lane without
/// one starts at infinity, and nothing puts its index in.
///
/// # Safety
/// `L`'s instructions; scores and indices of all lanes at `best`.
#[inline(always)]
unsafe fn lowest<L: Lanes>(best: *const f32) -> Lowest {
    // SAFETY: lanes below `LANES` are in bounds.
    unsafe {
        let (mut bits, score) = L::load(best).least();
        let index = |bits: u32| (*best.add(LANES + bits.trailing_zeros() as usize % LANES)).to_bits();
        let mut label = index(bits);
        bits &= bits.wrapping_sub(1);
        let is_shared = bits != 0;
        while bits != 0 {
            label = label.min(index(bits));
            bits &= bits - 1;
        }
        Lowest { label, score, is_shared }
    }
}

/// The second lowest score of one row.
///
/// # Safety
/// `L`'s instructions; lowest and second lowest scores of all lanes at `best`.
#[inline(always)]
unsafe fn second_lowest<L: Lanes>(best: *const f32, lowest: &Lowest) -> f32 {
    if lowest.is_shared {
        return lowest.score;
    }
    // SAFETY: the caller's promise.
    unsafe {
        let scores = L::load(best);
        // The lane of the lowest score has its next, all others their own.
        L::splat(lowest.score).where_less(scores, scores, L::load(best.add(2 * LANES))).least().1
    }
}

/// `‖x‖²` of `n` columns.
///
/// # Safety
/// `L`'s instructions; there are so many values at `x`.
#[inline(always)]
unsafe fn squared_norm<L: Lanes>(x: *const f32, n: usize) -> f32 {
    // SAFETY: the caller's promise.
    unsafe {
        let mut squared = L::splat(0.0);
        for at in (0..n / LANES * LANES).step_by(LANES) {
            let x = L::load(x.add(at));
            squared = x.fma(x, squared);
        }
        let rest = std::slice::from_raw_parts(x.add(n / LANES * LANES), n % LANES);
        squared.sum() + rest.iter().map(|x| x * x).sum::<f32>()
    }
}
