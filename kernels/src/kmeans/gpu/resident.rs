//! Rows on the device, moved by their frame, in pieces that fit its buffers.

use cubecl::server::Handle;
use rayon::prelude::*;

use super::adapter::Gpu;
use super::error::GpuError;
use super::tile::Limits;
use crate::kmeans::cpu::Frame;
use crate::kmeans::{Metric, Rows, reference};

/// Largest piece of rows: more would have to lie in one buffer on the host too while it is uploaded.
const PIECE_BYTES: usize = 256 << 20;
/// Labels of a row that fit the buffer of a piece.
const MOST_LABELS: usize = 16;
/// A launch counts groups of rows in one dimension, of which every graphics API allows so many.
pub(super) const MOST_GROUPS: usize = 65_535;

/// Rows on a device.
pub struct Resident {
    pub(super) gpu: Gpu,
    pub(super) frame: Frame,
    pub(super) pieces: Vec<Piece>,
    pub(super) n_rows: usize,
    pub(super) n_columns: usize,
    pub(super) limits: Limits,
    /// Bound where a kernel takes a buffer that it does not look at.
    pub(super) unread: Handle,
    pub(super) unwritten: Handle,
    /// Zeros: the state of restarts that run.
    pub(super) running: Handle,
}

/// Consecutive rows in one buffer.
pub(super) struct Piece {
    pub(super) x: Handle,
    pub(super) weights: Option<Handle>,
    pub(super) n_rows: usize,
}

impl Gpu {
    /// Uploads rows, moved by the frame's shift, or of length 1 under cosine.
    ///
    /// # Shapes
    /// `rows`: `[N, D]`; the frame's shift has `D` values or none.
    pub fn upload(&self, rows: Rows<'_>, frame: &Frame) -> Result<Resident, GpuError> {
        self.upload_in(rows, frame, PIECE_BYTES)
    }

    /// [`upload`](Gpu::upload) in pieces of at most so many bytes.
    pub fn upload_in(&self, rows: Rows<'_>, frame: &Frame, piece_bytes: usize) -> Result<Resident, GpuError> {
        let properties = self.client.properties();
        let max_bytes = piece_bytes.min(usize::try_from(properties.memory.max_page_size).unwrap_or(usize::MAX));
        // Labels of all restarts lie in one buffer too, beside rows that may be narrow.
        let piece_rows = max_bytes / (4 * rows.n_columns.max(MOST_LABELS));
        if piece_rows == 0 {
            return Err(GpuError::RowTooLong { n_columns: rows.n_columns, max_bytes });
        }
        let hardware = &properties.hardware;
        let limits =
            Limits { units: hardware.max_units_per_cube as usize, shared_bytes: hardware.max_shared_memory_size };
        let starts = (0..rows.len()).step_by(piece_rows);
        let pieces = starts.map(|start| self.piece(rows.slice(start, rows.len().min(start + piece_rows)), frame));
        Ok(Resident {
            gpu: self.clone(),
            frame: frame.clone(),
            pieces: pieces.collect(),
            n_rows: rows.len(),
            n_columns: rows.n_columns,
            limits,
            unread: self.write(vec![0.0_f32; 4]),
            unwritten: self.write(vec![0_u32; 4]),
            running: self.write(vec![0_u32; 4]),
        })
    }

    fn piece(&self, rows: Rows<'_>, frame: &Frame) -> Piece {
        let weights = rows.weights.map(|weights| self.write(weights.to_vec()));
        Piece { x: self.write(framed(rows, frame)), weights, n_rows: rows.len() }
    }
}

/// The rows as the kernels compare them.
fn framed(rows: Rows<'_>, frame: &Frame) -> Vec<f32> {
    let mut x = rows.x.to_vec();
    match frame.metric {
        Metric::SquaredEuclidean if frame.shift.is_empty() => {}
        Metric::SquaredEuclidean => x.par_chunks_mut(rows.n_columns).for_each(|row| {
            row.iter_mut().zip(&frame.shift).for_each(|(x, shift)| *x -= shift);
        }),
        Metric::Cosine => x.par_chunks_mut(rows.n_columns).for_each(|row| {
            let inverse = 1.0 / reference::norm(row);
            for x in row {
                *x = (f64::from(*x) * inverse) as f32;
            }
        }),
    }
    x
}

impl Resident {
    /// How many rows.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Columns of each row.
    pub fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// The device.
    pub fn gpu(&self) -> &Gpu {
        &self.gpu
    }

    pub(super) fn is_weighted(&self) -> bool {
        self.pieces.first().is_some_and(|piece| piece.weights.is_some())
    }

    pub(super) fn is_cosine(&self) -> bool {
        self.frame.metric == Metric::Cosine
    }

    fn shift(&self, column: usize) -> f64 {
        self.frame.shift.get(column).map_or(0.0, |&shift| f64::from(shift))
    }

    /// Centroids in the frame of the rows, and their squared lengths.
    pub(super) fn frame_centroids(&self, centroids: &[f64]) -> (Vec<f32>, Vec<f32>) {
        let d = self.n_columns;
        let moved: Vec<f32> = centroids.iter().enumerate().map(|(i, c)| (c - self.shift(i % d)) as f32).collect();
        let squared = |centroid: &[f32]| centroid.iter().map(|&c| f64::from(c).powi(2)).sum::<f64>() as f32;
        let squared = moved.chunks_exact(d).map(squared).collect();
        (moved, squared)
    }

    /// Centroids of the frame as they are outside it.
    pub(super) fn unframe_centroids(&self, centroids: &[f32]) -> Vec<f64> {
        centroids.iter().enumerate().map(|(i, &c)| f64::from(c) + self.shift(i % self.n_columns)).collect()
    }

    /// Sums of moved rows as sums of the rows.
    pub(super) fn unframe_sums(&self, sums: &mut [f64], weights: &[f64]) {
        for (of_cluster, weight) in sums.chunks_exact_mut(self.n_columns).zip(weights) {
            of_cluster.iter_mut().enumerate().for_each(|(j, sum)| *sum += weight * self.shift(j));
        }
    }
}
