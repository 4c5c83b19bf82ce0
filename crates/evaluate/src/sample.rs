//! Scores and outcomes, checked and sorted once.

use rayon::prelude::*;

use crate::EvaluateError;

/// Log loss clips probabilities into `CLIP..=1 - CLIP` before the logarithm.
pub const LOG_LOSS_CLIP: f64 = 1e-15;

/// Scores that rank rows, with what happened to each: enough for AUC, lift and the like.
///
/// Rows are kept in descending order of score, tied rows in their original order; no metric depends on the order of
/// tied rows. With clusters (see [`Ranked::in_clusters`]) the bootstrap draws clusters instead of rows.
///
/// # Example
/// ```
/// use tenure_evaluate::{Metric, Ranked};
///
/// let days_since_purchase = [200.0, 3.0, 90.0, 10.0];
/// let churned = [true, false, false, true];
/// let recency_rule = Ranked::new(&days_since_purchase, &churned, None)?;
/// assert_eq!(Metric::Auc.of(&recency_rule)?, 0.75);
/// # Ok::<(), tenure_evaluate::EvaluateError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    /// By place: the original index of the row.
    pub(crate) row: Vec<u32>,
    /// By place: 1 for positive, 0 for negative.
    pub(crate) outcome: Vec<f64>,
    /// By place.
    pub(crate) weight: Vec<f64>,
    /// By place: what the bootstrap draws, the row's own index or its cluster's.
    pub(crate) unit: Vec<u32>,
    pub(crate) n_units: usize,
    /// By tied run: its score.
    pub(crate) score: Vec<f64>,
    /// By tied run: the place after its last.
    pub(crate) end: Vec<u32>,
    /// By tied run: its mass, each row by its weight.
    pub(crate) mass: RunMass,
    pub(crate) weighted: bool,
    pub(crate) clustered: bool,
}

/// The mass of each tied run.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RunMass {
    pub(crate) all: Vec<f64>,
    pub(crate) positive: Vec<f64>,
}

impl Ranked {
    /// Checks and sorts `[B]` scores, `[B]` outcomes and, where rows count unequally, `[B]` weights.
    pub fn new(scores: &[f64], outcomes: &[bool], weights: Option<&[f64]>) -> Result<Self, EvaluateError> {
        check(scores, outcomes, weights)?;
        let mut row: Vec<u32> = (0..scores.len() as u32).collect();
        // Adding zero turns -0.0 into 0.0, which `total_cmp` would tell apart.
        let score_of = |r: u32| scores[r as usize] + 0.0;
        row.par_sort_by(|&a, &b| score_of(b).total_cmp(&score_of(a)).then(a.cmp(&b)));
        let end = run_ends(&row.iter().map(|&r| score_of(r)).collect::<Vec<_>>());
        let mut ranked = Self {
            outcome: row.iter().map(|&r| f64::from(u8::from(outcomes[r as usize]))).collect(),
            weight: row.iter().map(|&r| weights.map_or(1.0, |w| w[r as usize])).collect(),
            unit: row.clone(),
            n_units: scores.len(),
            score: end.iter().map(|&end| score_of(row[end as usize - 1])).collect(),
            mass: RunMass::default(),
            weighted: weights.is_some(),
            clustered: false,
            end,
            row,
        };
        ranked.mass = ranked.mass_by_run(&ranked.weight);
        Ok(ranked)
    }

    /// Says which customer each row, in its original order, belongs to; rows of one customer are drawn together.
    pub fn in_clusters(mut self, clusters: &[u32]) -> Result<Self, EvaluateError> {
        check_length("clusters", self.n_rows(), clusters.len())?;
        let mut names = clusters.to_vec();
        names.sort_unstable();
        names.dedup();
        let index = |name: u32| names.partition_point(|&other| other < name) as u32;
        self.unit = self.row.iter().map(|&r| index(clusters[r as usize])).collect();
        self.n_units = names.len();
        self.clustered = true;
        Ok(self)
    }

    /// The number of rows, B.
    pub fn n_rows(&self) -> usize {
        self.row.len()
    }

    /// The number of positive rows, whatever their weight.
    pub fn n_positive(&self) -> usize {
        self.outcome.iter().filter(|&&y| y == 1.0).count()
    }

    /// The number of clusters, where rows have them.
    pub fn n_clusters(&self) -> Option<usize> {
        self.clustered.then_some(self.n_units)
    }

    /// The whole set, each row with its own weight.
    pub(crate) fn view(&self) -> View<'_> {
        View::new(self, &self.mass)
    }

    /// The mass of each run when the row at place `i` counts `mass[i]`.
    pub(crate) fn mass_by_run(&self, mass: &[f64]) -> RunMass {
        let n_runs = self.end.len();
        let mut runs = RunMass { all: Vec::with_capacity(n_runs), positive: Vec::with_capacity(n_runs) };
        let mut start = 0;
        for &end in &self.end {
            let places = start..end as usize;
            start = end as usize;
            let (mut all, mut positive) = (0.0, 0.0);
            for (m, y) in mass[places.clone()].iter().zip(&self.outcome[places]) {
                all += m;
                positive += m * y;
            }
            runs.all.push(all);
            runs.positive.push(positive);
        }
        runs
    }
}

/// Predicted probabilities with what happened.
///
/// # Example
/// ```
/// use tenure_evaluate::{Metric, Scored};
///
/// let scored = Scored::new(&[0.9, 0.2, 0.6], &[true, false, false], None)?;
/// assert_eq!(Metric::Auc.of(&scored)?, 1.0);
/// assert!((Metric::Brier.of(&scored)? - (0.01 + 0.04 + 0.36) / 3.0).abs() < 1e-15);
/// assert!(Scored::new(&[1.2], &[true], None).is_err());
/// # Ok::<(), tenure_evaluate::EvaluateError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    ranked: Ranked,
    /// By tied run: the log loss of a positive and of a negative row.
    pub(crate) loss: Vec<[f64; 2]>,
}

impl Scored {
    /// Checks and sorts `[B]` probabilities, `[B]` outcomes and, where rows count unequally, `[B]` weights.
    pub fn new(probabilities: &[f64], outcomes: &[bool], weights: Option<&[f64]>) -> Result<Self, EvaluateError> {
        let outside = probabilities.iter().position(|p| !p.is_nan() && !(0.0..=1.0).contains(p));
        if let Some(row_idx) = outside {
            return Err(EvaluateError::NotAProbability { row_idx, found: probabilities[row_idx] });
        }
        let ranked = Ranked::new(probabilities, outcomes, weights)?;
        let loss = ranked.score.iter().map(|&p| [row_log_loss(p, true), row_log_loss(p, false)]).collect();
        Ok(Self { ranked, loss })
    }

    /// See [`Ranked::in_clusters`].
    pub fn in_clusters(mut self, clusters: &[u32]) -> Result<Self, EvaluateError> {
        self.ranked = self.ranked.in_clusters(clusters)?;
        Ok(self)
    }

    /// The same rows with each probability mapped, as by a calibration map.
    pub fn mapped(&self, map: impl Fn(f64) -> f64) -> Result<Self, EvaluateError> {
        let mut rows = self.rows();
        rows.scores.iter_mut().for_each(|p| *p = map(*p));
        rows.scored()
    }

    /// The same rows with other probabilities, in the original order of rows.
    pub fn with_probabilities(&self, probabilities: &[f64]) -> Result<Self, EvaluateError> {
        Rows { scores: probabilities.to_vec(), ..self.rows() }.scored()
    }

    /// The rows with these original indices, as a set of their own.
    pub fn select(&self, row_indices: &[u32]) -> Result<Self, EvaluateError> {
        self.rows().select(row_indices).scored()
    }

    /// The rows in their original order.
    pub(crate) fn rows(&self) -> Rows {
        let ranked = &self.ranked;
        let (mut place, mut run) = (vec![0; ranked.n_rows()], vec![0; ranked.n_rows()]);
        let mut current = 0;
        for (i, &row) in ranked.row.iter().enumerate() {
            current += usize::from(i == ranked.end[current] as usize);
            (place[row as usize], run[row as usize]) = (i, current);
        }
        Rows {
            scores: run.iter().map(|&i| ranked.score[i]).collect(),
            outcomes: place.iter().map(|&i| ranked.outcome[i] == 1.0).collect(),
            weights: ranked.weighted.then(|| place.iter().map(|&i| ranked.weight[i]).collect()),
            clusters: ranked.clustered.then(|| place.iter().map(|&i| ranked.unit[i]).collect()),
        }
    }

    /// The ranking, without the claim that its scores are probabilities.
    pub fn ranked(&self) -> &Ranked {
        &self.ranked
    }
}

/// Scored rows in their original order.
pub(crate) struct Rows {
    pub(crate) scores: Vec<f64>,
    pub(crate) outcomes: Vec<bool>,
    weights: Option<Vec<f64>>,
    clusters: Option<Vec<u32>>,
}

impl Rows {
    pub(crate) fn select(&self, row_indices: &[u32]) -> Self {
        Self {
            scores: gather(&self.scores, row_indices),
            outcomes: gather(&self.outcomes, row_indices),
            weights: self.weights.as_ref().map(|weights| gather(weights, row_indices)),
            clusters: self.clusters.as_ref().map(|clusters| gather(clusters, row_indices)),
        }
    }

    pub(crate) fn scored(&self) -> Result<Scored, EvaluateError> {
        let scored = Scored::new(&self.scores, &self.outcomes, self.weights.as_deref())?;
        match &self.clusters {
            Some(clusters) => scored.in_clusters(clusters),
            None => Ok(scored),
        }
    }

    pub(crate) fn weight(&self, row_idx: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| weights[row_idx])
    }

    /// What the row must not be parted from: its cluster, or itself.
    pub(crate) fn unit(&self, row_idx: usize) -> usize {
        self.clusters.as_ref().map_or(row_idx, |clusters| clusters[row_idx] as usize)
    }
}

fn gather<T: Copy>(values: &[T], row_indices: &[u32]) -> Vec<T> {
    row_indices.iter().map(|&row| values[row as usize]).collect()
}

/// What a metric can be computed of; made by `into()` from `&Scored` or `&Ranked`.
#[derive(Clone, Copy, Debug)]
pub enum Sample<'a> {
    /// Probabilities: every metric.
    Probabilities(&'a Scored),
    /// Ranks: metrics of the order only.
    Ranks(&'a Ranked),
}

impl<'a> Sample<'a> {
    /// The ranking.
    pub fn ranked(self) -> &'a Ranked {
        match self {
            Self::Probabilities(scored) => &scored.ranked,
            Self::Ranks(ranked) => ranked,
        }
    }
}

impl<'a> From<&'a Scored> for Sample<'a> {
    fn from(scored: &'a Scored) -> Self {
        Self::Probabilities(scored)
    }
}

impl<'a> From<&'a Ranked> for Sample<'a> {
    fn from(ranked: &'a Ranked) -> Self {
        Self::Ranks(ranked)
    }
}

/// A ranking whose rows count by their weights, or by how often a resample drew them.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) ranked: &'a Ranked,
    mass: &'a RunMass,
    pub(crate) totals: Totals,
}

/// A run of equal scores.
#[derive(Clone, Copy)]
pub(crate) struct Run {
    pub(crate) score: f64,
    pub(crate) mass: f64,
    pub(crate) positive: f64,
}

/// The mass of each class.
#[derive(Clone, Copy)]
pub(crate) struct Totals {
    pub(crate) positive: f64,
    pub(crate) negative: f64,
}

impl<'a> View<'a> {
    pub(crate) fn new(ranked: &'a Ranked, mass: &'a RunMass) -> Self {
        let positive = mass.positive.iter().sum();
        let negative = mass.all.iter().sum::<f64>() - positive;
        Self { ranked, mass, totals: Totals { positive, negative } }
    }

    /// Runs of equal scores, highest score first; some may have no mass.
    pub(crate) fn runs(self) -> impl Iterator<Item = Run> + 'a {
        let masses = self.mass.all.iter().zip(&self.mass.positive);
        let runs = self.ranked.score.iter().zip(masses);
        runs.map(|(&score, (&mass, &positive))| Run { score, mass, positive })
    }

    /// The mass of all rows.
    pub(crate) fn mass(self) -> f64 {
        self.totals.positive + self.totals.negative
    }

    /// The mass of each class, where both have some.
    pub(crate) fn both_classes(self, metric: &'static str) -> Result<Totals, EvaluateError> {
        let missing = match (self.totals.positive > 0.0, self.totals.negative > 0.0) {
            (true, true) => return Ok(self.totals),
            (false, _) => "positive",
            (true, false) => "negative",
        };
        Err(EvaluateError::OneClass { metric, n_rows: self.ranked.n_rows(), missing })
    }
}

/// The log loss of one row, in nats.
pub(crate) fn row_log_loss(p: f64, positive: bool) -> f64 {
    let p = p.clamp(LOG_LOSS_CLIP, 1.0 - LOG_LOSS_CLIP);
    if positive { -p.ln() } else { -(-p).ln_1p() }
}

fn run_ends(descending: &[f64]) -> Vec<u32> {
    let n = descending.len();
    (1..=n).filter(|&end| end == n || descending[end] != descending[end - 1]).map(|end| end as u32).collect()
}

/// Refuses scores, outcomes and weights of unequal lengths, with impossible values, or that count nothing.
pub(crate) fn check(scores: &[f64], outcomes: &[bool], weights: Option<&[f64]>) -> Result<(), EvaluateError> {
    let n_rows = scores.len();
    check_length("outcomes", n_rows, outcomes.len())?;
    check_length("weights", n_rows, weights.map_or(n_rows, <[f64]>::len))?;
    if n_rows == 0 {
        return Err(EvaluateError::Empty);
    }
    if let Some(row_idx) = scores.iter().position(|s| s.is_nan()) {
        return Err(EvaluateError::NanScore { row_idx });
    }
    check_weights(n_rows, weights)
}

/// Refuses weights that are impossible, or that count nothing.
pub(crate) fn check_weights(n_rows: usize, weights: Option<&[f64]>) -> Result<(), EvaluateError> {
    let weights = weights.unwrap_or(&[1.0]);
    if let Some(row_idx) = weights.iter().position(|w| !(w.is_finite() && *w >= 0.0)) {
        return Err(EvaluateError::BadWeight { row_idx, found: weights[row_idx] });
    }
    if weights.iter().all(|w| *w == 0.0) { Err(EvaluateError::ZeroWeight { n_rows }) } else { Ok(()) }
}

pub(crate) fn check_length(what: &'static str, expected: usize, found: usize) -> Result<(), EvaluateError> {
    if expected == found { Ok(()) } else { Err(EvaluateError::Lengths { what, expected, found }) }
}
