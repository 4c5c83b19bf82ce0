//! Sums per cluster from labels, where there are too many clusters to sum them while rows are assigned.

// The macro's launch code is not ours to shape.
#![allow(clippy::pedantic, clippy::too_many_arguments, missing_docs, unreachable_pub)]

use cubecl::prelude::*;

/// How clusters are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Slice {
    /// Clusters of one cube.
    pub(super) clusters: usize,
    /// Units of a cube.
    pub(super) n_units: usize,
    /// Whether rows have weights.
    pub(super) weighted: bool,
}

/// One cube: restart and slice of clusters `CUBE_POS_X`, group of rows `CUBE_POS_Y`, columns from `CUBE_POS_Z · units` on.
///
/// # Shapes
/// As in [`assign`](super::assign::assign).
#[cube(launch_unchecked)]
pub(super) fn accumulate(
    x: &[f32],
    weights: &[f32],
    state: &[u32],
    labels: &[u32],
    partials: &mut [f32],
    n_rows: usize,
    n_columns: usize,
    k: usize,
    group_rows: usize,
    first_group: usize,
    n_slices: usize,
    #[comptime] slice: Slice,
) {
    let n_units = comptime!(slice.n_units);
    let of_slice = comptime!(slice.clusters);
    let unit = UNIT_POS as usize;
    let restart = CUBE_POS_X as usize / n_slices;
    let n_restarts = CUBE_COUNT_X as usize / n_slices;
    let first_cluster = CUBE_POS_X as usize % n_slices * of_slice;
    let group = CUBE_POS_Y as usize;
    let first_column = CUBE_POS_Z as usize * n_units;
    let mut sums = Shared::<[f32]>::new_slice(comptime!(slice.clusters * slice.n_units));

    if state[restart] == 0u32 {
        let all = n_columns + 1;
        let width = min(all - first_column, n_units);
        let n_parts = n_units / width;
        let part = unit / width;
        let column = first_column + unit % width;
        for cluster in 0..of_slice {
            sums[cluster * n_units + unit] = 0.0f32;
        }
        let first = group * group_rows;
        let last = min(first + group_rows, n_rows);
        if part < n_parts {
            for row in range_stepped(first + part, last, n_parts) {
                let label = labels[restart * n_rows + row] as usize;
                if label >= first_cluster && label < first_cluster + of_slice {
                    let mut term = 1.0f32;
                    if column < n_columns {
                        term = x[row * n_columns + column];
                    }
                    if comptime!(slice.weighted) {
                        term *= weights[row];
                    }
                    sums[(label - first_cluster) * n_units + unit] += term;
                }
            }
        }
        sync_cube();
        for at in range_stepped(unit, of_slice * width, n_units) {
            let cluster = first_cluster + at / width;
            if cluster < k {
                let mut sum = 0.0f32;
                for part in 0..n_parts {
                    sum += sums[at / width * n_units + part * width + at % width];
                }
                let place = ((first_group + group) * n_restarts + restart) * k + cluster;
                partials[place * all + first_column + at % width] = sum;
            }
        }
    }
}
