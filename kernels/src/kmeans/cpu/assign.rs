//! Nearest centroids of a chunk of rows, and the sums per cluster while the rows are in the cache.

use super::panel::{Aligned, Block, Panel};
use super::tile::{REGISTERS, Tiles, tiles_together, width};
use super::vector::{Task, Vector};
use crate::kmeans::{Metric, Rows, Sums};

/// Adds a chunk's rows to the sums of their nearest centroids, for each panel (restart) in one read of the rows.
///
/// # Panics
/// If the shapes of panels, rows and sums do not fit, or panels are of several instruction sets.
pub fn accumulate(panels: &[Panel], rows: Rows<'_>, out: &mut [Sums]) {
    let Some(first) = panels.first() else { return };
    let fits = |(panel, out): (&Panel, &Sums)| {
        let shape = (panel.n_columns, out.weights.len(), out.sums.len());
        shape == (rows.n_columns, panel.k, panel.k * panel.n_columns) && panel.level == first.level
    };
    assert!(panels.len() == out.len() && panels.iter().zip(&*out).all(fits), "shapes of panels, rows and sums");
    assert!(rows.weights.is_none_or(|weights| weights.len() == rows.len()), "one weight for each row");
    first.level.run(Accumulate { panels, rows, out });
}

/// Nearest centroid of each row: `labels` `[N]`. With `second`, `[N]`, also the second nearest (itself where `K = 1`).
///
/// # Panics
/// If the panel's width differs from the rows'.
pub fn assign(panel: &Panel, rows: Rows<'_>, labels: &mut [u32], second: Option<&mut [u32]>) {
    assert_eq!(panel.n_columns, rows.n_columns, "one width");
    panel.level.run(Assign { panel, rows, labels, second });
}

/// Lowest scores so far and whose they are, `[tile][width]`; indices as the bits of an `f32`.
struct Best {
    score: Vec<f32>,
    index: Vec<f32>,
    second_score: Vec<f32>,
    second_index: Vec<f32>,
}

impl Best {
    fn new(len: usize) -> Best {
        let (score, index) = (vec![f32::INFINITY; len], vec![0.0; len]);
        Best { second_score: score.clone(), second_index: index.clone(), score, index }
    }

    fn clear(&mut self) {
        self.score.fill(f32::INFINITY);
        self.index.fill(0.0);
        self.second_score.fill(f32::INFINITY);
        self.second_index.fill(0.0);
    }
}

/// Scores of one tile against one block of `C` centroids, and the running minimum.
///
/// # Safety
/// `V`'s instructions; `tile` holds `D · width` values, `packed` `D · C`, `bias` `C`, and `best` a tile at `at`.
#[inline(always)]
unsafe fn step<V: Vector, const C: usize, const SECOND: bool>(
    panel: &Panel,
    block: Block,
    tile: *const f32,
    best: &mut Best,
    at: usize,
) {
    // SAFETY: all offsets stay within what the caller promises; a panel's arrays are as long as its blocks say.
    unsafe {
        let packed = panel.packed.as_ptr().add(block.first * panel.n_columns);
        let bias = panel.bias.as_ptr().add(block.first);
        let mut scores = [[V::splat(0.0); REGISTERS]; C];
        for c in 0..C {
            scores[c] = [V::splat(*bias.add(c)); REGISTERS];
        }
        for j in 0..panel.n_columns {
            let x: [V; REGISTERS] = load_registers(tile.add(j * width::<V>()));
            for c in 0..C {
                let factor = V::splat(*packed.add(j * C + c));
                for r in 0..REGISTERS {
                    scores[c][r] = x[r].fma(factor, scores[c][r]);
                }
            }
        }
        for r in 0..REGISTERS {
            let at = at + r * V::LANES;
            let mut score = V::load(best.score.as_ptr().add(at));
            let mut index = V::load(best.index.as_ptr().add(at));
            let mut second_score = V::load(best.second_score.as_ptr().add(at));
            let mut second_index = V::load(best.second_index.as_ptr().add(at));
            for c in 0..C {
                let this = V::splat(f32::from_bits((block.first + c) as u32));
                let new = scores[c][r];
                if SECOND {
                    let runner_up = new.where_less(second_score, this, second_index);
                    second_index = new.where_less(score, index, runner_up);
                    second_score = new.where_less(score, score, new.min(second_score));
                }
                index = new.where_less(score, this, index);
                score = new.min(score);
            }
            score.store(best.score.as_mut_ptr().add(at));
            index.store(best.index.as_mut_ptr().add(at));
            if SECOND {
                second_score.store(best.second_score.as_mut_ptr().add(at));
                second_index.store(best.second_index.as_mut_ptr().add(at));
            }
        }
    }
}

/// # Safety
/// `V`'s instructions; a tile's row of registers lies at `from`.
#[inline(always)]
unsafe fn load_registers<V: Vector>(from: *const f32) -> [V; REGISTERS] {
    // SAFETY: the caller's promise.
    unsafe { [V::load(from), V::load(from.add(V::LANES))] }
}

/// All blocks against all tiles at hand. Blocks outside, tiles inside: a block is read from its cache once.
///
/// # Safety
/// `V`'s instructions; `tiles` hold `n_tiles` of the panel's width.
#[inline(always)]
unsafe fn nearest<V: Vector, const SECOND: bool>(panel: &Panel, tiles: &Tiles, n_tiles: usize, best: &mut Best) {
    best.clear();
    let width = width::<V>();
    for &block in &panel.blocks {
        for t in 0..n_tiles {
            let at = t * width;
            // SAFETY: tile `t` is filled; the block's length is the one that is matched.
            unsafe {
                let tile = tiles.values.as_ptr().add(at * panel.n_columns);
                match block.len {
                    1 => step::<V, 1, SECOND>(panel, block, tile, best, at),
                    2 => step::<V, 2, SECOND>(panel, block, tile, best, at),
                    3 => step::<V, 3, SECOND>(panel, block, tile, best, at),
                    4 => step::<V, 4, SECOND>(panel, block, tile, best, at),
                    5 => step::<V, 5, SECOND>(panel, block, tile, best, at),
                    6 => step::<V, 6, SECOND>(panel, block, tile, best, at),
                    7 => step::<V, 7, SECOND>(panel, block, tile, best, at),
                    _ => step::<V, 8, SECOND>(panel, block, tile, best, at),
                }
            }
        }
    }
}

struct Accumulate<'a> {
    panels: &'a [Panel],
    rows: Rows<'a>,
    out: &'a mut [Sums],
}

impl Task for Accumulate<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let (rows, d) = (self.rows, self.rows.n_columns);
        let width = width::<V>();
        let together = tiles_together(width, d);
        let mut tiles = Tiles::new(together, width, d);
        let mut best = Best::new(together * width);
        let frame = &self.panels[0].frame;
        let pitch = d.next_multiple_of(8);
        let mut sums: Vec<Aligned> = self.panels.iter().map(|panel| Aligned::zeros(2 * panel.k * pitch)).collect();
        for start in (0..rows.len()).step_by(together * width) {
            let part = rows.slice(start, rows.len().min(start + together * width));
            // SAFETY: the part has at most as many rows as the tiles have room for.
            let n_tiles = unsafe { tiles.fill::<V>(part, frame) };
            // The next rows set out for the cache while these are worked on.
            // SAFETY: `V`'s instructions, by the contract of `run`.
            unsafe { prefetch::<V>(rows, start + together * width, start + 2 * together * width) };
            for (i, panel) in self.panels.iter().enumerate() {
                // SAFETY: the tiles were filled from rows of the panel's width, and labels are indices of its centroids,
                // for each of which `sums` and `out` have a place: `accumulate` compared the shapes.
                unsafe {
                    nearest::<V, false>(panel, &tiles, n_tiles, &mut best);
                    let inverse_norms = (frame.metric == Metric::Cosine).then_some(&tiles.inverse_norms[..]);
                    add_rows::<V>(
                        part,
                        &best.index,
                        inverse_norms,
                        (sums[i].as_mut_f64_ptr(), pitch),
                        &mut self.out[i].weights,
                    );
                }
            }
        }
        for (sums, out) in sums.iter().zip(self.out.iter_mut()) {
            add_sums(sums, pitch, d, &mut out.sums);
        }
    }
}

/// Adds each row to the sums of its label, which lie `pitch` apart on cache lines.
///
/// # Safety
/// `V`'s instructions; labels are below the number of clusters in `sums` and `weights`, and `pitch` is at least `D`.
#[inline(always)]
unsafe fn add_rows<V: Vector>(
    rows: Rows<'_>,
    labels: &[f32],
    inverse_norms: Option<&[f32]>,
    (sums, pitch): (*mut f64, usize),
    weights: &mut [f64],
) {
    let d = rows.n_columns;
    let (x, weights) = (rows.x.as_ptr(), weights.as_mut_ptr());
    for (i, label) in labels[..rows.len()].iter().enumerate() {
        let label = label.to_bits() as usize;
        let weight = f64::from(rows.weight(i));
        let scale = inverse_norms.map_or(weight, |inverse| weight * f64::from(inverse[i]));
        // SAFETY: row `i` is one of the rows, and cluster `label` one of the clusters.
        unsafe {
            *weights.add(label) += weight;
            V::add_scaled(x.add(i * d), scale, sums.add(label * pitch), d);
        }
    }
}

/// Adds sums that lie `pitch` apart to sums that lie close.
fn add_sums(sums: &Aligned, pitch: usize, d: usize, out: &mut [f64]) {
    for (out, sums) in out.chunks_exact_mut(d).zip(sums.as_f64().chunks_exact(pitch)) {
        out.iter_mut().zip(sums).for_each(|(out, sum)| *out += sum);
    }
}

/// Asks for rows `start..end`, as far as they exist.
///
/// # Safety
/// `V`'s instructions.
#[inline(always)]
unsafe fn prefetch<V: Vector>(rows: Rows<'_>, start: usize, end: usize) {
    let (start, end) = (rows.len().min(start), rows.len().min(end));
    for line in rows.slice(start, end).x.chunks(16) {
        // SAFETY: the line exists; a prefetch changes nothing.
        unsafe { V::prefetch(line.as_ptr()) };
    }
}

struct Assign<'a> {
    panel: &'a Panel,
    rows: Rows<'a>,
    labels: &'a mut [u32],
    second: Option<&'a mut [u32]>,
}

impl Task for Assign<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector>(mut self) {
        let (rows, d) = (self.rows, self.rows.n_columns);
        let width = width::<V>();
        let together = tiles_together(width, d);
        let mut tiles = Tiles::new(together, width, d);
        let mut best = Best::new(together * width);
        for start in (0..rows.len()).step_by(together * width) {
            let end = rows.len().min(start + together * width);
            // SAFETY: the part has at most as many rows as the tiles have room for, and the panel's width.
            unsafe {
                let n_tiles = tiles.fill::<V>(rows.slice(start, end), &self.panel.frame);
                match self.second {
                    None => nearest::<V, false>(self.panel, &tiles, n_tiles, &mut best),
                    Some(_) => nearest::<V, true>(self.panel, &tiles, n_tiles, &mut best),
                }
            }
            copy_bits(&best.index, &mut self.labels[start..end]);
            if let Some(second) = &mut self.second {
                copy_bits(&best.second_index, &mut second[start..end]);
            }
        }
    }
}

fn copy_bits(from: &[f32], to: &mut [u32]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = from.to_bits());
}
