//! The nearest centroid of each row, and with few centroids the sums per cluster in the same read.

// The macro's launch code is not ours to shape, and a kernel's arguments are its buffers.
#![allow(clippy::pedantic, clippy::too_many_arguments, clippy::manual_memcpy, missing_docs, unreachable_pub)]

use cubecl::prelude::*;

use super::tile::Tile;

/// Four values that move together.
type Four = Vector<f32, Const<4>>;

/// What a launch computes beside the nearest centroid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Wanted {
    /// Clusters for which sums are kept in shared memory, a power of two; 0 where labels alone are wanted.
    pub(super) summed_clusters: usize,
    /// Whether rows have weights.
    pub(super) weighted: bool,
    /// Whether labels are written.
    pub(super) labels: bool,
    /// Whether the second nearest is written too, behind the labels.
    pub(super) second: bool,
}

/// One cube: restart `CUBE_POS_X`, group of rows `CUBE_POS_Y`.
///
/// # Shapes
/// `x`: `[n_rows, D]`; `weights`: `[n_rows]`; `centroids`: `[R, K, D]`; `squared`: `[R, K]`; `state`: at least `[R]`;
/// `labels`: `[R, n_rows]`, twice with the second nearest; `partials`: `[groups, R, K, D + 1]`, the last column the weights.
#[cube(launch_unchecked)]
pub(super) fn assign(
    x: &[f32],
    weights: &[f32],
    centroids: &[f32],
    squared: &[f32],
    state: &[u32],
    labels: &mut [u32],
    partials: &mut [f32],
    n_rows: usize,
    n_columns: usize,
    k: usize,
    group_rows: usize,
    first_group: usize,
    #[comptime] tile: Tile,
    #[comptime] wanted: Wanted,
) {
    let n_best = comptime!(if wanted.second { 2 } else { 1 });
    let restart = CUBE_POS_X as usize;
    let group = CUBE_POS_Y as usize;

    let mut row_tile = Shared::<[Four]>::new_slice(comptime!(tile.row_vectors()));
    let mut centroid_tile = Shared::<[Four]>::new_slice(comptime!(tile.centroid_vectors()));
    let mut scores = Shared::<[f32]>::new_slice(comptime!(n_best * tile.compared()));
    let mut clusters = Shared::<[u32]>::new_slice(comptime!(n_best * tile.compared()));
    let mut nearest = Shared::<[u32]>::new_slice(comptime!(n_best * tile.rows()));
    let mut sums = Shared::<[f32]>::new_slice(comptime!((wanted.summed_clusters * tile.n_units()).max(1)));

    if state[restart] == 0u32 {
        let first = group * group_rows;
        let last = min(first + group_rows, n_rows);
        clear(&mut sums, tile, wanted);
        for start in range_stepped(first, last, comptime!(tile.rows())) {
            let mut best = no_best(tile);
            for first_centroid in range_stepped(0usize, k, comptime!(tile.centroids())) {
                let mut products = Array::<Four>::new(comptime!(tile.unit_vectors()));
                #[unroll]
                for i in 0..comptime!(tile.unit_vectors()) {
                    products[i] = Four::new(0.0f32);
                }
                for column in range_stepped(0usize, n_columns, comptime!(tile.depth)) {
                    // What was read of the last tile has been read by all.
                    sync_cube();
                    fill(x, start, last, column, n_columns, &mut row_tile, comptime!(tile.rows()), tile);
                    fill(
                        centroids,
                        restart * k + first_centroid,
                        restart * k + k,
                        column,
                        n_columns,
                        &mut centroid_tile,
                        comptime!(tile.centroids()),
                        tile,
                    );
                    sync_cube();
                    multiply(
                        &row_tile,
                        &centroid_tile,
                        &mut products,
                        min(comptime!(tile.depth), n_columns - column),
                        tile,
                    );
                }
                keep_best(&products, squared, &mut best, restart * k, first_centroid, k, tile, wanted);
            }
            share_best(&best, &mut scores, &mut clusters, &mut nearest, tile, wanted);
            if comptime!(tile.units_over_centroids > 1) {
                sync_cube();
                for row in range_stepped(UNIT_POS as usize, comptime!(tile.rows()), comptime!(tile.n_units())) {
                    compare(&scores, &clusters, &mut nearest, row, tile, wanted);
                }
            }
            sync_cube();
            if comptime!(wanted.labels) {
                write_labels(&nearest, labels, start, last, n_rows, tile, wanted);
            }
            if comptime!(wanted.summed_clusters > 0) {
                add(x, weights, &nearest, &mut sums, start, last, n_columns, tile, wanted);
            }
        }
        if comptime!(wanted.summed_clusters > 0) {
            sync_cube();
            let place = (first_group + group) * CUBE_COUNT_X as usize + restart;
            write_partials(&sums, partials, place, k, n_columns + 1, tile);
        }
    }
}

/// The nearest centroids so far of a unit's rows.
#[derive(CubeType)]
struct Best {
    score: Array<f32>,
    cluster: Array<u32>,
    second_score: Array<f32>,
    second_cluster: Array<u32>,
}

/// None yet.
#[cube]
fn no_best(#[comptime] tile: Tile) -> Best {
    let unit_rows = comptime!(tile.unit_rows);
    let mut score = Array::<f32>::new(unit_rows);
    let mut cluster = Array::<u32>::new(unit_rows);
    let mut second_score = Array::<f32>::new(unit_rows);
    let mut second_cluster = Array::<u32>::new(unit_rows);
    #[unroll]
    for i in 0..unit_rows {
        score[i] = f32::MAX;
        cluster[i] = 0u32;
        second_score[i] = f32::MAX;
        second_cluster[i] = 0u32;
    }
    Best { score, cluster, second_score, second_cluster }
}

/// Zeros a unit's sums.
#[cube]
fn clear(sums: &mut Shared<[f32]>, #[comptime] tile: Tile, #[comptime] wanted: Wanted) {
    if comptime!(wanted.summed_clusters > 0) {
        for cluster in 0..comptime!(wanted.summed_clusters) {
            sums[cluster * comptime!(tile.n_units()) + UNIT_POS as usize] = 0.0f32;
        }
    }
}

/// Adds the products of a unit's rows with its centroids over the columns at hand.
#[cube]
fn multiply(
    row_tile: &Shared<[Four]>,
    centroid_tile: &Shared<[Four]>,
    products: &mut Array<Four>,
    depth: usize,
    #[comptime] tile: Tile,
) {
    let row_vectors = comptime!(tile.unit_rows / 4);
    let centroid_vectors = comptime!(tile.unit_centroids / 4);
    let row_stride = comptime!(tile.rows() / 4 + 1);
    let centroid_stride = comptime!(tile.centroids() / 4 + 1);
    let place = UNIT_POS as usize / comptime!(tile.units_over_centroids);
    let lane = UNIT_POS as usize % comptime!(tile.units_over_centroids);
    for j in 0..depth {
        let mut of_rows = Array::<Four>::new(row_vectors);
        #[unroll]
        for v in 0..row_vectors {
            of_rows[v] = row_tile[j * row_stride + place * row_vectors + v];
        }
        #[unroll]
        for w in 0..centroid_vectors {
            let of_centroids = centroid_tile[j * centroid_stride + lane * centroid_vectors + w];
            #[unroll]
            for c in 0..4usize {
                let factor = Four::new(of_centroids.extract(c));
                #[unroll]
                for v in 0..row_vectors {
                    let at = comptime!((4 * w + c) * row_vectors + v);
                    products[at] = fma(of_rows[v], factor, products[at]);
                }
            }
        }
    }
}

/// Keeps the nearest of a unit's centroids, the lowest of equals, for each of its rows; `restart_centroid` is the first of
/// the restart's.
#[cube]
fn keep_best(
    products: &Array<Four>,
    squared: &[f32],
    best: &mut Best,
    restart_centroid: usize,
    first_centroid: usize,
    k: usize,
    #[comptime] tile: Tile,
    #[comptime] wanted: Wanted,
) {
    let row_vectors = comptime!(tile.unit_rows / 4);
    let lane = UNIT_POS as usize % comptime!(tile.units_over_centroids);
    #[unroll]
    for c in 0..comptime!(tile.unit_centroids) {
        let centroid = first_centroid + lane * comptime!(tile.unit_centroids) + c;
        if centroid < k {
            let square = squared[restart_centroid + centroid];
            #[unroll]
            for i in 0..comptime!(tile.unit_rows) {
                let product = products[comptime!(c * row_vectors + i / 4)].extract(comptime!(i % 4));
                let score = square - 2.0f32 * product;
                if comptime!(wanted.second) {
                    if score < best.score[i] {
                        best.second_score[i] = best.score[i];
                        best.second_cluster[i] = best.cluster[i];
                    } else if score < best.second_score[i] {
                        best.second_score[i] = score;
                        best.second_cluster[i] = centroid as u32;
                    }
                }
                if score < best.score[i] {
                    best.score[i] = score;
                    best.cluster[i] = centroid as u32;
                }
            }
        }
    }
}

/// Puts the nearest of a unit's rows where all units see them: among those that units over centroids are to compare, where there
/// are several.
#[cube]
fn share_best(
    best: &Best,
    scores: &mut Shared<[f32]>,
    clusters: &mut Shared<[u32]>,
    nearest: &mut Shared<[u32]>,
    #[comptime] tile: Tile,
    #[comptime] wanted: Wanted,
) {
    let rows = comptime!(tile.rows());
    let unit_rows = comptime!(tile.unit_rows);
    let n_best = comptime!(if wanted.second { 2 } else { 1 });
    let unit = UNIT_POS as usize;
    let place = unit / comptime!(tile.units_over_centroids);
    let lane = unit % comptime!(tile.units_over_centroids);
    if comptime!(tile.units_over_centroids == 1) {
        #[unroll]
        for i in 0..unit_rows {
            nearest[place * unit_rows + i] = best.cluster[i];
            if comptime!(wanted.second) {
                nearest[rows + place * unit_rows + i] = best.second_cluster[i];
            }
        }
    } else {
        #[unroll]
        for i in 0..unit_rows {
            let at = n_best * (lane * rows + place * unit_rows + i);
            scores[at] = best.score[i];
            clusters[at] = best.cluster[i];
            if comptime!(wanted.second) {
                scores[at + 1] = best.second_score[i];
                clusters[at + 1] = best.second_cluster[i];
            }
        }
    }
}

/// Writes the labels of a tile's rows, of this cube's restart.
#[cube]
fn write_labels(
    nearest: &Shared<[u32]>,
    labels: &mut [u32],
    start: usize,
    last: usize,
    n_rows: usize,
    #[comptime] tile: Tile,
    #[comptime] wanted: Wanted,
) {
    let rows = comptime!(tile.rows());
    let restart = CUBE_POS_X as usize;
    for row in range_stepped(UNIT_POS as usize, min(rows, last - start), comptime!(tile.n_units())) {
        labels[restart * n_rows + start + row] = nearest[row];
        if comptime!(wanted.second) {
            labels[(restart + CUBE_COUNT_X as usize) * n_rows + start + row] = nearest[rows + row];
        }
    }
}

/// Writes the sums of a group, each that of all units that own its column, to its place among the partial sums.
#[cube]
fn write_partials(
    sums: &Shared<[f32]>,
    partials: &mut [f32],
    place: usize,
    k: usize,
    width: usize,
    #[comptime] tile: Tile,
) {
    let n_units = comptime!(tile.n_units());
    let n_parts = n_units / width;
    let n_sums = k * width;
    for at in range_stepped(UNIT_POS as usize, n_sums, n_units) {
        let mut sum = 0.0f32;
        for part in 0..n_parts {
            sum += sums[at / width * n_units + part * width + at % width];
        }
        partials[place * n_sums + at] = sum;
    }
}

/// Brings `n_points` points from `first` on into shared memory, four side by side, column after column; zeros beyond `end`
/// and the last column.
#[cube]
fn fill(
    points: &[f32],
    first: usize,
    end: usize,
    column: usize,
    n_columns: usize,
    out: &mut Shared<[Four]>,
    #[comptime] n_points: usize,
    #[comptime] tile: Tile,
) {
    let depth = comptime!(tile.depth);
    for at in range_stepped(UNIT_POS as usize, comptime!(tile.depth * n_points / 4), comptime!(tile.n_units())) {
        let j = at % depth;
        let four = at / depth;
        let mut values = Four::new(0.0f32);
        #[unroll]
        for i in 0..4usize {
            let point = first + 4 * four + i;
            if point < end && column + j < n_columns {
                values.insert(i, points[point * n_columns + column + j]);
            }
        }
        out[j * comptime!(n_points / 4 + 1) + four] = values;
    }
}

/// The nearest of what units over centroids found for a row, the lowest of equals; and the second nearest.
#[cube]
fn compare(
    scores: &Shared<[f32]>,
    clusters: &Shared<[u32]>,
    nearest: &mut Shared<[u32]>,
    row: usize,
    #[comptime] tile: Tile,
    #[comptime] wanted: Wanted,
) {
    let rows = comptime!(tile.rows());
    let n_best = comptime!(if wanted.second { 2 } else { 1 });
    let mut best = scores[n_best * row];
    let mut best_cluster = clusters[n_best * row];
    let mut second = f32::max_value();
    let mut second_cluster = 0u32;
    if comptime!(wanted.second) {
        second = scores[n_best * row + 1];
        second_cluster = clusters[n_best * row + 1];
    }
    for lane in 1..comptime!(tile.units_over_centroids) {
        for rank in 0..n_best {
            let at = n_best * (lane * rows + row) + rank;
            let score = scores[at];
            let cluster = clusters[at];
            let mut before = score < best;
            if score == best {
                before = cluster < best_cluster;
            }
            if before {
                second = best;
                second_cluster = best_cluster;
                best = score;
                best_cluster = cluster;
            } else if comptime!(wanted.second) {
                let mut before_second = score < second;
                if score == second {
                    before_second = cluster < second_cluster;
                }
                if before_second {
                    second = score;
                    second_cluster = cluster;
                }
            }
        }
    }
    nearest[row] = best_cluster;
    if comptime!(wanted.second) {
        nearest[rows + row] = second_cluster;
    }
}

/// Adds the rows of a tile to the sums of their clusters. A unit owns one column of every cluster and every `n_parts`-th row,
/// so none meets another's sums, and units side by side meet sums side by side.
#[cube]
fn add(
    x: &[f32],
    weights: &[f32],
    nearest: &Shared<[u32]>,
    sums: &mut Shared<[f32]>,
    start: usize,
    last: usize,
    n_columns: usize,
    #[comptime] tile: Tile,
    #[comptime] wanted: Wanted,
) {
    let n_units = comptime!(tile.n_units());
    let unit = UNIT_POS as usize;
    let width = n_columns + 1;
    let n_parts = n_units / width;
    let part = unit / width;
    let column = unit % width;
    if part < n_parts {
        for row in range_stepped(part, min(comptime!(tile.rows()), last - start), n_parts) {
            let mut term = 1.0f32;
            if column < n_columns {
                term = x[(start + row) * n_columns + column];
            }
            if comptime!(wanted.weighted) {
                term *= weights[start + row];
            }
            sums[nearest[row] as usize * n_units + unit] += term;
        }
    }
}
