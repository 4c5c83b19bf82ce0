//! The CPU twin: register tiles over panels.

// Kernels are inlined into a function that enables their instructions; index loops keep arrays in registers.
#![allow(clippy::inline_always, clippy::needless_range_loop)]
// Tiles are read through pointers; each block says why it holds.
#![allow(unsafe_code)]

use super::{PANEL, panels};
use crate::lanes::{LANES, Lanes};

/// Rows of a batch for one pass over a square of weight gradients: their panels stay in the L1 cache.
pub(crate) const CHUNK: usize = 128;

/// Activations in panels, from some row on: column `c` of row `r` is at `(c / 32)·pitch + 32·r + c % 32`.
#[derive(Clone, Copy)]
pub(crate) struct Panels {
    pub(crate) at: *const f32,
    pub(crate) pitch: usize,
}

/// What becomes of a sum.
pub(crate) trait Finish {
    /// Takes the sums of [`LANES`] columns of a row.
    ///
    /// # Safety
    /// The processor has the instructions of `L`; `row` and `column` are of the product's result.
    unsafe fn finish<L: Lanes>(&self, row: usize, column: usize, sum: L);
}

/// All sums `x · w`.
///
/// # Safety
/// `x` holds `n_rows` rows of `n_in` columns, `w` the packed `[D/32][n_in][32]`; `finish` has places for `n_rows` rows and
/// for `n_out` columns rounded up to whole registers.
#[inline(always)]
pub(crate) unsafe fn product<L: Lanes, F: Finish>(
    x: Panels,
    n_rows: usize,
    n_in: usize,
    w: *const f32,
    n_out: usize,
    finish: &F,
) {
    for panel in 0..panels(n_out) {
        let column = panel * PANEL;
        // SAFETY: a panel of weights is `n_in · 32` numbers long; the rest is the caller's contract.
        unsafe {
            let w = w.add(column * n_in);
            let two = n_out - column > LANES;
            match (L::WIDE, two) {
                (true, true) => rows::<L, F, 8, 2>(x, n_rows, n_in, w, column, finish),
                (true, false) => rows::<L, F, 8, 1>(x, n_rows, n_in, w, column, finish),
                (false, _) => {
                    rows::<L, F, 4, 1>(x, n_rows, n_in, w, column, finish);
                    if two {
                        rows::<L, F, 4, 1>(x, n_rows, n_in, w.add(LANES), column + LANES, finish);
                    }
                }
            }
        }
    }
}

/// # Safety
/// As [`product`], for one panel.
#[inline(always)]
unsafe fn rows<L: Lanes, F: Finish, const M: usize, const V: usize>(
    x: Panels,
    n_rows: usize,
    n_in: usize,
    w: *const f32,
    column: usize,
    finish: &F,
) {
    let mut row = 0;
    // SAFETY: every tile lies within the rows.
    unsafe {
        while row + M <= n_rows {
            tile::<L, F, M, V>(x, row, n_in, w, column, finish);
            row += M;
        }
        while row < n_rows {
            tile::<L, F, 1, V>(x, row, n_in, w, column, finish);
            row += 1;
        }
    }
}

/// # Safety
/// As [`product`], for `M` rows from `row` and `V` registers from `column`.
#[inline(always)]
unsafe fn tile<L: Lanes, F: Finish, const M: usize, const V: usize>(
    x: Panels,
    row: usize,
    n_in: usize,
    mut w: *const f32,
    column: usize,
    finish: &F,
) {
    // SAFETY: reads `M` rows of `n_in` columns and `n_in` rows of the panel of weights.
    unsafe {
        let mut sums = [[L::splat(0.0); V]; M];
        for panel in 0..panels(n_in) {
            let x = x.at.add(panel * x.pitch + row * PANEL);
            for i in 0..PANEL.min(n_in - panel * PANEL) {
                let mut weights = [L::splat(0.0); V];
                for v in 0..V {
                    weights[v] = L::load(w.add(v * LANES));
                }
                for m in 0..M {
                    let value = L::splat(*x.add(m * PANEL + i));
                    for v in 0..V {
                        sums[m][v] = value.fma(weights[v], sums[m][v]);
                    }
                }
                w = w.add(PANEL);
            }
        }
        // By way of memory: what follows is too long to be unrolled, and sums that are indexed would not stay in registers.
        let mut tile = Tile([0.0; MAX_TILE]);
        for m in 0..M {
            for v in 0..V {
                sums[m][v].store(tile.0.as_mut_ptr().add((m * V + v) * LANES));
            }
        }
        for m in 0..M {
            for v in 0..V {
                let sum = L::load(tile.0.as_ptr().add((m * V + v) * LANES));
                finish.finish::<L>(row + m, column + v * LANES, sum);
            }
        }
    }
}

/// Most sums of a tile.
const MAX_TILE: usize = 8 * 2 * LANES;

/// The sums of a tile.
#[repr(align(64))]
struct Tile([f32; MAX_TILE]);

/// A square of 32 inputs by 32 outputs of a weight gradient, row-major.
#[repr(align(64))]
pub(crate) struct Square(pub(crate) [f32; PANEL * PANEL]);

impl Square {
    pub(crate) const ZERO: Self = Self([0.0; PANEL * PANEL]);
}

/// Adds `xᵀ g` over `n_rows` rows of one panel each to a square; of the inputs only the first `n_in` (up to the next 8),
/// of the outputs the first `n_out` (up to the next 16). More than [`CHUNK`] rows are better added in turns.
///
/// # Safety
/// Both panels hold `n_rows` rows of 32; the processor has the instructions of `L`.
#[inline(always)]
pub(crate) unsafe fn add_outer<L: Lanes>(
    x: *const f32,
    g: *const f32,
    n_rows: usize,
    [n_in, n_out]: [usize; 2],
    square: &mut Square,
) {
    let two = n_out > LANES;
    // SAFETY: each tile lies within the square.
    unsafe {
        if L::WIDE {
            for i in (0..n_in).step_by(8) {
                if two {
                    outer::<L, 8, 2>(x, g, n_rows, i, 0, square);
                } else {
                    outer::<L, 8, 1>(x, g, n_rows, i, 0, square);
                }
            }
        } else {
            for i in (0..n_in).step_by(4) {
                outer::<L, 4, 1>(x, g, n_rows, i, 0, square);
                if two {
                    outer::<L, 4, 1>(x, g, n_rows, i, LANES, square);
                }
            }
        }
    }
}

/// # Safety
/// As [`add_outer`], for `M` inputs from `i` and `V` registers of outputs from `j`.
#[inline(always)]
unsafe fn outer<L: Lanes, const M: usize, const V: usize>(
    x: *const f32,
    g: *const f32,
    n_rows: usize,
    i: usize,
    j: usize,
    square: &mut Square,
) {
    // SAFETY: reads `n_rows` rows of both panels, and a tile of the square.
    unsafe {
        let (mut x, mut g) = (x.add(i), g.add(j));
        let to = square.0.as_mut_ptr().add(i * PANEL + j);
        let mut sums = [[L::splat(0.0); V]; M];
        for m in 0..M {
            for v in 0..V {
                sums[m][v] = L::load(to.add(m * PANEL + v * LANES));
            }
        }
        for _ in 0..n_rows {
            let mut gradients = [L::splat(0.0); V];
            for v in 0..V {
                gradients[v] = L::load(g.add(v * LANES));
            }
            for m in 0..M {
                let value = L::splat(*x.add(m));
                for v in 0..V {
                    sums[m][v] = value.fma(gradients[v], sums[m][v]);
                }
            }
            x = x.add(PANEL);
            g = g.add(PANEL);
        }
        for m in 0..M {
            for v in 0..V {
                sums[m][v].store(to.add(m * PANEL + v * LANES));
            }
        }
    }
}

/// Adds the rows of a panel to 32 sums, row after row.
///
/// # Safety
/// The panel holds `n_rows` rows of 32; the processor has the instructions of `L`.
#[inline(always)]
pub(crate) unsafe fn add_rows<L: Lanes>(g: *const f32, n_rows: usize, sums: &mut [f32; PANEL]) {
    // SAFETY: two registers of each row, and of the sums.
    unsafe {
        let to = sums.as_mut_ptr();
        let (mut low, mut high) = (L::load(to), L::load(to.add(LANES)));
        for row in 0..n_rows {
            low = low.add(L::load(g.add(row * PANEL)));
            high = high.add(L::load(g.add(row * PANEL + LANES)));
        }
        low.store(to);
        high.store(to.add(LANES));
    }
}

/// Packs rows `first..first + n` (at most 32, one panel) of a row-major `[N, D]` times a factor, as they are and turned.
///
/// # Safety
/// `weights` holds `[N, D]`, `straight` `[D/32][N][32]`, `turned` `[N/32][D][32]`; no other task touches what is written:
/// rows `first..first + n` of every panel of `straight`, panel `first / 32` of `turned`.
#[inline(always)]
pub(crate) unsafe fn pack(
    weights: *const f32,
    [n_in, n_out]: [usize; 2],
    [first, n]: [usize; 2],
    factor: f32,
    [straight, turned]: [*mut f32; 2],
) {
    // SAFETY: all places are within what the caller has.
    unsafe {
        for row in first..first + n {
            let from = weights.add(row * n_out);
            for panel in 0..panels(n_out) {
                let to = straight.add((panel * n_in + row) * PANEL);
                for lane in 0..PANEL.min(n_out - panel * PANEL) {
                    *to.add(lane) = factor * *from.add(panel * PANEL + lane);
                }
            }
        }
        let to = turned.add(first * n_out);
        // Blocks of 16 columns: their lines of both sides stay in the L1 cache.
        for block in (0..n_out).step_by(LANES) {
            for column in block..n_out.min(block + LANES) {
                for row in 0..n {
                    *to.add(column * PANEL + row) = factor * *weights.add((first + row) * n_out + column);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{padded, reference};
    use super::*;
    use crate::lanes::{Kernel, Simd};

    /// A repeatable matrix of values in [-1, 1].
    fn matrix(n: usize, salt: usize) -> Vec<f32> {
        (0..n).map(|i| ((i * 7919 + salt * 104_729) % 1999) as f32 / 999.5 - 1.0).collect()
    }

    /// Row-major to panels.
    fn to_panels(x: &[f32], n_rows: usize, width: usize) -> Vec<f32> {
        let mut out = vec![0.0; padded(width) * n_rows];
        for (place, value) in x.iter().enumerate() {
            let (row, column) = (place / width, place % width);
            out[(column / PANEL * n_rows + row) * PANEL + column % PANEL] = *value;
        }
        out
    }

    /// Keeps the sums, row-major with filled rows.
    struct Keep {
        to: *mut f32,
        width: usize,
    }

    impl Finish for Keep {
        #[inline(always)]
        unsafe fn finish<L: Lanes>(&self, row: usize, column: usize, sum: L) {
            // SAFETY: the test's rows are filled up to whole panels.
            unsafe { sum.store(self.to.add(row * self.width + column)) };
        }
    }

    struct Product<'a> {
        x: &'a [f32],
        w: &'a [f32],
        dims: [usize; 3],
    }

    impl Kernel for Product<'_> {
        type Output = Vec<f32>;

        #[inline(always)]
        unsafe fn run<L: Lanes>(self) -> Vec<f32> {
            let [b, n, d] = self.dims;
            let x = to_panels(self.x, b, n);
            let (mut straight, mut turned) = (vec![0.0; padded(d) * n], vec![0.0; padded(n) * d]);
            let mut out = vec![0.0; b * padded(d)];
            for first in (0..n).step_by(PANEL) {
                let rows = [first, PANEL.min(n - first)];
                // SAFETY: the buffers have the sizes asked for.
                unsafe {
                    pack(self.w.as_ptr(), [n, d], rows, 1.0, [straight.as_mut_ptr(), turned.as_mut_ptr()]);
                }
            }
            let keep = Keep { to: out.as_mut_ptr(), width: padded(d) };
            let x = Panels { at: x.as_ptr(), pitch: b * PANEL };
            // SAFETY: as above.
            unsafe { product::<L, Keep>(x, b, n, straight.as_ptr(), d, &keep) };
            // The turned weights are those of the transposed matrix.
            for (place, value) in self.w.iter().enumerate() {
                let (i, j) = (place / d, place % d);
                assert_eq!(turned[(i / PANEL * d + j) * PANEL + i % PANEL], *value);
            }
            out.chunks_exact(padded(d)).flat_map(|row| row[..d].to_vec()).collect()
        }
    }

    struct Outer<'a> {
        x: &'a [f32],
        g: &'a [f32],
        dims: [usize; 3],
    }

    impl Kernel for Outer<'_> {
        type Output = Vec<f32>;

        #[inline(always)]
        unsafe fn run<L: Lanes>(self) -> Vec<f32> {
            let [b, n, d] = self.dims;
            let (x, g) = (to_panels(self.x, b, n), to_panels(self.g, b, d));
            let mut out = vec![0.0; n * d];
            for i in (0..n).step_by(PANEL) {
                for j in (0..d).step_by(PANEL) {
                    let mut square = Square::ZERO;
                    let size = [PANEL.min(n - i), PANEL.min(d - j)];
                    // SAFETY: both panels have `b` rows.
                    unsafe { add_outer::<L>(x.as_ptr().add(i * b), g.as_ptr().add(j * b), b, size, &mut square) };
                    for row in 0..size[0] {
                        let from = &square.0[row * PANEL..][..size[1]];
                        out[(i + row) * d + j..][..size[1]].copy_from_slice(from);
                    }
                }
            }
            out
        }
    }

    fn assert_close(found: &[f32], expected: &[f64], terms: usize, what: &str) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            let tolerance = 2e-7 * terms as f64 + 1e-6;
            assert!((f64::from(*found) - expected).abs() < tolerance, "{what}: {found} {expected}");
        }
    }

    #[test]
    fn products_and_gradients_are_those_of_the_reference() {
        for dims in [[1, 1, 1], [3, 5, 17], [8, 32, 32], [21, 33, 48], [40, 70, 65], [131, 16, 16], [257, 64, 31]] {
            let [b, n, d] = dims;
            let (x, w, g) = (matrix(b * n, 1), matrix(n * d, 2), matrix(b * d, 3));
            let first = Simd::detect().run(Product { x: &x, w: &w, dims });
            for simd in Simd::available() {
                let sums = simd.run(Product { x: &x, w: &w, dims });
                assert_close(&sums, &reference::product(&x, &w, dims), n, &format!("{simd:?} {dims:?}"));
                let outer = simd.run(Outer { x: &x, g: &g, dims });
                assert_close(&outer, &reference::outer(&x, &g, dims), b, &format!("{simd:?} {dims:?}"));
                if simd.level() != crate::kmeans::cpu::Level::Portable {
                    assert_eq!(sums, first, "{simd:?} {dims:?}: bits");
                }
            }
        }
    }
}
