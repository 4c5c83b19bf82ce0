//! What to fit, and the checks of it.

use tenure_kernels::kmeans::Metric;

use crate::device::Device;
use crate::error::ClusterError;

/// Where centroids start.
#[derive(Debug, Clone, PartialEq)]
pub enum Init {
    /// Greedy k-means++ (Arthur and Vassilvitskii 2007): each centroid is the best of `2 + ln K` rows drawn by D².
    KMeansPlusPlus,
    /// k-means‖ (Bahmani et al. 2012): a few rounds that each draw about `2·K` rows, then k-means++ on what they found.
    /// Takes far fewer passes than k-means++ where rows are streamed.
    KMeansParallel {
        /// Rounds of drawing; 5 is the paper's advice.
        n_rounds: usize,
    },
    /// `K` different rows drawn by weight.
    Random,
    /// These, `[K, D]` row-major. One restart is enough then.
    Given(Vec<f64>),
}

/// A k-means fit.
///
/// # Example
/// ```
/// use tenure_cluster::{KMeans, Rows};
///
/// let x = [0.0, 0.1, 0.2, 9.0, 9.1, 9.2_f32];
/// let rows = Rows { x: &x, weights: None, n_columns: 1 };
/// let fitted = KMeans::new(2).fit(rows)?;
/// assert_eq!(fitted.labels[0], fitted.labels[2]);
/// assert_ne!(fitted.labels[0], fitted.labels[3]);
/// assert!((fitted.inertia - 0.04).abs() < 1e-6);
/// # Ok::<(), tenure_cluster::ClusterError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct KMeans {
    /// Clusters, `K`.
    pub k: usize,
    /// Restarts from different initial centroids; the lowest inertia wins. All read the rows together.
    pub n_init: usize,
    /// Restarts that are seeded and run side by side, all where there are fewer. Each takes 4 bytes for each row while it
    /// is at work; what comes out does not depend on it.
    pub together: usize,
    /// Most Lloyd iterations of one restart.
    pub max_iter: usize,
    /// A restart ends when its centroids move by less than `tolerance` × the mean variance of the columns (squared
    /// distance, all centroids together), as in scikit-learn. At 0 it ends when no centroid moves, hence no label changes.
    pub tolerance: f64,
    /// Where centroids start.
    pub init: Init,
    /// What near means.
    pub metric: Metric,
    /// Seed of all random choices.
    pub seed: u64,
    /// What computes.
    pub device: Device,
}

impl KMeans {
    /// `k` clusters with the usual settings: 10 restarts of greedy k-means++, at most 300 iterations, tolerance 1e-4.
    pub fn new(k: usize) -> KMeans {
        KMeans {
            k,
            n_init: 10,
            together: usize::MAX,
            max_iter: 300,
            tolerance: 1e-4,
            init: Init::KMeansPlusPlus,
            metric: Metric::SquaredEuclidean,
            seed: 0,
            device: Device::Cpu,
        }
    }

    /// Restarts that differ: one where the centroids are given.
    pub(crate) fn n_restarts(&self) -> usize {
        if matches!(self.init, Init::Given(_)) { 1 } else { self.n_init }
    }

    pub(crate) fn check(&self, n_columns: usize) -> Result<(), ClusterError> {
        at_least_one("k", self.k)?;
        at_least_one("n_init", self.n_init)?;
        at_least_one("together", self.together)?;
        at_least_one("max_iter", self.max_iter)?;
        if !(self.tolerance >= 0.0 && self.tolerance.is_finite()) {
            let (expected, found) = ("a number from 0", self.tolerance.to_string());
            return Err(ClusterError::Setting { setting: "tolerance", expected, found });
        }
        match &self.init {
            Init::KMeansParallel { n_rounds } => at_least_one("n_rounds", *n_rounds),
            Init::Given(centroids) => self.check_given(centroids, n_columns),
            Init::KMeansPlusPlus | Init::Random => Ok(()),
        }
    }

    fn check_given(&self, centroids: &[f64], n_columns: usize) -> Result<(), ClusterError> {
        if centroids.len() != self.k * n_columns {
            let found = format!("{} values for {} × {n_columns}", centroids.len(), self.k);
            return Err(ClusterError::Setting { setting: "init", expected: "k × n_columns values", found });
        }
        match centroids.iter().find(|c| !c.is_finite()) {
            None => Ok(()),
            Some(c) => Err(ClusterError::Setting { setting: "init", expected: "finite numbers", found: c.to_string() }),
        }
    }
}

pub(crate) fn at_least_one(setting: &'static str, value: usize) -> Result<(), ClusterError> {
    if value > 0 {
        return Ok(());
    }
    Err(ClusterError::Setting { setting, expected: "at least 1", found: value.to_string() })
}
