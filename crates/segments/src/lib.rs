//! Customers' figures and clusters into named segments that a person can act on.
//!
//! [`choose_k`] tries each number of segments and says which one to take and why; [`describe`] turns labels into named
//! [`Segment`]s with profiles and one plain sentence each; [`rfm`] gives the classical recency-frequency-monetary scores
//! and segments, [`tiers`] cuts customers by value, and [`migration`] counts who moved between two dates.
//!
//! The crate knows neither tables nor how clusters are found: figures are plain vectors, looked at one after the other
//! ([`Figures`]), and a [`Clusterer`] is handed in.
//! Its invariants: names are unique and depend on figures alone; every figure of a sentence is a figure of its profile;
//! nothing depends on hash maps or threads.
//!
//! # Example
//! ```
//! use tenure_evaluate::Points;
//! use tenure_segments::{Figure, Population, describe};
//!
//! let figures = vec![
//!     Figure::magnitude("recency_days", "days", vec![3.0, 5.0, 300.0, 280.0]),
//!     Figure::magnitude("n_purchases", "purchases", vec![9.0, 11.0, 1.0, 1.0]),
//! ];
//! let encoded = [1.0, 1.0, 1.0, 1.0, -1.0, -1.0, -1.0, -1.0];
//! let encoded = Points::new(&encoded, 2)?;
//! let population = Population { figures: &figures, encoded, value: None, outcome: None };
//! let (order, segments) = describe(&population, &[0, 0, 1, 1])?;
//! assert_eq!(order, [0, 1]);
//! assert_eq!(segments[1].name, "Lapsed one-time buyers");
//! assert_eq!(
//!     segments[0].sentence,
//!     "2 customers (50% of all): the median one last bought 4 days ago and has bought 10 times."
//! );
//! # Ok::<(), tenure_segments::SegmentError>(())
//! ```

mod choose;
mod clusterer;
mod describe;
mod error;
mod explain;
mod figure;
mod migration;
mod name;
mod packed;
mod rfm;
mod sentence;
mod stability;
#[cfg(test)]
mod tests;
mod tiers;
mod words;

pub use choose::{Candidate, ChoiceSettings, ChosenK, Criterion, choose_k};
pub use clusterer::{Clusterer, Clustering, Restarts};
pub use describe::{ColumnProfile, Outcome, Population, Segment, describe, renumber};
pub use error::SegmentError;
pub use explain::{codes, explain};
pub use figure::{Figure, FigureKind, Figures};
pub use migration::{Migration, migration};
pub use rfm::{ClassicSegment, ClassicSummary, Rfm, RfmScores, rfm};
pub use stability::Stability;
pub use tiers::{TierSummary, tier_name, tiers};
