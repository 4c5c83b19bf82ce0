//! How good a clustering is: compactness, separation, agreement, and what it says about the future.
//!
//! Everything reads labelled points and nothing else; how the labels came about is no matter. Distances are Euclidean;
//! for spherical k-means, give rows of unit length: there the squared distance is twice the cosine distance.

mod agreement;
mod axes;
mod error;
mod explained;
mod gap;
mod points;
mod separation;
mod silhouette;
#[cfg(test)]
mod tests;

pub use agreement::adjusted_rand;
pub use axes::{PrincipalAxes, principal_axes};
pub use error::ClusteringError;
pub(crate) use error::PAGES;
pub use explained::{Explained, explained, mean_estimate, variance_explained};
pub use gap::{Gap, gap, gap_choice, uniform_reference};
pub use points::{Labelled, PointRows, Points};
pub use separation::{calinski_harabasz, davies_bouldin, within_sum_of_squares};
pub use silhouette::{Silhouette, SilhouetteRow, silhouette};
