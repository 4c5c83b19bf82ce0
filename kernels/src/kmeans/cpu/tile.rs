//! A few rows turned so that a register holds one column of many rows: no lane ever has to meet another.

use super::panel::{Aligned, Frame};
use super::vector::Vector;
use crate::kmeans::{Metric, Rows};

/// Registers side by side in a tile.
pub(super) const REGISTERS: usize = 2;

/// Rows in one tile.
#[inline(always)]
pub(super) fn width<V: Vector>() -> usize {
    REGISTERS * V::LANES
}

/// Tiles that are compared with one block of centroids before the next block: together they stay in the L1 cache.
pub(super) fn tiles_together(width: usize, n_columns: usize) -> usize {
    (24 * 1024 / (4 * width * n_columns)).clamp(1, 8)
}

/// Consecutive tiles, `[tile][D][width]`, and what each row was multiplied by.
pub(super) struct Tiles {
    pub(super) values: Aligned,
    /// `1 / ‖x‖` under cosine; unused otherwise.
    pub(super) inverse_norms: Vec<f32>,
}

impl Tiles {
    pub(super) fn new(n_tiles: usize, width: usize, n_columns: usize) -> Tiles {
        Tiles { values: Aligned::zeros(n_tiles * width * n_columns), inverse_norms: vec![1.0; n_tiles * width] }
    }

    /// Fills as many tiles as the rows need; rows past the end are at the origin. Returns how many.
    ///
    /// # Safety
    /// `V`'s instructions; the rows fit the tiles.
    #[inline(always)]
    pub(super) unsafe fn fill<V: Vector>(&mut self, rows: Rows<'_>, frame: &Frame) -> usize {
        let (width, d) = (width::<V>(), rows.n_columns);
        let n_tiles = rows.len().div_ceil(width);
        for t in 0..n_tiles {
            let part = rows.slice(t * width, rows.len().min((t + 1) * width));
            // SAFETY: tile `t` is one of those allocated, by the caller's promise.
            unsafe {
                let tile = self.values.as_mut_ptr().add(t * width * d);
                turn::<V>(part, tile);
                if !frame.shift.is_empty() {
                    subtract::<V>(tile, &frame.shift);
                }
                if frame.metric == Metric::Cosine {
                    scale_to_unit::<V>(tile, d, &mut self.inverse_norms[t * width..(t + 1) * width]);
                }
            }
        }
        n_tiles
    }
}

/// # Safety
/// `V`'s instructions; `tile` has room for `D · width` values.
#[inline(always)]
unsafe fn turn<V: Vector>(rows: Rows<'_>, tile: *mut f32) {
    let (width, d) = (width::<V>(), rows.n_columns);
    let x = rows.x.as_ptr();
    let in_eights = if rows.len() == width { d / 8 * 8 } else { 0 };
    // SAFETY: rows and columns below stay below `len` and `D`, and the tile has a place for each.
    unsafe {
        for row in (0..width).step_by(8) {
            for column in (0..in_eights).step_by(8) {
                V::transpose_8x8(x.add(row * d + column), d, tile.add(column * width + row), width);
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
/// `V`'s instructions; `tile` holds `shift.len() · width` values.
#[inline(always)]
unsafe fn subtract<V: Vector>(tile: *mut f32, shift: &[f32]) {
    for (j, &shift) in shift.iter().enumerate() {
        for r in 0..REGISTERS {
            // SAFETY: register `r` of column `j` lies in the tile.
            unsafe {
                let at = tile.add(j * width::<V>() + r * V::LANES);
                V::load(at).sub(V::splat(shift)).store(at);
            }
        }
    }
}

/// # Safety
/// `V`'s instructions; `tile` holds `D · width` values.
#[inline(always)]
unsafe fn scale_to_unit<V: Vector>(tile: *mut f32, d: usize, inverse_norms: &mut [f32]) {
    let width = width::<V>();
    for r in 0..REGISTERS {
        // SAFETY: register `r` of each column lies in the tile; `inverse_norms` has one value for each of its rows.
        unsafe {
            let norms = inverse_norms[r * V::LANES..(r + 1) * V::LANES].as_mut_ptr();
            let mut squared = V::splat(0.0);
            for j in 0..d {
                let x = V::load(tile.add(j * width + r * V::LANES));
                squared = x.fma(x, squared);
            }
            squared.store(norms);
            for lane in 0..V::LANES {
                let norm = (*norms.add(lane)).sqrt();
                *norms.add(lane) = if norm > 0.0 { 1.0 / norm } else { 0.0 };
            }
            let inverse = V::load(norms);
            for j in 0..d {
                let at = tile.add(j * width + r * V::LANES);
                V::load(at).mul(inverse).store(at);
            }
        }
    }
}
