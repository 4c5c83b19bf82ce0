//! K-means of encoded customers, and the number of segments.

use tenure_cluster::{Centroids, ClusterError, Device, KMeans, Metric, Rows};
use tenure_config::{Plan, SegmentMetric};
use tenure_segments::{ChosenK, Clusterer, Clustering, Restarts, SegmentError, choose_k};

use super::customers::Customers;
use super::encode::Encoded;
use crate::failure::Failure;
use crate::progress::Progress;

/// The driver with the plan's settings.
pub struct Driver {
    metric: Metric,
    max_iter: usize,
    tolerance: f64,
    /// What computes.
    pub device: Device,
    /// For messages.
    features: Vec<String>,
}

/// What was found.
pub struct Clusters {
    /// The number and why.
    pub choice: ChosenK,
    /// Labels of the picture's customers, and centroids.
    pub clustering: Clustering,
    /// What was clustered: the encoded rows, or their directions.
    pub cells: Vec<f32>,
    /// The driver, for other rows.
    pub driver: Driver,
}

impl Driver {
    /// The plan's.
    pub fn new(plan: &Plan, features: &[String], device: &Device) -> Self {
        Self {
            metric: metric(plan),
            max_iter: plan.segments.max_iter,
            tolerance: plan.segments.tolerance,
            device: device.clone(),
            features: features.to_vec(),
        }
    }

    /// Rows as they are clustered: under cosine, each of length 1, so that Euclidean measures of it are measures of angles.
    pub fn directions(&self, mut cells: Vec<f32>, n_columns: usize) -> Vec<f32> {
        if self.metric == Metric::Cosine {
            for row in cells.chunks_exact_mut(n_columns) {
                let length = row.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
                if length > 0.0 {
                    for x in row {
                        *x = (f64::from(*x) / length) as f32;
                    }
                }
            }
        }
        cells
    }

    /// The centroids as the driver takes them.
    pub fn centroids(&self, values: &[f64], n_columns: usize) -> Result<Centroids, SegmentError> {
        let k = values.len() / n_columns.max(1);
        Centroids::new(values.to_vec(), n_columns, self.metric).map_err(|error| self.failed(k, 0, &error))
    }

    /// What went wrong, in the words of segments.
    pub fn failed(&self, k: usize, n_customers: usize, error: &ClusterError) -> SegmentError {
        let features = self.features.clone();
        match error {
            ClusterError::TooFewDistinct { n_distinct, .. } => {
                SegmentError::TooFewDistinct { k, n_distinct: *n_distinct, n_customers, features }
            }
            ClusterError::TooFewRows { n_rows, .. } => {
                SegmentError::TooFewDistinct { k, n_distinct: *n_rows, n_customers, features }
            }
            ClusterError::Device { message } => SegmentError::Device { message: message.clone() },
            other => SegmentError::Clustering { k, reason: other.to_string() },
        }
    }
}

impl Clusterer for Driver {
    fn fit(&self, cells: &[f32], n_columns: usize, k: usize, restarts: Restarts) -> Result<Clustering, SegmentError> {
        let rows = Rows { x: cells, weights: None, n_columns };
        let settings = KMeans {
            n_init: restarts.n_init,
            max_iter: self.max_iter,
            tolerance: self.tolerance,
            metric: self.metric,
            seed: restarts.seed,
            device: self.device.clone(),
            ..KMeans::new(k)
        };
        let fitted = settings.fit(rows).map_err(|error| self.failed(k, rows.len(), &error))?;
        let centroids = fitted.centroids.values().to_vec();
        Ok(Clustering { labels: fitted.labels, centroids, inertia: fitted.inertia })
    }

    fn assign(&self, cells: &[f32], n_columns: usize, centroids: &[f64]) -> Result<Vec<u32>, SegmentError> {
        let centroids = self.centroids(centroids, n_columns)?;
        let rows = Rows { x: cells, weights: None, n_columns };
        let places =
            centroids.predict_on(&self.device, rows).map_err(|error| self.failed(centroids.k(), rows.len(), &error))?;
        Ok(places.into_iter().map(|place| place.nearest.label).collect())
    }
}

fn metric(plan: &Plan) -> Metric {
    match plan.segments.metric {
        SegmentMetric::Euclidean => Metric::SquaredEuclidean,
        SegmentMetric::Cosine => Metric::Cosine,
    }
}

/// Tries every number of segments that the plan allows, and keeps the one chosen.
pub fn choose(
    plan: &Plan,
    customers: &Customers<'_>,
    encoded: &Encoded,
    device: &Device,
    progress: &mut Progress,
) -> Result<Clusters, Failure> {
    let driver = Driver::new(plan, &customers.features, device);
    let d = encoded.n_columns();
    let cells = driver.directions(encoded.cells.clone(), d);
    let settings = super::choice(plan, customers.now.len());
    let n_tried = settings.k_max + 1 - settings.k_min;
    progress.begin("numbers of segments", Some(n_tried as u64));
    let mut n_done = 0;
    let (choice, clustering) = choose_k(&cells, d, &driver, &settings, &mut |_| {
        n_done += 1;
        progress.at(n_done);
    })?;
    progress.end();
    Ok(Clusters { choice, clustering, cells, driver })
}
