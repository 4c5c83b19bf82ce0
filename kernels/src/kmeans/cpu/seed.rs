//! The D² kernels of seeding: squared distances by differences, several points at once, one read of the rows.

use super::panel::{Block, Panel};
use super::tile::{REGISTERS, Tiles, tiles_together, width};
use super::vector::{Task, Vector};
use crate::kmeans::{Metric, Rows};

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
    first.level.run(Lower { panels, rows, nearest })
}

/// `Σ w · min(nearest², ‖x − c‖²)` for each candidate of each restart: what the potential would be.
///
/// # Shapes
/// `nearest`: `[R, padded(N)]`; returns `[R][candidates]`.
///
/// # Panics
/// If a width or length does not fit.
pub fn potentials(panels: &[Panel], rows: Rows<'_>, nearest: &[f32]) -> Vec<Vec<f64>> {
    let Some(first) = check(panels, rows, nearest.len()) else { return Vec::new() };
    first.level.run(Potentials { panels, rows, nearest })
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
    panel.level.run(Distances { panel, rows, out });
}

fn check<'a>(panels: &'a [Panel], rows: Rows<'_>, len: usize) -> Option<&'a Panel> {
    assert!(panels.iter().all(|panel| panel.n_columns == rows.n_columns), "one width");
    assert_eq!(len, panels.len() * padded(rows.len()), "nearest: [R, padded(N)]");
    panels.first()
}

/// Squared distances of one tile to one block of points.
///
/// # Safety
/// `V`'s instructions; `tile` holds `D · width` values, and the block has `C` points.
#[inline(always)]
unsafe fn step<V: Vector, const C: usize>(
    panel: &Panel,
    block: Block,
    tile: *const f32,
    mut each: impl FnMut(usize, [V; REGISTERS]),
) {
    // SAFETY: all offsets stay within the tile and the panel.
    unsafe {
        let packed = panel.packed.as_ptr().add(block.first * panel.n_columns);
        let mut squared = [[V::splat(0.0); REGISTERS]; C];
        for j in 0..panel.n_columns {
            let x = tile.add(j * width::<V>());
            let x = [V::load(x), V::load(x.add(V::LANES))];
            for c in 0..C {
                let point = V::splat(*packed.add(j * C + c));
                for r in 0..REGISTERS {
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
/// `V`'s instructions; `tile` holds `D · width` values.
#[inline(always)]
unsafe fn compare<V: Vector>(panel: &Panel, tile: *const f32, mut each: impl FnMut(usize, [V; REGISTERS])) {
    for &block in &panel.blocks {
        // SAFETY: the block's length is the one that is matched.
        unsafe {
            match block.len {
                1 => step::<V, 1>(panel, block, tile, &mut each),
                2 => step::<V, 2>(panel, block, tile, &mut each),
                3 => step::<V, 3>(panel, block, tile, &mut each),
                4 => step::<V, 4>(panel, block, tile, &mut each),
                5 => step::<V, 5>(panel, block, tile, &mut each),
                6 => step::<V, 6>(panel, block, tile, &mut each),
                7 => step::<V, 7>(panel, block, tile, &mut each),
                _ => step::<V, 8>(panel, block, tile, &mut each),
            }
        }
    }
}

/// Walks over a chunk tile by tile: `each(first row, tile)`.
///
/// # Safety
/// `V`'s instructions.
#[inline(always)]
unsafe fn for_each_tile<V: Vector>(panel: &Panel, rows: Rows<'_>, mut each: impl FnMut(usize, *const f32)) {
    let (width, d) = (width::<V>(), rows.n_columns);
    let together = tiles_together(width, d);
    let mut tiles = Tiles::new(together, width, d);
    for start in (0..rows.len()).step_by(together * width) {
        let part = rows.slice(start, rows.len().min(start + together * width));
        // SAFETY: the part fits the tiles; each tile that is handed out was filled.
        unsafe {
            for t in 0..tiles.fill::<V>(part, &panel.frame) {
                each(start + t * width, tiles.values.as_ptr().add(t * width * d));
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
/// `V`'s instructions; `weights` holds a tile's.
#[inline(always)]
unsafe fn add_weighted<V: Vector>(sums: *mut f32, weights: *const f32, values: [V; REGISTERS]) {
    for (r, value) in values.into_iter().enumerate() {
        // SAFETY: the caller's promise.
        unsafe {
            let at = sums.add(r * V::LANES);
            V::load(weights.add(r * V::LANES)).fma(value, V::load(at)).store(at);
        }
    }
}

fn total(lanes: &[f32]) -> f64 {
    lanes.iter().map(|&lane| f64::from(lane)).sum()
}

struct Lower<'a> {
    panels: &'a [Panel],
    rows: Rows<'a>,
    nearest: &'a mut [f32],
}

impl Task for Lower<'_> {
    type Output = Vec<f64>;

    #[inline(always)]
    unsafe fn run<V: Vector>(self) -> Vec<f64> {
        let width = width::<V>();
        let stride = padded(self.rows.len());
        let floor = if self.panels[0].frame.metric == Metric::Cosine { SAME_DIRECTION } else { 0.0 };
        let mut weights = vec![0.0; width];
        let mut sums = vec![0.0_f32; self.panels.len() * width];
        let nearest = self.nearest.as_mut_ptr();
        // SAFETY: a tile's rows lie within the padded length of each restart, which `check` compared.
        unsafe {
            for_each_tile::<V>(&self.panels[0], self.rows, |start, tile| {
                weigh(self.rows, start, &mut weights);
                for (r, panel) in self.panels.iter().enumerate() {
                    let at = nearest.add(r * stride + start);
                    let mut low = [V::load(at), V::load(at.add(V::LANES))];
                    compare::<V>(panel, tile, |_, squared| low = [squared[0].min(low[0]), squared[1].min(low[1])]);
                    let (floor, zero) = (V::splat(floor), V::splat(0.0));
                    low = low.map(|low| low.where_less(floor, zero, low));
                    low[0].store(at);
                    low[1].store(at.add(V::LANES));
                    add_weighted(sums.as_mut_ptr().add(r * width), weights.as_ptr(), low);
                }
            });
        }
        sums.chunks_exact(width).map(total).collect()
    }
}

struct Potentials<'a> {
    panels: &'a [Panel],
    rows: Rows<'a>,
    nearest: &'a [f32],
}

impl Task for Potentials<'_> {
    type Output = Vec<Vec<f64>>;

    #[inline(always)]
    unsafe fn run<V: Vector>(self) -> Vec<Vec<f64>> {
        let width = width::<V>();
        let stride = padded(self.rows.len());
        let mut weights = vec![0.0; width];
        let mut sums: Vec<Vec<f32>> = self.panels.iter().map(|panel| vec![0.0; panel.k * width]).collect();
        // SAFETY: a tile's rows lie within the padded length of each restart, which `check` compared.
        unsafe {
            for_each_tile::<V>(&self.panels[0], self.rows, |start, tile| {
                weigh(self.rows, start, &mut weights);
                for (r, panel) in self.panels.iter().enumerate() {
                    let at = self.nearest.as_ptr().add(r * stride + start);
                    let low = [V::load(at), V::load(at.add(V::LANES))];
                    let sums = sums[r].as_mut_ptr();
                    compare::<V>(panel, tile, |c, squared| {
                        let low = [squared[0].min(low[0]), squared[1].min(low[1])];
                        add_weighted(sums.add(c * width), weights.as_ptr(), low);
                    });
                }
            });
        }
        sums.iter().map(|sums| sums.chunks_exact(width).map(total).collect()).collect()
    }
}

struct Distances<'a> {
    panel: &'a Panel,
    rows: Rows<'a>,
    out: &'a mut [f32],
}

impl Task for Distances<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector>(self) {
        let (k, n) = (self.panel.k, self.rows.len());
        let mut lanes = vec![0.0_f32; width::<V>()];
        // SAFETY: `lanes` has room for a tile's rows.
        unsafe {
            for_each_tile::<V>(self.panel, self.rows, |start, tile| {
                compare::<V>(self.panel, tile, |c, squared| {
                    squared[0].store(lanes.as_mut_ptr());
                    squared[1].store(lanes.as_mut_ptr().add(V::LANES));
                    for (row, &squared) in (start..n).zip(&lanes) {
                        self.out[row * k + c] = squared;
                    }
                });
            });
        }
    }
}
