//! The D² kernels of seeding: squared distances by differences, several points at once, one read of the rows.

use super::nearest::products;
use super::panel::{Block, Frame, Panel};
use super::tile::{Tiles, squared_norms, with_tiles};
use crate::kmeans::{Metric, Rows};
use crate::lanes::{LANES, Lanes, Level, Simd};

/// Unit rows that are the same direction differ by rounding; below this squared distance they are one.
const SAME_DIRECTION: f32 = 1e-12;

/// Values that one chunk of `n_rows` takes in an array of nearest squared distances, for one restart: a multiple of every
/// tile's width, so that kernels need no tail.
pub fn padded(n_rows: usize) -> usize {
    n_rows.next_multiple_of(32)
}

/// Lowers each row's squared distance to the nearest centre so far by new centres: panel `r` belongs to restart `r`.
/// Returns `Σ w · nearest²` of each restart, each within `f32` rounding of a chunk.
///
/// # Shapes
/// `nearest`: `[R, padded(N)]`.
///
/// # Panics
/// If a width or length does not fit.
pub fn lower(panels: &[Panel], rows: Rows<'_>, nearest: &mut [f32]) -> Vec<f64> {
    let Some(first) = check(panels, rows, nearest.len()) else { return Vec::new() };
    Simd::of(first.level).run(Lower { panels, rows, nearest })
}

/// Points of which one is to become a centre, packed for one instruction set.
pub struct Candidates(Panel);

impl Candidates {
    /// From `[candidates, D]` row-major; of length 1 under cosine.
    pub fn new(level: Level, frame: &Frame, points: &[f64], n_columns: usize) -> Candidates {
        Candidates(Panel::products(level, frame, points, n_columns))
    }
}

/// `Σ w · min(nearest², ‖x − c‖²)` for each candidate of each restart: what the potential would be. Squared distances are
/// `‖x‖² − 2·x·c + ‖c‖²` about the frame's shift, which takes half the work of differences and tells sums apart as well.
///
/// # Shapes
/// `nearest`: `[R, padded(N)]`; returns `[R][candidates]`.
///
/// # Panics
/// If a width or length does not fit.
pub fn potentials(candidates: &[Candidates], rows: Rows<'_>, nearest: &[f32]) -> Vec<Vec<f64>> {
    let fits = |of: &Candidates| of.0.n_columns == rows.n_columns;
    assert!(candidates.iter().all(fits), "one width");
    assert_eq!(nearest.len(), candidates.len() * padded(rows.len()), "nearest: [R, padded(N)]");
    let Some(first) = candidates.first() else { return Vec::new() };
    Simd::of(first.0.level).run(Potentials { candidates, rows, nearest })
}

/// Squared distance of each row (unit rows under cosine) to each point.
///
/// # Shapes
/// `out`: `[N, K]` row-major.
///
/// # Panics
/// If a width or length does not fit.
pub fn squared_distances(panel: &Panel, rows: Rows<'_>, out: &mut [f32]) {
    assert_eq!((panel.n_columns, out.len()), (rows.n_columns, rows.len() * panel.k), "shapes");
    Simd::of(panel.level).run(Distances { panel, rows, out });
}

fn check<'a>(panels: &'a [Panel], rows: Rows<'_>, len: usize) -> Option<&'a Panel> {
    assert!(panels.iter().all(|panel| panel.n_columns == rows.n_columns), "one width");
    assert_eq!(len, panels.len() * padded(rows.len()), "nearest: [R, padded(N)]");
    panels.first()
}

/// Squared distances of one tile to one block of points.
///
/// # Safety
/// `L`'s instructions; `tile` holds `D · width` values, and the block has `C` points.
#[inline(always)]
unsafe fn step<L: Lanes, const N: usize, const C: usize>(
    panel: &Panel,
    block: Block,
    tile: *const f32,
    mut each: impl FnMut(usize, [L; N]),
) {
    // SAFETY: all offsets stay within the tile and the panel.
    unsafe {
        let packed = panel.packed.as_ptr().add(block.first * panel.n_columns);
        let mut squared = [[L::splat(0.0); N]; C];
        for j in 0..panel.n_columns {
            let x = load::<L, N>(tile.add(j * N * LANES));
            for c in 0..C {
                let point = L::splat(*packed.add(j * C + c));
                for r in 0..N {
                    let difference = x[r].sub(point);
                    squared[c][r] = difference.fma(difference, squared[c][r]);
                }
            }
        }
        for c in 0..C {
            each(block.first + c, squared[c]);
        }
    }
}

/// Squared distances of one tile to all points.
///
/// # Safety
/// `L`'s instructions; `tile` holds `D · width` values.
#[inline(always)]
unsafe fn compare<L: Lanes, const N: usize>(panel: &Panel, tile: *const f32, mut each: impl FnMut(usize, [L; N])) {
    for &block in &panel.blocks {
        // SAFETY: the block's length is the one that is matched.
        unsafe {
            match block.len {
                1 => step::<L, N, 1>(panel, block, tile, &mut each),
                2 => step::<L, N, 2>(panel, block, tile, &mut each),
                3 => step::<L, N, 3>(panel, block, tile, &mut each),
                4 => step::<L, N, 4>(panel, block, tile, &mut each),
                5 => step::<L, N, 5>(panel, block, tile, &mut each),
                6 => step::<L, N, 6>(panel, block, tile, &mut each),
                7 => step::<L, N, 7>(panel, block, tile, &mut each),
                _ => step::<L, N, 8>(panel, block, tile, &mut each),
            }
        }
    }
}

/// Walks over a chunk tile by tile: `each(first row, tile)`.
///
/// # Safety
/// `L`'s instructions.
#[inline(always)]
unsafe fn for_each_tile<L: Lanes, const N: usize>(
    panel: &Panel,
    rows: Rows<'_>,
    mut each: impl FnMut(usize, *const f32),
) {
    let mut tiles = Tiles::<N>::new(rows.n_columns);
    let at_once = tiles.n_rows();
    for start in (0..rows.len()).step_by(at_once) {
        let part = rows.slice(start, rows.len().min(start + at_once));
        // SAFETY: the part fits the tiles; each tile that is handed out was filled.
        unsafe {
            for t in 0..tiles.fill::<L>(part, &panel.frame) {
                each(start + t * Tiles::<N>::WIDTH, tiles.at(t));
            }
        }
    }
}

/// Weights of the tile that starts at `start`: 0 past the last row, so that padding counts for nothing.
#[inline(always)]
fn weigh(rows: Rows<'_>, start: usize, weights: &mut [f32]) {
    let end = rows.len().min(start + weights.len());
    match rows.weights {
        Some(all) => weights[..end - start].copy_from_slice(&all[start..end]),
        None => weights[..end - start].fill(1.0),
    }
    weights[end - start..].fill(0.0);
}

/// # Safety
/// `L`'s instructions; `weights` and `sums` hold a tile's.
#[inline(always)]
unsafe fn add_weighted<L: Lanes, const N: usize>(sums: *mut f32, weights: *const f32, values: [L; N]) {
    for (r, value) in values.into_iter().enumerate() {
        // SAFETY: the caller's promise.
        unsafe {
            let at = sums.add(r * LANES);
            L::load(weights.add(r * LANES)).fma(value, L::load(at)).store(at);
        }
    }
}

/// # Safety
/// `L`'s instructions; a tile's values lie at `from`.
#[inline(always)]
unsafe fn load<L: Lanes, const N: usize>(from: *const f32) -> [L; N] {
    // SAFETY: the caller's promise, here and below.
    unsafe {
        let mut out = [L::splat(0.0); N];
        for r in 0..N {
            out[r] = L::load(from.add(r * LANES));
        }
        out
    }
}

/// # Safety
/// `L`'s instructions.
#[inline(always)]
unsafe fn lower_of<L: Lanes, const N: usize>(mut low: [L; N], squared: [L; N]) -> [L; N] {
    for r in 0..N {
        // SAFETY: the caller's promise.
        low[r] = unsafe { squared[r].min(low[r]) };
    }
    low
}

/// Lanes of sums: row `i` is added to lane `i % 32`, however wide tiles are.
const SUM_LANES: usize = 2 * LANES;

fn total(lanes: &[f32]) -> f64 {
    lanes.iter().map(|&lane| f64::from(lane)).sum()
}

struct Lower<'a> {
    panels: &'a [Panel],
    rows: Rows<'a>,
    nearest: &'a mut [f32],
}

impl Lower<'_> {
    /// # Safety
    /// `L`'s instructions.
    #[inline(always)]
    unsafe fn go<L: Lanes, const N: usize>(self) -> Vec<f64> {
        let stride = padded(self.rows.len());
        let floor = if self.panels[0].frame.metric == Metric::Cosine { SAME_DIRECTION } else { 0.0 };
        let mut weights = vec![0.0; N * LANES];
        let mut sums = vec![0.0_f32; self.panels.len() * SUM_LANES];
        let nearest = self.nearest.as_mut_ptr();
        // SAFETY: a tile's rows lie within the padded length of each restart, which `check` compared.
        unsafe {
            for_each_tile::<L, N>(&self.panels[0], self.rows, |start, tile| {
                weigh(self.rows, start, &mut weights);
                for (r, panel) in self.panels.iter().enumerate() {
                    let at = nearest.add(r * stride + start);
                    let mut low = load::<L, N>(at);
                    compare::<L, N>(panel, tile, |_, squared| low = lower_of(low, squared));
                    let (floor, zero) = (L::splat(floor), L::splat(0.0));
                    for r in 0..N {
                        low[r] = low[r].where_less(floor, zero, low[r]);
                        low[r].store(at.add(r * LANES));
                    }
                    let sums = sums.as_mut_ptr().add(r * SUM_LANES + start % SUM_LANES);
                    add_weighted(sums, weights.as_ptr(), low);
                }
            });
        }
        sums.chunks_exact(SUM_LANES).map(total).collect()
    }
}

struct Potentials<'a> {
    candidates: &'a [Candidates],
    rows: Rows<'a>,
    nearest: &'a [f32],
}

impl Potentials<'_> {
    /// # Safety
    /// `L`'s instructions.
    #[inline(always)]
    unsafe fn go<L: Lanes, const N: usize>(self) -> Vec<Vec<f64>> {
        let stride = padded(self.rows.len());
        let mut weights = vec![0.0; N * LANES];
        let mut sums: Vec<Vec<f32>> = self.candidates.iter().map(|of| vec![0.0; of.0.k * SUM_LANES]).collect();
        let (d, frame) = (self.rows.n_columns, &self.candidates[0].0.frame);
        let mut tiles = Tiles::<N>::new(d);
        let at_once = tiles.n_rows();
        // No closure: one that is not inlined would run without the registers.
        for first in (0..self.rows.len()).step_by(at_once) {
            let part = self.rows.slice(first, self.rows.len().min(first + at_once));
            // SAFETY: the part fits the tiles, and each tile that is looked at was filled; a tile's rows lie within the padded
            // length of each restart, which `potentials` compared.
            unsafe {
                for t in 0..tiles.fill::<L>(part, frame) {
                    let (start, tile) = (first + t * Tiles::<N>::WIDTH, tiles.at(t));
                    weigh(self.rows, start, &mut weights);
                    let norms = squared_norms::<L, N>(d, tile);
                    for (r, Candidates(panel)) in self.candidates.iter().enumerate() {
                        let low = load::<L, N>(self.nearest.as_ptr().add(r * stride + start));
                        let sums = sums[r].as_mut_ptr().add(start % SUM_LANES);
                        add_potentials::<L, N>(panel, &Near { tile, norms, low, weights: weights.as_ptr() }, sums);
                    }
                }
            }
        }
        sums.iter().map(|sums| sums.chunks_exact(SUM_LANES).map(total).collect()).collect()
    }
}

/// What a tile's rows bring to potentials.
struct Near<L, const N: usize> {
    /// `[D][width]`
    tile: *const f32,
    /// `‖x‖²`
    norms: [L; N],
    /// Squared distances to the nearest centres so far.
    low: [L; N],
    /// A tile's.
    weights: *const f32,
}

/// Adds a tile's rows to the potentials of all candidates, `[candidates][SUM_LANES]` at `sums`.
///
/// # Safety
/// `L`'s instructions; all that `near` points to holds a tile's values.
#[inline(always)]
unsafe fn add_potentials<L: Lanes, const N: usize>(panel: &Panel, near: &Near<L, N>, sums: *mut f32) {
    for &block in &panel.blocks {
        // SAFETY: the block's length is the one that is matched.
        unsafe {
            match block.len {
                1 => add_block::<L, N, 1>(panel, block, near, sums),
                2 => add_block::<L, N, 2>(panel, block, near, sums),
                3 => add_block::<L, N, 3>(panel, block, near, sums),
                4 => add_block::<L, N, 4>(panel, block, near, sums),
                5 => add_block::<L, N, 5>(panel, block, near, sums),
                6 => add_block::<L, N, 6>(panel, block, near, sums),
                7 => add_block::<L, N, 7>(panel, block, near, sums),
                _ => add_block::<L, N, 8>(panel, block, near, sums),
            }
        }
    }
}

/// # Safety
/// As [`add_potentials`]; the block has `C` candidates.
#[inline(always)]
unsafe fn add_block<L: Lanes, const N: usize, const C: usize>(
    panel: &Panel,
    block: Block,
    near: &Near<L, N>,
    sums: *mut f32,
) {
    // SAFETY: the caller's promise; each candidate of the block has its sums.
    unsafe {
        let scores = products::<L, N, C>(panel, block, near.tile);
        for c in 0..C {
            let sums = sums.add((block.first + c) * SUM_LANES);
            for r in 0..N {
                // Rounding can leave a row on the other side of a point that it is.
                let squared = scores[c][r].add(near.norms[r]).max(L::splat(0.0)).min(near.low[r]);
                let at = sums.add(r * LANES);
                L::load(near.weights.add(r * LANES)).fma(squared, L::load(at)).store(at);
            }
        }
    }
}

struct Distances<'a> {
    panel: &'a Panel,
    rows: Rows<'a>,
    out: &'a mut [f32],
}

impl Distances<'_> {
    /// # Safety
    /// `L`'s instructions.
    #[inline(always)]
    unsafe fn go<L: Lanes, const N: usize>(self) {
        let (k, n) = (self.panel.k, self.rows.len());
        let mut lanes = vec![0.0_f32; N * LANES];
        // SAFETY: `lanes` has room for a tile's rows.
        unsafe {
            for_each_tile::<L, N>(self.panel, self.rows, |start, tile| {
                compare::<L, N>(self.panel, tile, |c, squared| {
                    for r in 0..N {
                        squared[r].store(lanes.as_mut_ptr().add(r * LANES));
                    }
                    for (row, &squared) in (start..n).zip(&lanes) {
                        self.out[row * k + c] = squared;
                    }
                });
            });
        }
    }
}

with_tiles!(Lower<'_>, Vec<f64>);
with_tiles!(Potentials<'_>, Vec<Vec<f64>>);
with_tiles!(Distances<'_>, ());
