//! A matrix of rows into centroids, labels and distances: k-means in memory or streamed.
//!
//! [`KMeans`] holds the settings; [`KMeans::fit`] takes [`Rows`] in memory, [`KMeans::fit_source`] a [`RowSource`] that
//! gives its rows in passes, [`KMeans::fit_batch`] many independent problems. What comes out is [`Fitted`], whose [`Centroids`] label new rows
//! ([`predict`](Centroids::predict)) and measure them ([`transform`](Centroids::transform)). The hot loops are in
//! `tenure-kernels`.
//!
//! Its invariants: a result depends on rows, settings and seed alone, never on the number of threads or on how streamed
//! rows were cut; what is wrong with rows is a [`ClusterError`] with the row and column, never a NaN in a centroid.

mod centroids;
mod device;
mod error;
mod filled;
mod fit;
mod lloyd;
#[cfg(feature = "gpu")]
mod lloyd_gpu;
mod min_size;
mod mini_batch;
mod nearest;
mod observe;
mod ragged;
mod random;
mod restart;
mod row_file;
mod seeding;
mod seeding_parallel;
mod settings;
mod shared;
mod source;
mod survey;

pub use centroids::{Assignment, Centroids, Near};
pub use device::Device;
pub use error::ClusterError;
pub use fit::{Fitted, RestartSummary};
pub use mini_batch::MiniBatch;
pub use observe::{Iteration, Observer, Silent};
pub use row_file::RowFile;
pub use settings::{Init, KMeans};
pub use shared::SharedRows;
pub use source::RowSource;
pub use survey::Overview;
#[cfg(feature = "gpu")]
pub use tenure_kernels::kmeans::gpu;
pub use tenure_kernels::kmeans::{Metric, Rows};
