//! Labels of rows on a device.

use cubecl::prelude::*;

use super::assign::{Wanted, assign};
use super::error::GpuError;
use super::resident::{MOST_GROUPS, Piece, Resident};
use super::tile::Tile;

/// The nearest centroid of each row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    /// `[N]`
    pub nearest: Vec<u32>,
    /// The second nearest, `[N]`; the nearest itself where there is one centroid. Empty unless asked for.
    pub second: Vec<u32>,
}

impl Resident {
    /// Nearest centroid of each row, the first of equals.
    ///
    /// # Shapes
    /// `centroids`: `[K, D]`.
    pub fn label(&self, centroids: &[f64], second: bool) -> Result<Labels, GpuError> {
        let k = centroids.len() / self.n_columns;
        let best_bytes = |tile: &Tile| tile.bytes(second) - tile.bytes(false);
        // Room for the second best is taken where the tile has been chosen, so ask for the widest tile's.
        let extra = Tile::choose(self.limits, k, self.n_columns, 0)?;
        let tile = Tile::choose(self.limits, k, self.n_columns, best_bytes(&extra))?;
        let (moved, squared) = self.frame_centroids(centroids);
        let (moved, squared) = (self.gpu.write(moved), self.gpu.write(squared));
        let mut labels = Labels { nearest: Vec::with_capacity(self.n_rows), second: Vec::new() };
        for piece in &self.pieces {
            let n_labels = if second { 2 } else { 1 } * piece.n_rows;
            let out = self.gpu.client.empty(4 * n_labels);
            let wanted = Wanted { summed_clusters: 0, weighted: false, labels: true, second };
            let group_rows = group_rows(piece, &tile);
            let n_groups = piece.n_rows.div_ceil(group_rows) as u32;
            // SAFETY: lengths are those of the buffers; the kernel reads rows below `n_rows`, centroids below `k`, and writes
            // labels below `n_rows`, twice where the second best is wanted.
            unsafe {
                assign::launch_unchecked(
                    &self.gpu.client,
                    CubeCount::Static(1, n_groups, 1),
                    CubeDim::new_1d(tile.n_units() as u32),
                    BufferArg::from_raw_parts(piece.x.clone(), piece.n_rows * self.n_columns),
                    BufferArg::from_raw_parts(self.unread.clone(), 4),
                    BufferArg::from_raw_parts(moved.clone(), centroids.len()),
                    BufferArg::from_raw_parts(squared.clone(), k),
                    // Zeros: every restart runs.
                    BufferArg::from_raw_parts(self.running.clone(), 4),
                    BufferArg::from_raw_parts(out.clone(), n_labels),
                    BufferArg::from_raw_parts(self.unwritten.clone(), 4),
                    piece.n_rows,
                    self.n_columns,
                    k,
                    group_rows,
                    0,
                    tile,
                    wanted,
                );
            }
            let mut found: Vec<u32> = self.gpu.read(out)?;
            labels.second.extend_from_slice(&found[piece.n_rows..]);
            found.truncate(piece.n_rows);
            labels.nearest.append(&mut found);
        }
        Ok(labels)
    }
}

/// Rows of one cube where only labels are wanted: enough cubes for any card, each with work for a while.
pub(super) fn group_rows(piece: &Piece, tile: &Tile) -> usize {
    const MANY_CUBES: usize = 8192;
    let least = piece.n_rows.div_ceil(MOST_GROUPS.min(MANY_CUBES));
    least.next_multiple_of(tile.rows()).max(tile.rows())
}
