//! From the student to integers: rounded after its training, and trained for it where that moved its answers.

use tenure_artifact::bundle::Network;
use tenure_config as plan;
use tenure_evaluate::{Metric, ValueMetric};

use crate::compress::Judge;
use crate::quantize::{Quantized, Quantizer, quantize, requantize};
use crate::scores::Scores;
use crate::step::{Awareness, Candidate, Step};
use crate::{CompressError, RangeMethod, dense};

/// How wide weights are, and what their steps are called.
#[derive(Clone, Copy)]
pub(crate) struct Bits {
    of_weights: u8,
    rounded: &'static str,
    aware: &'static str,
}

impl Bits {
    pub(crate) const EIGHT: Self = Self { of_weights: 8, rounded: "student, int8", aware: "int8, trained" };
    pub(crate) const FOUR: Self = Self { of_weights: 4, rounded: "student, int4", aware: "int4, trained" };
}

/// What the bundle holds.
pub(crate) struct Shipped {
    pub(crate) file: Vec<u8>,
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) awareness: Option<Awareness>,
}

impl Shipped {
    /// The file of the last step.
    pub(crate) fn of(file: Vec<u8>, steps: &mut [Step]) -> Self {
        if let Some(step) = steps.last_mut() {
            step.is_shipped = true;
        }
        Self { file, candidates: Vec::new(), awareness: None }
    }
}

impl Judge<'_> {
    /// A step for the table that is not shipped.
    pub(crate) fn for_comparison(
        &self,
        raw_student: &[u8],
        bits: Bits,
        steps: &mut Vec<Step>,
    ) -> Result<(), CompressError> {
        let (rounded, _) = self.post_training(raw_student, bits.of_weights)?;
        steps.push(self.step(bits.rounded, &self.finish(&rounded.network)?)?);
        Ok(())
    }

    /// The student in integers: those of rounding alone, or those it has been trained for.
    pub(crate) fn integers(
        &self,
        raw_student: &[u8],
        bits: Bits,
        steps: &mut Vec<Step>,
    ) -> Result<Shipped, CompressError> {
        let (rounded, candidates) = self.post_training(raw_student, bits.of_weights)?;
        let file = self.finish(&rounded.network)?;
        steps.push(self.step(bits.rounded, &file)?);
        let Some(retrain) = self.job.retrain.filter(|_| self.is_worth_training(&candidates)) else {
            return Ok(Shipped { candidates, ..Shipped::of(file, steps) });
        };
        let learned = retrain(&rounded.scheme).map_err(CompressError::Retraining)?;
        let learned = requantize(&learned, &rounded.scheme)?;
        let awareness = self.awareness(&rounded.network, &learned)?;
        let aware_file = self.finish(&learned)?;
        let aware_step = self.step(bits.aware, &aware_file)?;
        let shipped = if awareness.is_kept {
            steps.push(aware_step);
            Shipped::of(aware_file, steps)
        } else {
            let shipped = Shipped::of(file, steps);
            steps.push(aware_step);
            shipped
        };
        Ok(Shipped { candidates, awareness: Some(awareness), ..shipped })
    }

    fn is_worth_training(&self, candidates: &[Candidate]) -> bool {
        let settings = self.job.settings;
        match settings.aware {
            plan::Aware::Always => true,
            plan::Aware::Never => false,
            plan::Aware::Auto => candidates.first().is_some_and(|best| best.divergence > settings.aware_above),
        }
    }

    /// Which integers answer more like the teacher on validation rows.
    fn awareness(&self, rounded: &Network<'_>, learned: &Network<'_>) -> Result<Awareness, CompressError> {
        let job = self.job;
        let teacher = Scores {
            churn: job.churn.map(|churn| churn.teacher_validation.to_vec()).unwrap_or_default(),
            expected: job.value.map(|value| value.teacher_validation.to_vec()).unwrap_or_default(),
            p_buys: Vec::new(),
        };
        let distance = |network: &Network<'_>| -> Result<f64, CompressError> {
            Ok(teacher.divergence(&Scores::of(&self.raw(network)?, self.rows, job.rows.validation)?))
        };
        let (post_training, aware) = (distance(rounded)?, distance(learned)?);
        Ok(Awareness { post_training, aware, is_kept: aware < post_training })
    }

    /// The integers whose answers on validation rows are nearest to the student's, and all that were tried.
    fn post_training(&self, raw_student: &[u8], bits: u8) -> Result<(Quantized, Vec<Candidate>), CompressError> {
        let job = self.job;
        let n_rows = job.rows.train.len();
        let n = job.settings.calibration_rows.clamp(1, n_rows.max(1));
        let picks: Vec<u32> = (0..n).map(|i| job.rows.train[i * n_rows / n]).collect();
        let inputs = dense::inputs(job.student, job.preprocessor, self.rows, &picks)?;
        let (n_continuous, n_binary, _) = job.preprocessor.layout.widths();
        let exact = Scores::of(raw_student, self.rows, job.rows.validation)?;
        let mut tried = Vec::new();
        for ranges in RangeMethod::ALL {
            for correct_bias in [false, true] {
                let how = Quantizer { bits, ranges, correct_bias, inputs: &inputs, n_continuous, n_binary };
                let made = quantize(job.student, &how)?;
                tried.push((self.candidate(&made.network, &exact, (ranges, correct_bias))?, made));
            }
        }
        tried.sort_by(|a, b| a.0.divergence.total_cmp(&b.0.divergence));
        let (candidates, mut made): (Vec<_>, Vec<_>) = tried.into_iter().unzip();
        Ok((made.swap_remove(0), candidates))
    }

    fn candidate(
        &self,
        network: &Network<'_>,
        exact: &Scores,
        (ranges, correct_bias): (RangeMethod, bool),
    ) -> Result<Candidate, CompressError> {
        let picks = self.job.rows.validation;
        let found = Scores::of(&self.raw(network)?, self.rows, picks)?;
        let mut candidate = Candidate {
            ranges,
            correct_bias,
            divergence: exact.divergence(&found),
            log_loss: None,
            normalized_gini: None,
        };
        if self.job.churn.is_some() {
            candidate.log_loss = Some(Metric::LogLoss.of(&self.outcomes.churn(&found.churn, picks)?)?);
        }
        if self.job.value.is_some() {
            let valued = self.outcomes.value(&found.expected, picks)?;
            candidate.normalized_gini = ValueMetric::NormalizedGini.of(&valued).ok();
        }
        Ok(candidate)
    }
}
