//! `[segments]`: how customers are put into segments.

use serde::{Deserialize, Serialize};
use tenure_table::{Span, Timestamp};

/// `[segments]`, read where `experiment.task = "segments"`.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Segments {
    /// How many segments: a number, or `"auto"` to try every one from `k_min` to `k_max`.
    #[schemars(with = "String")]
    pub k: Option<usize>,
    /// `k = "auto"`: the fewest segments tried.
    pub k_min: usize,
    /// `k = "auto"`: the most segments tried.
    pub k_max: usize,
    /// `k = "auto"`: what decides, among numbers whose segments are large enough and stable.
    pub criterion: SegmentCriterion,
    /// The features that tell customers apart; none means recency, frequency, money and tenure of a log, and every feature
    /// of a customer table.
    pub features: Vec<String>,
    /// What a customer is worth, for the order and shares of segments and for tiers; where it is not given, the money spent
    /// before the date (`spend_sum`), or nothing in a customer table.
    pub value: Option<String>,
    /// Ends of the value tiers, as ascending shares of customers: 0.01 is the top one in a hundred.
    pub tiers: Vec<f64>,
    /// The date of the picture: only events before it count. Where it is not given, the end of the data.
    #[schemars(with = "Option<String>")]
    pub at: Option<Timestamp>,
    /// An earlier picture, so long before the date: customers' moves since then are shown, and segments made then are judged
    /// by the money spent since.
    #[schemars(with = "Option<String>")]
    pub compare_back: Option<Span>,
    /// What near means.
    pub metric: SegmentMetric,
    /// K-means starts from so many different centroids and keeps the best.
    pub n_init: usize,
    /// Iterations of one start, at most.
    pub max_iter: usize,
    /// A start ends when its centroids move by less than this share of the features' variance.
    pub tolerance: f64,
    /// The share of customers that every segment must have, where `k = "auto"`.
    pub min_share: f64,
    /// Segments count as stable when they come back from bootstraps with at least this mean adjusted Rand index.
    pub min_stability: f64,
    /// Bootstraps, other seeds, and references of the gap statistic, for each number of segments.
    pub n_refits: usize,
    /// Bootstraps, references and silhouettes look at no more customers than this; a larger set is sampled.
    pub max_sample: usize,
    /// Where the encoded customers would take more memory than this, they are kept in a scratch file in the folder of runs, and
    /// so is a customer table itself: what is told is the same, to the bit, and takes longer. Where it is not given, everything
    /// is in memory.
    #[schemars(with = "Option<String>")]
    pub memory: Option<u64>,
}

choices! {
    /// What decides between numbers of segments.
    SegmentCriterion {
        /// The highest mean silhouette (Rousseeuw 1987).
        Silhouette = "silhouette",
        /// The highest ratio of variance between to variance within (1974).
        CalinskiHarabasz = "calinski_harabasz",
        /// The lowest ratio of spread to distance (1979).
        DaviesBouldin = "davies_bouldin",
        /// The first gap within a standard error of the next (Tibshirani et al. 2001).
        Gap = "gap",
        /// The highest mean adjusted Rand index over bootstraps.
        Stability = "stability",
    }
}

choices! {
    /// What near means.
    SegmentMetric {
        /// Squared Euclidean distance of encoded features.
        Euclidean = "euclidean",
        /// The angle between encoded features (spherical k-means): what customers are like, not how much.
        Cosine = "cosine",
    }
}
