//! Centroids, and what they say of rows.

use rayon::prelude::*;
use tenure_kernels::kmeans::cpu::{
    Frame, Level, Panel, assign, assign_with_distances, own_distances, squared_distances,
};
use tenure_kernels::kmeans::{Metric, Rows, chunk_rows};

use crate::device::Device;
use crate::error::ClusterError;
use crate::source::check_shape;
use crate::survey::{check_directions, check_finite};

/// A centroid and how far a row is from it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Near {
    /// Index of the centroid.
    pub label: u32,
    /// Euclidean distance, or `1 − cos`.
    pub distance: f64,
}

/// A row's place among the centroids.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Assignment {
    /// The nearest centroid.
    pub nearest: Near,
    /// The second nearest; none where `K = 1`.
    pub second: Option<Near>,
}

/// Fitted centroids.
#[derive(Debug, Clone, PartialEq)]
pub struct Centroids {
    values: Vec<f64>,
    n_columns: usize,
    frame: Frame,
}

impl Centroids {
    /// Centroids from elsewhere, such as a model file.
    ///
    /// # Shapes
    /// `values`: `[K, n_columns]` row-major.
    pub fn new(values: Vec<f64>, n_columns: usize, metric: Metric) -> Result<Centroids, ClusterError> {
        if n_columns == 0 {
            return Err(ClusterError::NoColumns);
        }
        if values.is_empty() || !values.len().is_multiple_of(n_columns) {
            return Err(ClusterError::Ragged { n_values: values.len(), n_columns });
        }
        if let Some(c) = values.iter().find(|c| !c.is_finite()) {
            return Err(ClusterError::Setting {
                setting: "centroids",
                expected: "finite numbers",
                found: c.to_string(),
            });
        }
        let k = values.len() / n_columns;
        let mean = |j: usize| (0..k).map(|i| values[i * n_columns + j]).sum::<f64>() / k as f64;
        let shift = match metric {
            Metric::SquaredEuclidean => (0..n_columns).map(|j| mean(j) as f32).collect(),
            Metric::Cosine => Vec::new(),
        };
        Ok(Centroids::framed(values, n_columns, Frame { metric, shift }))
    }

    pub(crate) fn framed(mut values: Vec<f64>, n_columns: usize, frame: Frame) -> Centroids {
        if frame.metric == Metric::Cosine {
            values.chunks_exact_mut(n_columns).for_each(to_unit);
        }
        Centroids { values, n_columns, frame }
    }

    /// How many, `K`.
    pub fn k(&self) -> usize {
        self.values.len() / self.n_columns
    }

    /// Columns of each, `D`.
    pub fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// What near means.
    pub fn metric(&self) -> Metric {
        self.frame.metric
    }

    /// Centroid `k`, `[D]`; of length 1 under cosine.
    pub fn get(&self, k: usize) -> &[f64] {
        &self.values[k * self.n_columns..(k + 1) * self.n_columns]
    }

    /// All, `[K, D]` row-major.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// Nearest and second nearest centroid of each row, with distances. Weights are not looked at.
    pub fn predict(&self, rows: Rows<'_>) -> Result<Vec<Assignment>, ClusterError> {
        self.check(rows)?;
        let chunks = self.chunks(rows);
        let parts: Vec<Vec<Assignment>> = chunks.par_iter().map(|&chunk| self.predict_chunk(chunk)).collect();
        Ok(parts.concat())
    }

    /// [`predict`](Centroids::predict) on a device: which centroids are near is found there, how far in `f64` on the CPU.
    pub fn predict_on(&self, device: &Device, rows: Rows<'_>) -> Result<Vec<Assignment>, ClusterError> {
        match device {
            Device::Cpu => self.predict(rows),
            #[cfg(feature = "gpu")]
            Device::Gpu(gpu) => self.predict_on_gpu(gpu, rows),
        }
    }

    #[cfg(feature = "gpu")]
    fn predict_on_gpu(
        &self,
        gpu: &tenure_kernels::kmeans::gpu::Gpu,
        rows: Rows<'_>,
    ) -> Result<Vec<Assignment>, ClusterError> {
        self.check(rows)?;
        let labels = gpu.upload(rows, &self.frame)?.label(&self.values, true)?;
        let chunk = chunk_rows(self.k());
        let labels = labels.nearest.par_chunks(chunk).zip(labels.second.par_chunks(chunk));
        let chunks = labels.zip(self.chunks(rows));
        let parts: Vec<Vec<Assignment>> =
            chunks.map(|((labels, seconds), rows)| self.assignments(rows, labels, seconds)).collect();
        Ok(parts.concat())
    }

    /// Euclidean distance (or `1 − cos`) of each row to each centroid.
    ///
    /// # Shapes
    /// Returns `[N, K]` row-major.
    pub fn transform(&self, rows: Rows<'_>) -> Result<Vec<f32>, ClusterError> {
        self.check(rows)?;
        let panel = Panel::points(Level::detect(), &self.frame, &self.values, self.n_columns);
        let chunk = chunk_rows(self.k());
        let mut out = vec![0.0; rows.len() * self.k()];
        out.par_chunks_mut(chunk * self.k()).zip(self.chunks(rows)).for_each(|(out, rows)| {
            squared_distances(&panel, rows, &mut *out);
            for squared in out {
                *squared = self.distance_of(*squared);
            }
        });
        Ok(out)
    }

    /// Label of each row and its squared distance (or `1 − cos`) in `f64`, `[N]` each.
    pub(crate) fn label(&self, rows: Rows<'_>, labels: &mut [u32], distances: &mut [f64]) {
        let panel = Panel::scores(Level::detect(), &self.frame, &self.values, self.n_columns);
        let chunk = chunk_rows(self.k());
        let out = labels.par_chunks_mut(chunk).zip(distances.par_chunks_mut(chunk));
        out.zip(self.chunks(rows)).for_each(|((labels, distances), rows)| {
            assign_with_distances(&panel, &self.values, rows, labels, distances);
        });
    }

    /// Squared distance (or `1 − cos`) of each row to the centroid its label names.
    pub(crate) fn own_distances(&self, rows: Rows<'_>, labels: &[u32]) -> Vec<f64> {
        let mut distances = vec![0.0; rows.len()];
        own_distances(Level::detect(), rows, labels, &self.values, self.frame.metric, &mut distances);
        distances
    }

    pub(crate) fn frame(&self) -> &Frame {
        &self.frame
    }

    fn predict_chunk(&self, rows: Rows<'_>) -> Vec<Assignment> {
        let panel = Panel::scores(Level::detect(), &self.frame, &self.values, self.n_columns);
        let (mut labels, mut seconds) = (vec![0; rows.len()], vec![0; rows.len()]);
        assign(&panel, rows, &mut labels, Some(&mut seconds));
        self.assignments(rows, &labels, &seconds)
    }

    /// The labels with their distances.
    fn assignments(&self, rows: Rows<'_>, labels: &[u32], seconds: &[u32]) -> Vec<Assignment> {
        let near = |labels: &[u32]| -> Vec<Near> {
            let distances = self.own_distances(rows, labels);
            let near = |(&label, &distance): (&u32, &f64)| Near { label, distance: self.exact_distance_of(distance) };
            labels.iter().zip(&distances).map(near).collect()
        };
        let pairs = near(labels).into_iter().zip(near(seconds));
        let several = self.k() > 1;
        pairs.map(|(nearest, second)| Assignment { nearest, second: several.then_some(second) }).collect()
    }

    fn chunks<'a>(&self, rows: Rows<'a>) -> Vec<Rows<'a>> {
        let chunk = chunk_rows(self.k());
        let starts = (0..rows.len()).step_by(chunk);
        starts.map(|start| rows.slice(start, rows.len().min(start + chunk))).collect()
    }

    /// Squared distance of unit rows is `2·(1 − cos)`.
    fn distance_of(&self, squared: f32) -> f32 {
        match self.frame.metric {
            Metric::SquaredEuclidean => squared.sqrt(),
            Metric::Cosine => squared / 2.0,
        }
    }

    fn exact_distance_of(&self, distance: f64) -> f64 {
        match self.frame.metric {
            Metric::SquaredEuclidean => distance.sqrt(),
            Metric::Cosine => distance,
        }
    }

    fn check(&self, rows: Rows<'_>) -> Result<(), ClusterError> {
        check_shape(rows, self.n_columns)?;
        check_finite(rows, 0)?;
        match self.frame.metric {
            Metric::SquaredEuclidean => Ok(()),
            Metric::Cosine => check_directions(rows, 0),
        }
    }
}

/// Scales to length 1; a centroid at the origin stays.
pub(crate) fn to_unit(centroid: &mut [f64]) {
    let norm = centroid.iter().map(|c| c * c).sum::<f64>().sqrt();
    if norm > 0.0 {
        for c in centroid {
            *c /= norm;
        }
    }
}
