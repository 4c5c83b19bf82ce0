//! K-means of encoded customers, and the number of segments.

use std::sync::Arc;
use tenure_cluster::{Centroids, ClusterError, Device, KMeans, Metric, Rows};

use tenure_cluster::{Assignment, Silent};
use tenure_config::{Plan, SegmentMetric};
use tenure_evaluate::Points;
use tenure_segments::{ChosenK, Clusterer, Clustering, Restarts, SegmentError, choose_k};

use super::cells::{Cells, Directions, RowsInFile, to_directions};
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
    /// The customers, where they are not in memory.
    whole: Option<Arc<RowsInFile>>,
    /// Restarts side by side, where they are not.
    together: usize,
}

/// What was found.
pub struct Clusters {
    /// The number and why.
    pub choice: ChosenK,
    /// Labels of the picture's customers, and centroids.
    pub clustering: Clustering,
    /// What was clustered: the encoded rows, or their directions.
    pub cells: Cells,
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
            whole: None,
            together: usize::MAX,
        }
    }

    /// Rows as they are clustered: under cosine, each of length 1, so that Euclidean measures of it are measures of angles.
    pub fn directions(&self, plan: &Plan, cells: Cells, n_columns: usize) -> Result<Cells, SegmentError> {
        match (self.metric, cells) {
            (Metric::SquaredEuclidean, cells) => Ok(cells),
            (Metric::Cosine, Cells::Memory(mut cells)) => {
                to_directions(&mut cells, n_columns);
                Ok(Cells::Memory(cells))
            }
            (Metric::Cosine, Cells::File(rows)) => Cells::spill(plan, &mut Directions::of(rows.source()))
                .map_err(|error| self.failed(plan.segments.k.unwrap_or(plan.segments.k_min), 0, &error)),
        }
    }

    /// Whether rows count as directions.
    pub fn is_cosine(&self) -> bool {
        self.metric == Metric::Cosine
    }

    /// The nearest and the second nearest centroid of rows, with their distances.
    pub fn places(&self, centroids: &Centroids, cells: &[f32]) -> Result<Vec<Assignment>, SegmentError> {
        let rows = Rows { x: cells, weights: None, n_columns: centroids.n_columns() };
        let places = centroids.predict_on(&self.device, rows);
        places.map_err(|error| self.failed(centroids.k(), rows.len(), &error))
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
            other => SegmentError::Clustering { k, reason: super::cells::told(other) },
        }
    }
}

impl Clusterer for Driver {
    fn fit(&self, points: Points<'_>, k: usize, restarts: Restarts) -> Result<Clustering, SegmentError> {
        let settings = KMeans {
            n_init: restarts.n_init,
            max_iter: self.max_iter,
            tolerance: self.tolerance,
            metric: self.metric,
            seed: restarts.seed,
            device: self.device.clone(),
            ..KMeans::new(k)
        };
        let fitted = match (points.in_memory(), &self.whole) {
            (None, Some(whole)) => {
                let settings = KMeans { together: self.together, ..settings };
                settings.fit_source(&mut whole.source(), &mut Silent)
            }
            (cells, _) => {
                let cells = cells.unwrap_or_default();
                settings.fit(Rows { x: cells, weights: None, n_columns: points.n_columns() })
            }
        };
        let fitted = fitted.map_err(|error| self.failed(k, points.n_rows(), &error))?;
        let centroids = fitted.centroids.values().to_vec();
        Ok(Clustering { labels: fitted.labels, centroids, inertia: fitted.inertia })
    }

    fn assign(&self, cells: &[f32], n_columns: usize, centroids: &[f64]) -> Result<Vec<u32>, SegmentError> {
        let places = self.places(&self.centroids(centroids, n_columns)?, cells)?;
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
    let d = encoded.n_columns();
    let mut driver = Driver::new(plan, &customers.features, device);
    driver.together = encoded.together;
    let cells = driver.directions(plan, encoded.cells.clone(), d)?;
    driver.whole = cells.file().cloned();
    if driver.whole.is_some() {
        let megabytes = (4 * d * customers.now.len()).div_ceil(1_000_000);
        let n_init = plan.segments.n_init;
        let at_once = driver.together.min(n_init);
        progress.say(&format!(
            "memory: {megabytes} MB of encoded customers lie in a scratch file; {at_once} of {n_init} restarts at a time"
        ));
    }
    let settings = super::choice(plan, customers.now.len());
    let n_tried = settings.k_max + 1 - settings.k_min;
    progress.begin("numbers of segments", Some(n_tried as u64));
    let mut n_done = 0;
    let (choice, clustering) = choose_k(cells.points(d)?, &driver, &settings, &mut |_| {
        n_done += 1;
        progress.at(n_done);
    })?;
    progress.end();
    Ok(Clusters { choice, clustering, cells, driver })
}
