//! Calibration error, the reliability curve, and Murphy's decomposition of the Brier score.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use tenure_artifact::math::normal_quantile;

use crate::metric::brier;
use crate::sample::{Run, View};
use crate::{EvaluateError, Scored};

/// How probabilities are put into bins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Binning {
    /// Bins of equal mass. Rows of one score are never parted: a run goes where the middle of its mass falls, so bins
    /// can be unequal, or fewer.
    EqualMass,
    /// Bins of equal width on 0..=1, closed below; empty ones are left out.
    EqualWidth,
}

/// How far probabilities are from observed rates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reliability {
    /// How the bins were made.
    pub binning: Binning,
    /// The number of bins asked for.
    pub n_bins: usize,
    /// Occupied bins, lowest probabilities first.
    pub curve: Vec<ReliabilityBin>,
    /// Expected calibration error, `Σ mass_k / mass · |mean p − mean y|`.
    pub expected_error: f64,
    /// Largest |mean p − mean y| of a bin.
    pub largest_error: f64,
    /// What `expected_error` would be on average if every probability were right: chance alone puts observed rates
    /// off, `√(2/π) σ_k` in a bin whose observed rate has standard error `σ_k`. An error near this says nothing against
    /// the model.
    pub expected_error_if_calibrated: f64,
    /// The Brier score taken apart over the same bins.
    pub decomposition: Murphy,
}

/// One bin of a reliability curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReliabilityBin {
    /// The lowest probability in the bin.
    pub p_min: f64,
    /// The highest probability in the bin.
    pub p_max: f64,
    /// Rows in the bin.
    pub n_rows: usize,
    /// Their mass over that of all rows.
    pub share: f64,
    /// Mean probability.
    pub mean_probability: f64,
    /// Share of positive rows.
    pub observed_rate: f64,
    /// Lower end of Wilson's interval for the observed rate.
    pub low: f64,
    /// Upper end of Wilson's interval for the observed rate.
    pub high: f64,
}

/// The Brier score taken apart over bins (Murphy 1973), with the two terms that bins of unequal probabilities leave
/// over (Stephenson, Coelho, Jolliffe 2008): exactly
/// `brier = reliability − resolution + uncertainty + within_variance − within_covariance`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Murphy {
    /// The Brier score.
    pub brier: f64,
    /// Mean squared distance of bin probability and bin rate; 0 is best.
    pub reliability: f64,
    /// Mean squared distance of bin rate and base rate; more is better.
    pub resolution: f64,
    /// b (1 − b) of the base rate b, the score of always predicting b.
    pub uncertainty: f64,
    /// Mean variance of probabilities within bins.
    pub within_variance: f64,
    /// Twice the mean covariance of probabilities and outcomes within bins.
    pub within_covariance: f64,
}

impl Reliability {
    /// Bins these probabilities; `confidence` is the coverage of each bin's Wilson interval.
    pub fn new(scored: &Scored, binning: Binning, n_bins: usize, confidence: f64) -> Result<Self, EvaluateError> {
        check_confidence(confidence)?;
        let view = scored.ranked().view();
        let bins = Bins::new(view, binning, n_bins)?;
        Ok(Self {
            binning,
            n_bins,
            curve: bins.bins.iter().rev().map(|bin| bin.describe(view, bins.mass, confidence)).collect(),
            expected_error: bins.expected_error(),
            largest_error: bins.largest_error(),
            expected_error_if_calibrated: bins.expected_error_if_calibrated(view),
            decomposition: bins.decompose(view),
        })
    }
}

/// Wilson's interval for a rate observed in `n` rows (Wilson 1927); `n` may be fractional.
pub fn wilson_interval(rate: f64, n: f64, confidence: f64) -> (f64, f64) {
    let z = normal_quantile(0.5 + 0.5 * confidence);
    let shrink = 1.0 + z * z / n;
    let centre = (rate + 0.5 * z * z / n) / shrink;
    let half = z / shrink * (rate * (1.0 - rate) / n + 0.25 * z * z / (n * n)).sqrt();
    ((centre - half).max(0.0), (centre + half).min(1.0))
}

/// Sums over the rows of one bin, each times its mass.
#[derive(Clone, Debug, Default, PartialEq)]
struct Bin {
    /// Tied runs with mass; those of a bin are neighbours.
    runs: Range<usize>,
    mass: f64,
    p: f64,
    y: f64,
    p_squared: f64,
    p_times_y: f64,
}

/// Occupied bins, highest probabilities first.
pub(crate) struct Bins {
    bins: Vec<Bin>,
    mass: f64,
}

impl Bins {
    pub(crate) fn new(view: View<'_>, binning: Binning, n_bins: usize) -> Result<Self, EvaluateError> {
        if n_bins == 0 {
            return Err(EvaluateError::Setting { setting: "bins", expected: "at least 1", found: 0.0 });
        }
        let mass = view.mass();
        let per_mass = n_bins as f64 / mass;
        let mut bins = vec![Bin::default(); n_bins];
        let mut above = 0.0;
        for (i, run) in view.runs().enumerate() {
            let index = match binning {
                Binning::EqualMass => ((above + 0.5 * run.mass) * per_mass) as usize,
                Binning::EqualWidth => n_bins - 1 - ((run.score * n_bins as f64) as usize).min(n_bins - 1),
            };
            bins[index.min(n_bins - 1)].add(run, i);
            above += run.mass;
        }
        bins.retain(|bin| bin.mass > 0.0);
        Ok(Self { bins, mass })
    }

    pub(crate) fn expected_error(&self) -> f64 {
        self.bins.iter().map(|bin| (bin.p - bin.y).abs()).sum::<f64>() / self.mass
    }

    pub(crate) fn largest_error(&self) -> f64 {
        self.bins.iter().map(|bin| (bin.p - bin.y).abs() / bin.mass).fold(0.0, f64::max)
    }

    fn expected_error_if_calibrated(&self, view: View<'_>) -> f64 {
        let deviations = self.bins.iter().map(|bin| bin.variance_if_calibrated(view).sqrt());
        (2.0 / std::f64::consts::PI).sqrt() * deviations.sum::<f64>() / self.mass
    }

    fn decompose(&self, view: View<'_>) -> Murphy {
        let base_rate = self.bins.iter().map(|bin| bin.y).sum::<f64>() / self.mass;
        let mean = |term: &dyn Fn(&Bin) -> f64| self.bins.iter().map(term).sum::<f64>() / self.mass;
        Murphy {
            brier: brier(view),
            reliability: mean(&|bin| (bin.p - bin.y).powi(2) / bin.mass),
            resolution: mean(&|bin| bin.mass * (bin.y / bin.mass - base_rate).powi(2)),
            uncertainty: base_rate * (1.0 - base_rate),
            within_variance: mean(&|bin| bin.p_squared - bin.p * bin.p / bin.mass),
            within_covariance: mean(&|bin| 2.0 * (bin.p_times_y - bin.p * bin.y / bin.mass)),
        }
    }
}

impl Bin {
    fn add(&mut self, run: Run, i: usize) {
        if run.mass == 0.0 {
            return;
        }
        if self.runs.is_empty() {
            self.runs.start = i;
        }
        self.runs.end = i + 1;
        self.mass += run.mass;
        self.p += run.mass * run.score;
        self.y += run.positive;
        self.p_squared += run.mass * run.score * run.score;
        self.p_times_y += run.positive * run.score;
    }

    /// Places in the ranking.
    fn places(&self, view: View<'_>) -> Range<usize> {
        let start = self.runs.start.checked_sub(1).map_or(0, |before| view.ranked.end[before] as usize);
        start..view.ranked.end[self.runs.end - 1] as usize
    }

    fn describe(&self, view: View<'_>, total_mass: f64, confidence: f64) -> ReliabilityBin {
        let observed_rate = self.y / self.mass;
        let (low, high) = wilson_interval(observed_rate, self.effective_rows(view), confidence);
        ReliabilityBin {
            p_min: view.ranked.score[self.runs.end - 1],
            p_max: view.ranked.score[self.runs.start],
            n_rows: self.places(view).len(),
            share: self.mass / total_mass,
            mean_probability: self.p / self.mass,
            observed_rate,
            low,
            high,
        }
    }

    /// Kish's effective sample size, (Σ w)² / Σ w²: the number of rows where all weigh the same.
    fn effective_rows(&self, view: View<'_>) -> f64 {
        let weights = &view.ranked.weight[self.places(view)];
        self.mass * self.mass / weights.iter().map(|w| w * w).sum::<f64>()
    }

    /// The variance of the positive mass if every probability were right, `Σ w² p (1 − p)`.
    fn variance_if_calibrated(&self, view: View<'_>) -> f64 {
        let mut start = self.places(view).start;
        let mut variance = 0.0;
        for run in self.runs.clone() {
            let (end, p) = (view.ranked.end[run] as usize, view.ranked.score[run]);
            variance += p * (1.0 - p) * view.ranked.weight[start..end].iter().map(|w| w * w).sum::<f64>();
            start = end;
        }
        variance
    }
}

/// Refuses a coverage that is not strictly between 0 and 1.
pub(crate) fn check_confidence(confidence: f64) -> Result<(), EvaluateError> {
    if confidence > 0.0 && confidence < 1.0 {
        return Ok(());
    }
    Err(EvaluateError::Setting { setting: "confidence", expected: "a share between 0 and 1", found: confidence })
}
