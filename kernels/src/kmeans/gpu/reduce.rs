//! From partial sums of groups to moved centroids and to whether a restart came to rest.

// The macro's launch code is not ours to shape; what is known when a kernel is compiled is asked apart from what is not.
#![allow(clippy::pedantic, clippy::too_many_arguments, clippy::collapsible_if, missing_docs, unreachable_pub)]

use cubecl::prelude::*;

/// Partial sums that one unit adds.
pub(super) const FOLD: usize = 1 << LEVELS;
/// Rounds of adding two by two.
const LEVELS: usize = 5;

/// Still iterating.
pub(super) const RUNNING: u32 = 0;
/// No centroid moved by more than what counts as rest.
pub(super) const CONVERGED: u32 = 1;
/// A cluster is empty; centroids stand where they stood.
pub(super) const EMPTY: u32 = 2;
/// As many iterations as allowed.
pub(super) const EXHAUSTED: u32 = 3;

/// Adds up to [`FOLD`] blocks of sums, two by two: rounding grows with the logarithm of their number. (Carrying along what
/// each addition loses would be exact, but shader compilers simplify it away.)
///
/// # Shapes
/// `sums`: `[n_blocks, n_sums]`; `out`: `[⌈n_blocks / FOLD⌉, n_sums]`.
#[cube(launch_unchecked)]
pub(super) fn fold(sums: &[f32], out: &mut [f32], n_blocks: usize, n_sums: usize) {
    let at = (CUBE_POS_X * CUBE_DIM_X + UNIT_POS_X) as usize;
    let first = CUBE_POS_Y as usize * FOLD;
    if at < n_sums {
        let mut terms = Array::<f32>::new(FOLD);
        #[unroll]
        for i in 0..FOLD {
            terms[i] = 0.0f32;
            if first + i < n_blocks {
                terms[i] = sums[(first + i) * n_sums + at];
            }
        }
        #[unroll]
        for level in 0..LEVELS {
            #[unroll]
            for i in 0..comptime!(FOLD >> (level + 1)) {
                let other = terms[comptime!(i + (FOLD >> (level + 1)))];
                terms[i] += other;
            }
        }
        out[CUBE_POS_Y as usize * n_sums + at] = terms[0];
    }
}

/// Moves cluster `CUBE_POS_X` of restart `CUBE_POS_Y` to the mean of its rows, unless a cluster of the restart is empty.
///
/// # Shapes
/// `all`: sums, `[R, K, D + 1]`; `centroids`: `[R, K, D]`; `squared`, `moved`: `[R, K]`.
#[cube(launch_unchecked)]
pub(super) fn update(
    all: &[f32],
    state: &[u32],
    centroids: &mut [f32],
    squared: &mut [f32],
    moved: &mut [f32],
    k: usize,
    n_columns: usize,
    #[comptime] n_units: usize,
    #[comptime] cosine: bool,
) {
    let unit = UNIT_POS as usize;
    let cluster = CUBE_POS_X as usize;
    let restart = CUBE_POS_Y as usize;
    let mut room = Shared::<[f32]>::new_slice(n_units);
    if state[restart] == 0u32 {
        let n_empty = n_empty(all, restart, k, n_columns, &mut room, n_units);
        if n_empty == 0.0f32 {
            let sums = (restart * k + cluster) * (n_columns + 1);
            let means = (restart * k + cluster) * n_columns;
            let mut factor = 1.0f32 / all[sums + n_columns];
            if comptime!(cosine) {
                let mut part = 0.0f32;
                for j in range_stepped(unit, n_columns, n_units) {
                    let sum = all[sums + j] * factor;
                    part += sum * sum;
                }
                let length = total(&mut room, part, n_units);
                // Unit rows that cancel out have no mean direction: the centroid stays.
                if length > 0.0f32 {
                    factor /= length.sqrt();
                } else {
                    factor = 0.0f32;
                }
            }
            let mut square = 0.0f32;
            let mut way = 0.0f32;
            for j in range_stepped(unit, n_columns, n_units) {
                let before = centroids[means + j];
                let mut mean = all[sums + j] * factor;
                if comptime!(cosine) {
                    if factor == 0.0f32 {
                        mean = before;
                    }
                }
                way += (mean - before) * (mean - before);
                square += mean * mean;
                centroids[means + j] = mean;
            }
            let square = total(&mut room, square, n_units);
            let way = total(&mut room, way, n_units);
            if unit == 0 {
                squared[restart * k + cluster] = square;
                moved[restart * k + cluster] = way;
            }
        }
    }
}

/// Decides whether restart `CUBE_POS_X` goes on.
///
/// # Shapes
/// `all`: sums, `[R, K, D + 1]`; `moved`: `[R, K]`; `state`: `[2, R]`, what is the matter with each restart, then its iterations.
#[cube(launch_unchecked)]
pub(super) fn settle(
    all: &[f32],
    moved: &[f32],
    state: &mut [u32],
    k: usize,
    n_columns: usize,
    enough: f32,
    max_iter: u32,
    #[comptime] n_units: usize,
) {
    let unit = UNIT_POS as usize;
    let restart = CUBE_POS_X as usize;
    let n_restarts = CUBE_COUNT_X as usize;
    let mut room = Shared::<[f32]>::new_slice(n_units);
    if state[restart] == 0u32 {
        let n_empty = n_empty(all, restart, k, n_columns, &mut room, n_units);
        let mut part = 0.0f32;
        for cluster in range_stepped(unit, k, n_units) {
            part += moved[restart * k + cluster];
        }
        let way = total(&mut room, part, n_units);
        // All units have read the state before one of them writes it: sums wait for each other.
        if unit == 0 {
            if n_empty > 0.0f32 {
                state[restart] = EMPTY;
            } else {
                let n_iter = state[n_restarts + restart] + 1;
                state[n_restarts + restart] = n_iter;
                if way <= enough {
                    state[restart] = CONVERGED;
                } else if n_iter >= max_iter {
                    state[restart] = EXHAUSTED;
                }
            }
        }
    }
}

/// Clusters of a restart without weight.
#[cube]
fn n_empty(
    all: &[f32],
    restart: usize,
    k: usize,
    n_columns: usize,
    room: &mut Shared<[f32]>,
    #[comptime] n_units: usize,
) -> f32 {
    let mut part = 0.0f32;
    for cluster in range_stepped(UNIT_POS as usize, k, n_units) {
        if all[(restart * k + cluster) * (n_columns + 1) + n_columns] == 0.0f32 {
            part += 1.0f32;
        }
    }
    total(room, part, n_units)
}

/// The sum of one value of each unit, known to all; a tree, always the same.
#[cube]
fn total(room: &mut Shared<[f32]>, value: f32, #[comptime] n_units: usize) -> f32 {
    let unit = UNIT_POS as usize;
    // The last total has been read by all.
    sync_cube();
    room[unit] = value;
    sync_cube();
    let mut half = comptime!(n_units / 2).runtime();
    while half > 0 {
        if unit < half {
            let other = room[unit + half];
            room[unit] += other;
        }
        sync_cube();
        half /= 2;
    }
    room[0]
}
