//! How a cube's work is cut: rows and centroids in shared memory, and the share of each unit's registers.

use super::error::GpuError;

/// Rows and centroids of one step of a cube.
///
/// A unit holds `unit_rows × unit_centroids` scores in registers; `units_over_rows × units_over_centroids` units are a cube.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tile {
    /// Units side by side over the rows.
    pub units_over_rows: usize,
    /// Units side by side over the centroids.
    pub units_over_centroids: usize,
    /// Rows of one unit, a multiple of 4.
    pub unit_rows: usize,
    /// Centroids of one unit, a multiple of 4.
    pub unit_centroids: usize,
    /// Columns that lie in shared memory at once.
    pub depth: usize,
}

/// What a device allows one cube.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    pub(super) units: usize,
    pub(super) shared_bytes: usize,
}

/// Few centroids: one unit meets them all, and they are read by all units at once.
const NARROW: Tile =
    Tile { units_over_rows: 128, units_over_centroids: 1, unit_rows: 4, unit_centroids: 16, depth: 16 };
/// Tens of centroids.
const MIDDLE: Tile = Tile { units_over_rows: 32, units_over_centroids: 8, unit_rows: 4, unit_centroids: 8, depth: 16 };
/// Hundreds: sixteen products for each value read from shared memory.
const WIDE: Tile = Tile { units_over_rows: 16, units_over_centroids: 16, unit_rows: 8, unit_centroids: 8, depth: 16 };

/// Most centroids for which one unit meets them all.
const MOST_NARROW: usize = 32;
/// Most centroids of the middle tile.
const MOST_MIDDLE: usize = 64;

impl Tile {
    /// The tile for so many columns and centroids on a device, with `extra_bytes` of shared memory left over.
    pub(super) fn choose(limits: Limits, k: usize, n_columns: usize, extra_bytes: usize) -> Result<Tile, GpuError> {
        let candidates = match k {
            _ if k <= MOST_NARROW => [Tile { unit_centroids: k.next_power_of_two().clamp(4, 16), ..NARROW }, NARROW],
            _ if k <= MOST_MIDDLE => [MIDDLE, NARROW],
            _ => [WIDE, MIDDLE],
        };
        let fits =
            |tile: &Tile| tile.n_units() <= limits.units && tile.bytes(false) + extra_bytes <= limits.shared_bytes;
        let at_depths = |tile: Tile| [16, 8, 4].into_iter().map(move |depth| Tile { depth, ..tile });
        let deepest = n_columns.next_power_of_two().clamp(4, 16);
        let all = candidates.into_iter().chain([NARROW]).flat_map(at_depths);
        all.filter(|tile| tile.depth <= deepest)
            .find(fits)
            .ok_or(GpuError::TooSmall { units: limits.units, shared_bytes: limits.shared_bytes })
    }

    /// Units of a cube.
    pub(super) fn n_units(&self) -> usize {
        self.units_over_rows * self.units_over_centroids
    }

    /// Vectors of four scores that a unit holds.
    pub(super) fn unit_vectors(&self) -> usize {
        self.unit_rows / 4 * self.unit_centroids
    }

    /// Rows of a step.
    pub(super) fn rows(&self) -> usize {
        self.units_over_rows * self.unit_rows
    }

    /// Centroids of a step.
    pub(super) fn centroids(&self) -> usize {
        self.units_over_centroids * self.unit_centroids
    }

    /// Vectors of four rows in shared memory; one more a column keeps units that write a row's columns apart.
    pub(super) fn row_vectors(&self) -> usize {
        self.depth * (self.rows() / 4 + 1)
    }

    /// Vectors of four centroids in shared memory.
    pub(super) fn centroid_vectors(&self) -> usize {
        self.depth * (self.centroids() / 4 + 1)
    }

    /// Nearest centroids that units over centroids compare at the end.
    pub(super) fn compared(&self) -> usize {
        if self.units_over_centroids > 1 { self.units_over_centroids * self.rows() } else { 1 }
    }

    /// Shared memory of the assignment, without sums.
    pub(super) fn bytes(&self, second: bool) -> usize {
        let n_best = if second { 2 } else { 1 };
        16 * (self.row_vectors() + self.centroid_vectors()) + n_best * (8 * self.compared() + 4 * self.rows())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARD: Limits = Limits { units: 1024, shared_bytes: 48 << 10 };
    const LEAST: Limits = Limits { units: 256, shared_bytes: 16 << 10 };

    #[test]
    fn tiles_fit_the_least_device_and_grow_with_the_centroids() {
        for k in [1, 2, 5, 16, 33, 64, 65, 1000] {
            for d in [1, 3, 16, 300] {
                for limits in [CARD, LEAST] {
                    let tile = Tile::choose(limits, k, d, 0).unwrap();
                    assert!(tile.n_units() <= limits.units && tile.bytes(false) <= limits.shared_bytes, "{tile:?}");
                    assert!(tile.unit_rows.is_multiple_of(4) && tile.unit_centroids.is_multiple_of(4), "{tile:?}");
                }
            }
        }
        assert_eq!(Tile::choose(CARD, 3, 16, 0).unwrap().centroids(), 4);
        assert_eq!(Tile::choose(CARD, 256, 64, 0).unwrap(), WIDE);
    }

    #[test]
    fn a_device_without_room_is_refused() {
        let tiny = Limits { units: 64, shared_bytes: 16 << 10 };
        assert_eq!(Tile::choose(tiny, 8, 8, 0), Err(GpuError::TooSmall { units: 64, shared_bytes: 16 << 10 }));
    }
}
