//! The CPU twin: register tiles over panels.

// Kernels are inlined into a function that enables their instructions; index loops keep arrays in registers.
#![allow(clippy::inline_always, clippy::needless_range_loop)]
// Tiles are read through pointers; each block says why it holds.
#![allow(unsafe_code)]

use super::{PANEL, panels};
use crate::lanes::{LANES, Lanes};

/// Rows of a batch for one pass over a square of weight gradients: their panels stay in the L1 cache.
pub(crate) const CHUNK: usize = 64;

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
    let mut sums = Sums([0.0; STRIPE * PANEL]);
    for first in (0..n_rows).step_by(STRIPE) {
        let rows = [first, n_rows.min(first + STRIPE)];
        for column in (0..n_out).step_by(PANEL) {
            for start in (0..n_in).step_by(DEPTH) {
                // SAFETY: a panel of weights is `n_in · 32` numbers long; the rest is the caller's contract.
                unsafe {
                    let w = w.add(column * n_in + start * PANEL);
                    let inputs = [start, n_in.min(start + DEPTH)];
                    let part = Part { x, rows, inputs, n_in, w, column, sums: sums.0.as_mut_ptr() };
                    part.run::<L, F>(n_out - column > LANES, finish);
                }
            }
        }
    }
}

/// Rows that are gone over while one part of the weights is at hand.
const STRIPE: usize = 64;
/// Inputs of such a part. Its 16 KB of weights and the stripe's 8 KB of sums, which wait for the next part, stay in the L1
/// cache whatever else passes through.
const DEPTH: usize = 128;

/// Unfinished sums of a stripe and one panel of outputs.
#[repr(align(64))]
struct Sums([f32; STRIPE * PANEL]);

/// A stripe of rows against a part of one panel of weights.
struct Part {
    x: Panels,
    /// First row, and the one after the last.
    rows: [usize; 2],
    /// First input, a multiple of [`PANEL`], and the one after the last.
    inputs: [usize; 2],
    /// Inputs of the whole product.
    n_in: usize,
    /// Weights of the first input.
    w: *const f32,
    /// First output.
    column: usize,
    sums: *mut f32,
}

impl Part {
    /// Both registers of the panel, or only the first.
    ///
    /// # Safety
    /// As [`product`].
    #[inline(always)]
    unsafe fn run<L: Lanes, F: Finish>(&self, two: bool, finish: &F) {
        let n_rows = self.rows[1] - self.rows[0];
        // SAFETY: the stripes' rows are gone over once, from the first to the last.
        unsafe {
            if !L::WIDE {
                for lane in if two { 0..2 } else { 0..1 } {
                    let mut row = self.rows[0];
                    row = self.tiles::<L, F, 4, 1>(row, n_rows / 4, lane, finish);
                    self.tiles::<L, F, 1, 1>(row, n_rows % 4, lane, finish);
                }
            } else if two {
                self.wide::<L, F, 2>(n_rows, finish);
            } else {
                self.wide::<L, F, 1>(n_rows, finish);
            }
        }
    }

    /// High tiles read weights seldom; low ones are for what these leave, which of eight times as many rows is nothing.
    ///
    /// # Safety
    /// As [`product`].
    #[inline(always)]
    unsafe fn wide<L: Lanes, F: Finish, const V: usize>(&self, n_rows: usize, finish: &F) {
        let n_14 = n_rows / 56 * 4;
        let n_12 = (n_rows - 14 * n_14) / 24 * 2;
        let rest = n_rows - 14 * n_14 - 12 * n_12;
        // SAFETY: together these are all rows of the stripe.
        unsafe {
            let row = self.tiles::<L, F, 14, V>(self.rows[0], n_14, 0, finish);
            let row = self.tiles::<L, F, 12, V>(row, n_12, 0, finish);
            let row = self.tiles::<L, F, 8, V>(row, rest / 8, 0, finish);
            self.tiles::<L, F, 1, V>(row, rest % 8, 0, finish);
        }
    }

    /// `n` tiles of `M` rows from `row` on; gives the row after them.
    ///
    /// # Safety
    /// As [`product`].
    #[inline(always)]
    unsafe fn tiles<L: Lanes, F: Finish, const M: usize, const V: usize>(
        &self,
        mut row: usize,
        n: usize,
        lane: usize,
        finish: &F,
    ) -> usize {
        for _ in 0..n {
            // SAFETY: by contract.
            unsafe { self.tile::<L, F, M, V>(row, lane, finish) };
            row += M;
        }
        row
    }

    /// # Safety
    /// As [`product`], for `M` rows from `row` and `V` registers from that of the panel on.
    #[inline(always)]
    unsafe fn tile<L: Lanes, F: Finish, const M: usize, const V: usize>(&self, row: usize, lane: usize, finish: &F) {
        let [start, end] = self.inputs;
        // SAFETY: reads `M` rows of these inputs and their rows of the panel of weights; sums have a place for each row.
        unsafe {
            let kept = self.sums.add((row - self.rows[0]) * PANEL + lane * LANES);
            let mut sums = [[L::splat(0.0); V]; M];
            if start > 0 {
                for m in 0..M {
                    for v in 0..V {
                        sums[m][v] = L::load(kept.add(m * PANEL + v * LANES));
                    }
                }
            }
            let mut w = self.w.add(lane * LANES);
            for first in (start..end).step_by(PANEL) {
                let x = self.x.at.add(first / PANEL * self.x.pitch + row * PANEL);
                for i in 0..PANEL.min(end - first) {
                    if L::WIDE && M > 1 {
                        // The rows of the tile after this one, line by line.
                        L::prefetch_first(x.wrapping_add(M * PANEL + i * LANES));
                    }
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
            for m in 0..M {
                for v in 0..V {
                    sums[m][v].store(kept.add(m * PANEL + v * LANES));
                }
            }
            if end < self.n_in {
                return;
            }
            for m in 0..M {
                for v in 0..V {
                    let sum = L::load(kept.add(m * PANEL + v * LANES));
                    finish.finish::<L>(row + m, self.column + (lane + v) * LANES, sum);
                }
            }
        }
    }
}

/// A square of 32 inputs by 32 outputs of a weight gradient, row-major.
#[repr(align(64))]
pub(crate) struct Square(pub(crate) [f32; PANEL * PANEL]);

impl Square {
    pub(crate) const ZERO: Self = Self([0.0; PANEL * PANEL]);
}

/// Adds `xᵀ g` over `n_rows` rows of one panel each to a square; of the inputs only the first `n_in` (up to the next 8),
/// of the outputs the first `n_out` (up to the next 16). More than [`CHUNK`] rows are better added in turns. Meanwhile the
/// rows that come next, `ahead`, are asked for: as many of `g`, half as many of `x`.
///
/// # Safety
/// Both panels hold `n_rows` rows of 32; the processor has the instructions of `L`.
#[inline(always)]
pub(crate) unsafe fn add_outer<L: Lanes>(
    [x, g]: [*const f32; 2],
    ahead: [*const f32; 2],
    n_rows: usize,
    [n_in, n_out]: [usize; 2],
    square: &mut Square,
) {
    let two = n_out > LANES;
    let [next_x, next_g] = ahead;
    let more_g = next_g.wrapping_add(n_rows * LANES);
    // SAFETY: each tile lies within the square.
    unsafe {
        if L::WIDE {
            if two && n_in == PANEL {
                outer::<L, 11, 2>([x, g, next_g], n_rows, 0, 0, square);
                outer::<L, 11, 2>([x, g, more_g], n_rows, 11, 0, square);
                outer::<L, 10, 2>([x, g, next_x], n_rows, 22, 0, square);
                return;
            }
            for i in (0..n_in).step_by(8) {
                if two {
                    outer::<L, 8, 2>([x, g, next_g], n_rows, i, 0, square);
                } else {
                    outer::<L, 8, 1>([x, g, next_g], n_rows, i, 0, square);
                }
            }
        } else {
            for i in (0..n_in).step_by(4) {
                outer::<L, 4, 1>([x, g, next_g], n_rows, i, 0, square);
                if two {
                    outer::<L, 4, 1>([x, g, next_g], n_rows, i, LANES, square);
                }
            }
        }
    }
}

/// # Safety
/// As [`add_outer`], for `M` inputs from `i` and `V` registers of outputs from `j`.
#[inline(always)]
unsafe fn outer<L: Lanes, const M: usize, const V: usize>(
    [x, g, mut ahead]: [*const f32; 3],
    n_rows: usize,
    i: usize,
    j: usize,
    square: &mut Square,
) {
    // SAFETY: reads `n_rows` rows of both panels, and a tile of the square; what is asked for ahead need not exist.
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
            if L::WIDE {
                L::prefetch_first(ahead);
                ahead = ahead.wrapping_add(LANES);
            }
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
                    unsafe {
                        let panels = [x.as_ptr().add(i * b), g.as_ptr().add(j * b)];
                        add_outer::<L>(panels, panels, b, size, &mut square);
                    };
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
        for dims in [
            [1, 1, 1],
            [3, 5, 17],
            [8, 32, 32],
            [21, 33, 48],
            [40, 70, 65],
            [131, 16, 16],
            [257, 64, 31],
            [64, 129, 64],
            [87, 300, 40],
        ] {
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
