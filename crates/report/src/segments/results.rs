//! Everything a report of segments is made from.

use serde::{Deserialize, Serialize};
use tenure_evaluate::{Estimate, Explained};
use tenure_segments::{ChosenK, ClassicSummary, Migration, Segment, TierSummary};
use tenure_table::Timestamp;

use crate::results::{DataFacts, Environment, Retention, RunFacts, Setting};

/// The results of one run of the task `segments`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SegmentResults {
    /// Version of this structure: [`crate::FORMAT`].
    pub format: u32,
    /// Which run.
    pub run: RunFacts,
    /// What was read.
    pub data: DataFacts,
    /// The date of the picture (exclusive); only for events.
    pub at: Option<Timestamp>,
    /// Customers in segments.
    pub n_customers: usize,
    /// What was near: `euclidean` or `cosine`.
    pub metric: String,
    /// Names of the encoded columns that were clustered.
    pub columns: Vec<String>,
    /// What a customer's value is: the column; none where the data do not say.
    pub value_column: Option<String>,
    /// How many segments, and why.
    pub choice: ChosenK,
    /// The segments, most valuable customers first.
    pub segments: Vec<Segment>,
    /// Silhouettes of (a sample of) customers; none with one segment.
    pub silhouette: Option<Vec<SilhouetteStrip>>,
    /// Customers in two dimensions.
    pub projection: Option<Projection>,
    /// The classical segments; only for events.
    pub rfm: Option<RfmFacts>,
    /// Customers by value; empty where the value is not known.
    pub tiers: Vec<TierSummary>,
    /// Who moved since an earlier date.
    pub migration: Option<MigrationFacts>,
    /// What segments of an earlier date said about the money spent since.
    pub later: Option<Later>,
    /// Cohort retention; only for events.
    pub retention: Option<Retention>,
    /// Every resolved configuration value.
    pub config: Vec<Setting>,
    /// Software, hardware, seed, timings.
    pub environment: Environment,
    /// What a reader must know before acting on this run, one sentence each.
    pub caveats: Vec<String>,
}

/// Silhouettes of one segment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SilhouetteStrip {
    /// Customers looked at.
    pub n_customers: usize,
    /// Their mean.
    pub mean: f64,
    /// Share of them nearer to another segment on average (silhouette below 0).
    pub share_negative: f64,
    /// Evenly spaced quantiles, descending.
    pub widths: Vec<f64>,
}

/// Customers along the two axes of most variance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Projection {
    /// Share of the encoded columns' variance along each axis.
    pub shares: [f64; 2],
    /// The columns that weigh most on each axis, in words.
    pub meaning: [String; 2],
    /// A sample of customers.
    pub points: Vec<Projected>,
    /// The segments' means, in order.
    pub centres: Vec<[f64; 2]>,
}

/// One customer of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Projected {
    /// Position.
    pub at: [f64; 2],
    /// Place of its segment, from 0.
    pub segment: u32,
}

/// The classical recency-frequency-monetary segments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RfmFacts {
    /// Whether money was scored, or frequency alone.
    pub has_money: bool,
    /// Each segment that has a customer, best first.
    pub summaries: Vec<ClassicSummary>,
    /// Customers by recency score (first index) and score of frequency and money.
    pub grid: [[usize; 5]; 5],
    /// The name of each cell.
    pub names: [[String; 5]; 5],
    /// Adjusted Rand index with the segments found; none with one segment.
    pub agreement: Option<f64>,
}

/// Who moved between two dates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MigrationFacts {
    /// The earlier date.
    pub from: Timestamp,
    /// The later date.
    pub to: Timestamp,
    /// The counts.
    pub migration: Migration,
}

/// Segments made at an earlier date, and the money spent since.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Later {
    /// The earlier date.
    pub from: Timestamp,
    /// The end of the period.
    pub to: Timestamp,
    /// Customers of the earlier date.
    pub n_customers: usize,
    /// Variance of `ln(1 + spend)` explained by the segments, by the classical ones, by random ones.
    pub explained: Vec<Explained>,
    /// Mean spend since by segment of the earlier date.
    pub means: Vec<SegmentMean>,
}

/// What one segment of the earlier date spent since.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SegmentMean {
    /// Its name, from its numbers at the earlier date.
    pub name: String,
    /// Customers.
    pub n_customers: usize,
    /// Mean spend since, with its interval.
    pub mean: Estimate,
    /// Share of them who bought anything since.
    pub share_buying: f64,
}
