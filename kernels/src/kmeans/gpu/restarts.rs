//! Lloyd iterations of all restarts, enqueued without waiting for one another.

use cubecl::prelude::*;
use cubecl::server::Handle;

use super::PARTIAL_BYTES;
use super::accumulate::{Slice, accumulate};
use super::assign::{Wanted, assign};
use super::error::GpuError;
use super::label;
use super::reduce::{CONVERGED, EMPTY, EXHAUSTED, FOLD, RUNNING, fold, settle, update};
use super::resident::{MOST_GROUPS, Resident};
use super::tile::Tile;
use crate::kmeans::Sums;

/// Units of the kernels that add and move.
const REDUCE_UNITS: usize = 128;
/// Most groups of rows that are summed apart: two rounds of [`fold`] add them.
const SUM_GROUPS: usize = FOLD * FOLD;
/// Least rows of a group: fewer would cost more in partial sums than in rows.
const LEAST_GROUP_ROWS: usize = 1024;

/// When a restart ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stop {
    /// Squared distance, all centroids together, that counts as rest.
    pub enough: f32,
    /// Most iterations.
    pub max_iter: usize,
}

/// How far a restart got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It iterates.
    Running,
    /// No centroid moved by more than what counts as rest.
    Converged,
    /// A cluster is empty, and the centroids have not been moved.
    Empty,
    /// It iterated as often as it may.
    Exhausted,
}

impl State {
    fn of(value: u32) -> State {
        match value {
            RUNNING => State::Running,
            CONVERGED => State::Converged,
            EMPTY => State::Empty,
            _ => State::Exhausted,
        }
    }

    fn value(self) -> u32 {
        match self {
            State::Running => RUNNING,
            State::Converged => CONVERGED,
            State::Empty => EMPTY,
            State::Exhausted => EXHAUSTED,
        }
    }
}

/// Restarts on their way, over one device's rows.
pub struct Restarts<'a> {
    rows: &'a Resident,
    k: usize,
    n_starts: usize,
    stop: Stop,
    cut: Cut,
    n_groups: usize,
    /// `[R, K, D]`
    centroids: Handle,
    /// `[R, K]`
    squared: Handle,
    /// `[R, K]`
    moved: Handle,
    /// `[2, R]`: states, iterations.
    state: Handle,
    /// `[groups, R, K, D + 1]`
    partials: Handle,
    /// Sums, `[blocks, R, K, D + 1]`, one for each round of adding.
    folded: Vec<Handle>,
    /// For each piece of rows, `[R, rows]`; none where sums are made with the labels.
    labels: Vec<Handle>,
}

/// How the work is cut.
#[derive(Clone, Copy)]
struct Cut {
    tile: Tile,
    /// Clusters summed with the labels, a power of two; 0 where sums are made afterwards.
    summed_clusters: usize,
    /// Clusters of one slice where sums are made afterwards.
    slice_clusters: usize,
    /// Units of a cube that sums a slice.
    slice_units: usize,
    /// Rows that are summed together.
    group_rows: usize,
}

impl Cut {
    fn new(rows: &Resident, k: usize, n_restarts: usize) -> Result<Cut, GpuError> {
        let (limits, d) = (rows.limits, rows.n_columns);
        let clusters = k.next_power_of_two();
        let tile = Tile::choose(limits, k, d, 0)?;
        // With the labels only where all clusters' sums fit, and a row's columns fit the units.
        let together = |tile: &Tile| d < tile.n_units() && tile.units_over_centroids == 1;
        let with_sums = Tile::choose(limits, k, d, 4 * clusters * tile.n_units()).ok().filter(together);
        let slice_units = if limits.units >= 256 { 256 } else { 128 };
        let slice_clusters = (limits.shared_bytes / (4 * slice_units)).min(clusters).max(1);
        let partial_bytes = 4 * n_restarts * k * (d + 1);
        let most_groups = (PARTIAL_BYTES / partial_bytes).clamp(1, SUM_GROUPS);
        let least_rows = rows.n_rows.div_ceil(most_groups).max(LEAST_GROUP_ROWS);
        let tile = with_sums.unwrap_or(tile);
        Ok(Cut {
            tile,
            summed_clusters: if with_sums.is_some() { clusters } else { 0 },
            slice_clusters: 1 << slice_clusters.ilog2(),
            slice_units,
            group_rows: least_rows.next_multiple_of(tile.rows()),
        })
    }
}

impl Resident {
    /// Restarts from these centroids, `[R][K, D]`, with K and R at least 1.
    pub fn restarts(&self, centroids: &[Vec<f64>], stop: Stop) -> Result<Restarts<'_>, GpuError> {
        let n_restarts = centroids.len();
        let k = centroids.first().map_or(0, Vec::len) / self.n_columns;
        let cut = Cut::new(self, k, n_restarts)?;
        let n_groups: usize = self.pieces.iter().map(|piece| piece.n_rows.div_ceil(cut.group_rows)).sum();
        let n_sums = n_restarts * k * (self.n_columns + 1);
        let client = &self.gpu.client;
        let mut folded = Vec::new();
        let mut n_blocks = n_groups;
        while n_blocks > 1 || folded.is_empty() {
            n_blocks = n_blocks.div_ceil(FOLD);
            folded.push(client.empty(4 * n_blocks * n_sums));
        }
        let labels = match cut.summed_clusters {
            0 => self.pieces.iter().map(|piece| client.empty(4 * n_restarts * piece.n_rows)).collect(),
            _ => Vec::new(),
        };
        let (moved, squared) = self.frame_centroids(&centroids.concat());
        Ok(Restarts {
            rows: self,
            k,
            n_starts: n_restarts,
            stop,
            cut,
            n_groups,
            centroids: self.gpu.write(moved),
            squared: self.gpu.write(squared),
            moved: client.empty(4 * n_restarts * k),
            state: self.gpu.write(vec![RUNNING; 2 * n_restarts]),
            partials: client.empty(4 * n_groups * n_sums),
            folded,
            labels,
        })
    }
}

impl Restarts<'_> {
    /// Enqueues so many iterations of every restart that runs; does not wait for them.
    pub fn enqueue(&self, n_iterations: usize) {
        for _ in 0..n_iterations {
            let mut first_group = 0;
            for piece_idx in 0..self.rows.pieces.len() {
                self.assign(piece_idx, first_group);
                if self.cut.summed_clusters == 0 {
                    self.accumulate(piece_idx, first_group);
                }
                first_group += self.rows.pieces[piece_idx].n_rows.div_ceil(self.cut.group_rows);
            }
            self.fold();
            self.update();
        }
    }

    /// Waits for what was enqueued: each restart's state, and how often it iterated.
    pub fn states(&self) -> Result<Vec<(State, usize)>, GpuError> {
        let values: Vec<u32> = self.rows.gpu.read(self.state.clone())?;
        let (states, n_iter) = values.split_at(self.n_starts);
        Ok(states.iter().zip(n_iter).map(|(&state, &n_iter)| (State::of(state), n_iter as usize)).collect())
    }

    /// Waits, then the sums of each restart's last assignment, from which its centroids were moved.
    pub fn sums(&self) -> Result<Vec<Sums>, GpuError> {
        let values: Vec<f32> = self.rows.gpu.read(self.totals().clone())?;
        let values: Vec<f64> = values.into_iter().map(f64::from).collect();
        let d = self.rows.n_columns;
        let of_restart = |values: &[f64]| {
            let mut sums = Sums::zeros(self.k, d);
            let out = sums.sums.chunks_exact_mut(d).zip(&mut sums.weights);
            for ((sums, weight), values) in out.zip(values.chunks_exact(d + 1)) {
                sums.copy_from_slice(&values[..d]);
                *weight = values[d];
            }
            self.rows.unframe_sums(&mut sums.sums, &sums.weights);
            sums
        };
        Ok(values.chunks_exact(self.k * (d + 1)).map(of_restart).collect())
    }

    /// Waits, then the centroids of each restart, `[R][K, D]`.
    pub fn centroids(&self) -> Result<Vec<Vec<f64>>, GpuError> {
        let values: Vec<f32> = self.rows.gpu.read(self.centroids.clone())?;
        let of_restart = |values: &[f32]| self.rows.unframe_centroids(values);
        Ok(values.chunks_exact(self.k * self.rows.n_columns).map(of_restart).collect())
    }

    /// Goes on from these centroids, states and iterations, one of each for every restart.
    pub fn set(&mut self, centroids: &[Vec<f64>], states: &[(State, usize)]) {
        let (moved, squared) = self.rows.frame_centroids(&centroids.concat());
        let values = states.iter().map(|(state, _)| state.value());
        let values = values.chain(states.iter().map(|&(_, n_iter)| n_iter as u32)).collect();
        self.centroids = self.rows.gpu.write(moved);
        self.squared = self.rows.gpu.write(squared);
        self.state = self.rows.gpu.write(values);
    }

    fn n_sums(&self) -> usize {
        self.n_starts * self.k * (self.rows.n_columns + 1)
    }

    fn assign(&self, piece_idx: usize, first_group: usize) {
        let (rows, piece, cut) = (self.rows, &self.rows.pieces[piece_idx], &self.cut);
        let with_sums = cut.summed_clusters > 0;
        let group_rows = if with_sums { cut.group_rows } else { label::group_rows(piece, &cut.tile) };
        let n_groups = piece.n_rows.div_ceil(group_rows);
        debug_assert!(n_groups <= MOST_GROUPS, "a launch takes {n_groups} groups");
        let wanted = Wanted {
            summed_clusters: cut.summed_clusters,
            weighted: with_sums && rows.is_weighted(),
            labels: !with_sums,
            second: false,
        };
        let (weights, n_weights) = self.weights(piece_idx);
        let (labels, n_labels) = match self.labels.get(piece_idx) {
            Some(labels) => (labels.clone(), self.n_starts * piece.n_rows),
            None => (rows.unwritten.clone(), 4),
        };
        // SAFETY: lengths are those of the buffers; the kernel reads rows below `n_rows`, centroids below `k`, and writes labels
        // below `n_rows` or partial sums of its own group.
        unsafe {
            assign::launch_unchecked(
                &rows.gpu.client,
                CubeCount::Static(self.n_starts as u32, n_groups as u32, 1),
                CubeDim::new_1d(cut.tile.n_units() as u32),
                BufferArg::from_raw_parts(piece.x.clone(), piece.n_rows * rows.n_columns),
                BufferArg::from_raw_parts(weights, n_weights),
                BufferArg::from_raw_parts(self.centroids.clone(), self.n_starts * self.k * rows.n_columns),
                BufferArg::from_raw_parts(self.squared.clone(), self.n_starts * self.k),
                BufferArg::from_raw_parts(self.state.clone(), 2 * self.n_starts),
                BufferArg::from_raw_parts(labels, n_labels),
                BufferArg::from_raw_parts(self.partials.clone(), self.n_groups * self.n_sums()),
                piece.n_rows,
                rows.n_columns,
                self.k,
                group_rows,
                first_group,
                cut.tile,
                wanted,
            );
        }
    }

    fn accumulate(&self, piece_idx: usize, first_group: usize) {
        let (rows, piece, cut) = (self.rows, &self.rows.pieces[piece_idx], &self.cut);
        let n_slices = self.k.div_ceil(cut.slice_clusters);
        let n_groups = piece.n_rows.div_ceil(cut.group_rows) as u32;
        let n_column_blocks = (rows.n_columns + 1).div_ceil(cut.slice_units) as u32;
        let slice = Slice { clusters: cut.slice_clusters, n_units: cut.slice_units, weighted: rows.is_weighted() };
        let (weights, n_weights) = self.weights(piece_idx);
        // SAFETY: lengths are those of the buffers; the kernel reads rows below `n_rows` and writes partial sums of its own
        // group, clusters and columns.
        unsafe {
            accumulate::launch_unchecked(
                &rows.gpu.client,
                CubeCount::Static((self.n_starts * n_slices) as u32, n_groups, n_column_blocks),
                CubeDim::new_1d(cut.slice_units as u32),
                BufferArg::from_raw_parts(piece.x.clone(), piece.n_rows * rows.n_columns),
                BufferArg::from_raw_parts(weights, n_weights),
                BufferArg::from_raw_parts(self.state.clone(), 2 * self.n_starts),
                BufferArg::from_raw_parts(self.labels[piece_idx].clone(), self.n_starts * piece.n_rows),
                BufferArg::from_raw_parts(self.partials.clone(), self.n_groups * self.n_sums()),
                piece.n_rows,
                rows.n_columns,
                self.k,
                cut.group_rows,
                first_group,
                n_slices,
                slice,
            );
        }
    }

    fn weights(&self, piece_idx: usize) -> (Handle, usize) {
        let piece = &self.rows.pieces[piece_idx];
        piece.weights.as_ref().map_or((self.rows.unread.clone(), 4), |weights| (weights.clone(), piece.n_rows))
    }

    fn fold(&self) {
        let (n_sums, units) = (self.n_sums(), REDUCE_UNITS as u32);
        let (mut from, mut n_blocks) = (&self.partials, self.n_groups);
        for to in &self.folded {
            let n_out = n_blocks.div_ceil(FOLD);
            // SAFETY: lengths are those of the buffers; the kernel reads blocks below `n_blocks` and writes its own.
            unsafe {
                fold::launch_unchecked(
                    &self.rows.gpu.client,
                    CubeCount::Static((n_sums as u32).div_ceil(units), n_out as u32, 1),
                    CubeDim::new_1d(units),
                    BufferArg::from_raw_parts(from.clone(), n_blocks * n_sums),
                    BufferArg::from_raw_parts(to.clone(), n_out * n_sums),
                    n_blocks,
                    n_sums,
                );
            }
            (from, n_blocks) = (to, n_out);
        }
    }

    /// The sums of all groups, `[R, K, D + 1]`.
    fn totals(&self) -> &Handle {
        self.folded.last().expect("there is a round of adding")
    }

    fn update(&self) {
        let (d, client) = (self.rows.n_columns, &self.rows.gpu.client);
        let n_clusters = self.n_starts * self.k;
        // SAFETY: lengths are those of the buffers; a cube moves its own centroid, and decides on its own restart.
        unsafe {
            update::launch_unchecked(
                client,
                CubeCount::Static(self.k as u32, self.n_starts as u32, 1),
                CubeDim::new_1d(REDUCE_UNITS as u32),
                BufferArg::from_raw_parts(self.totals().clone(), self.n_sums()),
                BufferArg::from_raw_parts(self.state.clone(), 2 * self.n_starts),
                BufferArg::from_raw_parts(self.centroids.clone(), n_clusters * d),
                BufferArg::from_raw_parts(self.squared.clone(), n_clusters),
                BufferArg::from_raw_parts(self.moved.clone(), n_clusters),
                self.k,
                d,
                REDUCE_UNITS,
                self.rows.is_cosine(),
            );
            settle::launch_unchecked(
                client,
                CubeCount::Static(self.n_starts as u32, 1, 1),
                CubeDim::new_1d(REDUCE_UNITS as u32),
                BufferArg::from_raw_parts(self.totals().clone(), self.n_sums()),
                BufferArg::from_raw_parts(self.moved.clone(), n_clusters),
                BufferArg::from_raw_parts(self.state.clone(), 2 * self.n_starts),
                self.k,
                d,
                self.stop.enough,
                self.stop.max_iter as u32,
                REDUCE_UNITS,
            );
        }
    }
}
