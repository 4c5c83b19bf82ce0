//! A few rows turned so that a register holds one column of many rows: no lane ever has to meet another.

use super::panel::{Aligned, Frame};
use crate::kmeans::{Metric, Rows};
use crate::lanes::{LANES, Lanes};

/// Makes a kernel of a type whose `go::<L, N>` works on tiles of `N` registers: two where they fit the register file.
macro_rules! with_tiles {
    ($kernel:ty, $output:ty) => {
        impl $crate::lanes::Kernel for $kernel {
            type Output = $output;

            #[inline(always)]
            unsafe fn run<L: $crate::lanes::Lanes>(self) -> $output {
                // SAFETY: `L`'s instructions, by the contract.
                unsafe { if L::WIDE { self.go::<L, 2>() } else { self.go::<L, 1>() } }
            }
        }
    };
}
pub(super) use with_tiles;

/// Tiles that are compared with one block of centroids before the next block: together they stay in the L1 cache.
pub(super) fn tiles_together(width: usize, n_columns: usize) -> usize {
    (24 * 1024 / (4 * width * n_columns)).clamp(1, 8)
}

/// Consecutive tiles of `N` registers side by side, `[tile][D][N · LANES]`, and what each row was multiplied by.
pub(super) struct Tiles<const N: usize> {
    values: Aligned,
    n_columns: usize,
    /// `1 / ‖x‖` under cosine; unused otherwise.
    pub(super) inverse_norms: Vec<f32>,
    /// `‖x‖²`, once [`square_norms`](Tiles::square_norms) was asked for them.
    pub(super) squared_norms: Vec<f32>,
}

impl<const N: usize> Tiles<N> {
    /// Rows in one tile.
    pub(super) const WIDTH: usize = N * LANES;

    /// As many as are compared together.
    pub(super) fn new(n_columns: usize) -> Self {
        let n_rows = tiles_together(Self::WIDTH, n_columns) * Self::WIDTH;
        let values = Aligned::zeros(n_rows * n_columns);
        Self { values, n_columns, inverse_norms: vec![1.0; n_rows], squared_norms: Vec::new() }
    }

    /// Rows that all tiles hold.
    pub(super) fn n_rows(&self) -> usize {
        self.inverse_norms.len()
    }

    /// Tile `t`.
    pub(super) fn at(&self, t: usize) -> *const f32 {
        let start = t * Self::WIDTH * self.n_columns;
        assert!(t * Self::WIDTH < self.n_rows(), "a tile that exists");
        // SAFETY: the tile lies within the values.
        unsafe { self.values.as_ptr().add(start) }
    }

    /// Fills as many tiles as the rows need; rows past the end are at the origin. Returns how many.
    ///
    /// # Safety
    /// `L`'s instructions; the rows fit the tiles.
    #[inline(always)]
    pub(super) unsafe fn fill<L: Lanes>(&mut self, rows: Rows<'_>, frame: &Frame) -> usize {
        let (width, d) = (Self::WIDTH, rows.n_columns);
        let n_tiles = rows.len().div_ceil(width);
        for t in 0..n_tiles {
            let part = rows.slice(t * width, rows.len().min((t + 1) * width));
            // SAFETY: tile `t` is one of those allocated, by the caller's promise.
            unsafe {
                let tile = self.values.as_mut_ptr().add(t * width * d);
                turn::<L, N>(part, tile);
                if !frame.shift.is_empty() {
                    subtract::<L, N>(tile, &frame.shift);
                }
                if frame.metric == Metric::Cosine {
                    scale_to_unit::<L, N>(tile, d, &mut self.inverse_norms[t * width..(t + 1) * width]);
                }
            }
        }
        n_tiles
    }

    /// `‖x‖²` of all rows at hand.
    ///
    /// # Safety
    /// `L`'s instructions; as many tiles are filled.
    #[inline(always)]
    pub(super) unsafe fn square_norms<L: Lanes>(&mut self, n_tiles: usize) {
        self.squared_norms.resize(self.n_rows(), 0.0);
        for t in 0..n_tiles {
            // SAFETY: tile `t` is filled, and each of its rows has its norm.
            unsafe {
                let squared = squared_norms::<L, N>(self.n_columns, self.at(t));
                for r in 0..N {
                    squared[r].store(self.squared_norms.as_mut_ptr().add(t * Self::WIDTH + r * LANES));
                }
            }
        }
    }
}

/// `‖x‖²` of a tile's rows.
///
/// # Safety
/// `L`'s instructions; `tile` holds `D · width` values.
#[inline(always)]
pub(super) unsafe fn squared_norms<L: Lanes, const N: usize>(n_columns: usize, tile: *const f32) -> [L; N] {
    // SAFETY: the caller's promise.
    unsafe {
        let mut squared = [L::splat(0.0); N];
        for j in 0..n_columns {
            for r in 0..N {
                let x = L::load(tile.add((j * N + r) * LANES));
                squared[r] = x.fma(x, squared[r]);
            }
        }
        squared
    }
}

/// # Safety
/// `L`'s instructions; `tile` has room for `D · width` values.
#[inline(always)]
unsafe fn turn<L: Lanes, const N: usize>(rows: Rows<'_>, tile: *mut f32) {
    let (width, d) = (N * LANES, rows.n_columns);
    let x = rows.x.as_ptr();
    let in_eights = if rows.len() == width { d / 8 * 8 } else { 0 };
    // SAFETY: rows and columns below stay below `len` and `D`, and the tile has a place for each.
    unsafe {
        for row in (0..width).step_by(8) {
            for column in (0..in_eights).step_by(8) {
                L::transpose_8x8(x.add(row * d + column), d, tile.add(column * width + row), width);
            }
        }
        for column in in_eights..d {
            for row in 0..rows.len() {
                *tile.add(column * width + row) = *x.add(row * d + column);
            }
            for row in rows.len()..width {
                *tile.add(column * width + row) = 0.0;
            }
        }
    }
}

/// # Safety
/// `L`'s instructions; `tile` holds `shift.len() · width` values.
#[inline(always)]
unsafe fn subtract<L: Lanes, const N: usize>(tile: *mut f32, shift: &[f32]) {
    for (j, &shift) in shift.iter().enumerate() {
        for r in 0..N {
            // SAFETY: register `r` of column `j` lies in the tile.
            unsafe {
                let at = tile.add((j * N + r) * LANES);
                L::load(at).sub(L::splat(shift)).store(at);
            }
        }
    }
}

/// # Safety
/// `L`'s instructions; `tile` holds `D · width` values.
#[inline(always)]
unsafe fn scale_to_unit<L: Lanes, const N: usize>(tile: *mut f32, d: usize, inverse_norms: &mut [f32]) {
    for (r, norms) in inverse_norms.chunks_exact_mut(LANES).enumerate() {
        // SAFETY: register `r` of each column lies in the tile; `norms` has one value for each of its rows.
        unsafe {
            let mut squared = L::splat(0.0);
            for j in 0..d {
                let x = L::load(tile.add((j * N + r) * LANES));
                squared = x.fma(x, squared);
            }
            squared.store(norms.as_mut_ptr());
            for norm in &mut *norms {
                *norm = if *norm > 0.0 { 1.0 / norm.sqrt() } else { 0.0 };
            }
            let inverse = L::load(norms.as_ptr());
            for j in 0..d {
                let at = tile.add((j * N + r) * LANES);
                L::load(at).mul(inverse).store(at);
            }
        }
    }
}
