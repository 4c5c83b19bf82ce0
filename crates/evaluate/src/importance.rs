//! Permutation importance: how much worse the model gets when one feature is shuffled.

use serde::{Deserialize, Serialize};

use crate::bootstrap::{Bootstrap, Estimate};
use crate::comparison::Resampled;
use crate::random::Stream;
use crate::reliability::check_confidence;
use crate::{EvaluateError, Metric, Sample, Scored, ValueMetric, Valued};

/// Random streams from here on shuffle; those below draw resamples.
const SHUFFLE_STREAMS: u64 = 1 << 32;

/// Rows with predictions, and the metric that a shuffle should hurt.
#[derive(Clone, Debug, PartialEq)]
pub enum Judged {
    /// Probabilities.
    Scores(Scored, Metric),
    /// Predicted values.
    Values(Valued, ValueMetric),
}

impl Judged {
    fn n_rows(&self) -> usize {
        match self {
            Self::Scores(scored, _) => scored.ranked().n_rows(),
            Self::Values(valued, _) => valued.n_rows(),
        }
    }

    fn value(&self) -> Result<f64, EvaluateError> {
        match self {
            Self::Scores(scored, metric) => metric.of(scored),
            Self::Values(valued, metric) => metric.of(valued),
        }
    }

    fn with_predictions(&self, predictions: &[f64]) -> Result<Self, EvaluateError> {
        Ok(match self {
            Self::Scores(scored, metric) => Self::Scores(scored.with_probabilities(predictions)?, *metric),
            Self::Values(valued, metric) => Self::Values(valued.with_predictions(predictions)?, *metric),
        })
    }

    const fn higher_is_better(&self) -> Option<bool> {
        match self {
            Self::Scores(_, metric) => metric.higher_is_better(),
            Self::Values(_, metric) => metric.higher_is_better(),
        }
    }

    /// What a bootstrap draws.
    pub(crate) fn n_units(&self) -> usize {
        match self {
            Self::Scores(scored, _) => scored.ranked().n_units,
            Self::Values(valued, _) => valued.n_units,
        }
    }

    /// The metric of one resample; none where it leaves it undefined.
    pub(crate) fn resampled(&self, counts: &[u32]) -> Option<f64> {
        match self {
            Self::Scores(scored, metric) => Sample::from(scored).resampled(counts, &[*metric])[0],
            Self::Values(valued, metric) => valued.resampled(counts, &[*metric])[0],
        }
    }
}

/// How much a metric suffers when one feature is shuffled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Importance {
    /// The feature's position, as the study numbers them.
    pub feature: usize,
    /// Mean loss of quality over the repeats, in the metric's unit: positive where the feature matters, whichever way
    /// the metric points.
    pub loss: Estimate,
    /// The loss of each repeat.
    pub repeats: Vec<f64>,
}

/// A study of permutation importance (Breiman 2001, §10), driven from outside: it says what to shuffle, the caller
/// scores, in batches and with progress as it likes.
///
/// # Example
/// ```
/// use tenure_evaluate::{Bootstrap, ImportanceStudy, Judged, Metric, Scored};
///
/// let feature = [0.9, 0.8, 0.7, 0.6, 0.4, 0.3, 0.2, 0.1];
/// let outcomes = [true, true, false, true, false, true, false, false];
/// let baseline = Scored::new(&feature, &outcomes, None)?; // this "model" is its one feature
/// let bootstrap = Bootstrap { resamples: 50, confidence: 0.9, seed: 1 };
/// let mut study = ImportanceStudy::new(Judged::Scores(baseline, Metric::Auc), 1, 20, bootstrap)?;
/// while let Some(task) = study.next_task() {
///     let scores: Vec<f64> = task.permutation.iter().map(|&row| feature[row as usize]).collect();
///     study.record(&scores)?;
/// }
/// assert!(study.finish()[0].loss.value > 0.0);
/// # Ok::<(), tenure_evaluate::EvaluateError>(())
/// ```
pub struct ImportanceStudy {
    baseline: Judged,
    baseline_value: f64,
    n_features: usize,
    n_repeats: usize,
    bootstrap: Bootstrap,
    done: Vec<Importance>,
    /// Shuffled predictions of the feature under study.
    shuffled: Vec<Judged>,
}

/// One shuffle to be scored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportanceTask {
    /// The feature to shuffle.
    pub feature: usize,
    /// Which of its repeats this is.
    pub repeat: usize,
    /// Row `i` is given the feature's value from row `permutation[i]`.
    pub permutation: Vec<u32>,
}

impl ImportanceStudy {
    /// A study of features 0 to `n_features`, each shuffled `n_repeats` times. `baseline` has the predictions of
    /// unshuffled rows. `bootstrap.seed` also seeds the shuffles.
    pub fn new(
        baseline: Judged,
        n_features: usize,
        n_repeats: usize,
        bootstrap: Bootstrap,
    ) -> Result<Self, EvaluateError> {
        check_confidence(bootstrap.confidence)?;
        if n_repeats == 0 {
            return Err(EvaluateError::Setting { setting: "repeats", expected: "at least 1", found: 0.0 });
        }
        let baseline_value = baseline.value()?;
        let (done, shuffled) = (Vec::new(), Vec::new());
        Ok(Self { baseline, baseline_value, n_features, n_repeats, bootstrap, done, shuffled })
    }

    /// How many times the caller will be asked for scores in all.
    pub fn n_tasks(&self) -> usize {
        self.n_features * self.n_repeats
    }

    /// What to score next; none when all is done. Asking again before recording gives the same task.
    pub fn next_task(&self) -> Option<ImportanceTask> {
        let (feature, repeat) = (self.done.len(), self.shuffled.len());
        if feature == self.n_features {
            return None;
        }
        // Repeats of every feature use the same shuffles, so that features are compared on equal terms.
        let mut stream = Stream::new(self.bootstrap.seed, SHUFFLE_STREAMS + repeat as u64);
        let permutation = stream.permutation(self.baseline.n_rows());
        Some(ImportanceTask { feature, repeat, permutation })
    }

    /// Takes the predictions of the rows with the task's feature shuffled, in the original order of rows.
    pub fn record(&mut self, predictions: &[f64]) -> Result<(), EvaluateError> {
        if self.done.len() == self.n_features {
            return Err(EvaluateError::StudyOver);
        }
        self.shuffled.push(self.baseline.with_predictions(predictions)?);
        if self.shuffled.len() == self.n_repeats {
            let importance = self.conclude()?;
            self.done.push(importance);
            self.shuffled.clear();
        }
        Ok(())
    }

    /// The features studied so far, in their order.
    pub fn finish(self) -> Vec<Importance> {
        self.done
    }

    /// The mean loss over repeats. Its interval is that of one shuffle on resampled rows, resample `i` taking repeat
    /// `i` modulo their number: it covers both the choice of rows and the luck of the shuffle, the latter in full and
    /// not divided by the repeats, and so errs towards too wide.
    fn conclude(&self) -> Result<Importance, EvaluateError> {
        let sign = if self.baseline.higher_is_better() == Some(false) { 1.0 } else { -1.0 };
        let loss = |shuffled: f64| sign * (shuffled - self.baseline_value);
        let values = self.shuffled.iter().map(|shuffled| Ok(loss(shuffled.value()?)));
        let repeats = values.collect::<Result<Vec<_>, EvaluateError>>()?;
        let value = repeats.iter().sum::<f64>() / repeats.len() as f64;
        let pairs = self.bootstrap.paired_differences(&self.baseline, &self.shuffled);
        let losses: Vec<f64> = pairs.into_iter().flatten().map(|difference| sign * difference).collect();
        let interval = self.bootstrap.percentiles(&losses);
        Ok(Importance { feature: self.done.len(), loss: Estimate { value, interval }, repeats })
    }
}
