//! From the student to the bundle: the way in one function.

use tenure_artifact::Calibration;
use tenure_artifact::bundle::{Answer, Bundle, Network, Policy, Threshold, ValuePool, ValueScale};
use tenure_config as plan;
use tenure_edge::Model;
use tenure_evaluate::{Metric, ValueMetric, best_threshold};

use crate::integers::{Bits, Shipped};
use crate::measure::{Latency, latency};
use crate::outcomes::Outcomes;
use crate::scores::Scores;
use crate::step::{ChurnQuality, Compressed, Gate, Parity, Step, ValueQuality};
use crate::{CompressError, CompressJob, RawRows, samples};

/// Makes the bundle, and measures every step on the way.
pub fn compress(job: &CompressJob<'_>) -> Result<Compressed, CompressError> {
    let rows = RawRows::new(job.table, &job.preprocessor.inputs)?;
    let judge = Judge { job, rows: &rows, outcomes: Outcomes { table: job.table } };
    let raw_student = judge.raw(job.student)?;
    let parity = judge.parity(&raw_student)?;
    let student = judge.finish(job.student)?;
    let mut steps = vec![judge.teacher_step()?, judge.step("student, f32", &student)?];
    let shipped = match job.settings.precision {
        plan::Precision::F32 => Shipped::of(student, &mut steps),
        plan::Precision::Int8 => judge.integers(&raw_student, Bits::EIGHT, &mut steps)?,
        plan::Precision::Int4 => {
            judge.for_comparison(&raw_student, Bits::EIGHT, &mut steps)?;
            judge.integers(&raw_student, Bits::FOUR, &mut steps)?
        }
    };
    let mut gates = judge.gates(steps.iter().find(|step| step.is_shipped).expect("something is shipped"));
    gates.extend(parity.gates());
    Ok(Compressed {
        shape: shape(job.student),
        precision: job.settings.precision,
        n_rows: [job.rows.train, job.rows.validation, job.rows.test].map(<[u32]>::len),
        file: shipped.file,
        steps,
        candidates: shipped.candidates,
        awareness: shipped.awareness,
        parity,
        gates,
    })
}

fn shape(network: &Network<'_>) -> String {
    let widths = network.layers.iter().map(|layer| layer.n_out.to_string());
    std::iter::once(network.n_inputs.to_string()).chain(widths).collect::<Vec<_>>().join("-")
}

/// What is measured, and by which rows.
pub(crate) struct Judge<'a> {
    pub(crate) job: &'a CompressJob<'a>,
    pub(crate) rows: &'a RawRows<'a>,
    pub(crate) outcomes: Outcomes<'a>,
}

impl Judge<'_> {
    fn bundle<'n>(&self, network: &Network<'n>, answer: Answer<'n>) -> Bundle<'n> {
        Bundle {
            inputs: self.job.preprocessor.inputs.clone(),
            network: Some(network.clone()),
            answer,
            thresholds: Vec::new(),
            policy: Policy::default(),
            samples: Vec::new(),
            metadata: Vec::new(),
            signature: None,
        }
    }

    /// The bytes of a network's bundle before anything is fitted to what it answers.
    pub(crate) fn raw(&self, network: &Network<'_>) -> Result<Vec<u8>, CompressError> {
        let scale = self.job.value.map(|value| ValueScale {
            log_unit: value.log_unit,
            log_cap: value.log_cap,
            pool: None,
            forecast: value.forecast,
        });
        let calibration = self.job.churn.map(|_| Calibration::Identity);
        Ok(self.bundle(network, answer(calibration, scale)?).to_bytes())
    }

    /// The whole bundle of a network: calibrated, brought to the teacher's sum, and given its threshold on validation rows,
    /// through the edge; with samples and metadata.
    pub(crate) fn finish(&self, network: &Network<'_>) -> Result<Vec<u8>, CompressError> {
        let said = Scores::of(&self.raw(network)?, self.rows, self.job.rows.validation)?;
        let scale = self.value_finish(network, &said)?;
        let (calibration, thresholds) = match self.churn_finish(&said)? {
            Some((calibration, threshold)) => (Some(calibration), vec![threshold]),
            None => (None, Vec::new()),
        };
        let mut bundle = self.bundle(network, answer(calibration, scale)?);
        bundle.thresholds = thresholds;
        bundle.metadata = self.job.metadata.to_vec();
        let bare = bundle.to_bytes();
        let cells = samples::cells(self.rows, self.job.rows.train, self.job.seed);
        bundle.samples = samples::scored(&Model::from_bytes(&bare)?, cells)?;
        Ok(bundle.to_bytes())
    }

    fn churn_finish(&self, said: &Scores) -> Result<Option<(Calibration, Threshold)>, CompressError> {
        let Some(churn) = self.job.churn else { return Ok(None) };
        let validation = self.outcomes.churn(&said.churn, self.job.rows.validation)?;
        let calibration = (churn.calibrate)(&validation)?;
        let calibrated = validation.mapped(|p| calibration.apply(p))?;
        let at = best_threshold(&calibrated, churn.profit)?.threshold.min(1.0);
        Ok(Some((calibration, Threshold { name: "profit".into(), at })))
    }

    /// Brings the sum of a network's values to the teacher's and finds which are pooled: on the unlabelled rows of the last
    /// cutoff, else on validation rows, of which `said` is what it says.
    fn value_finish(&self, network: &Network<'_>, said: &Scores) -> Result<Option<ValueScale>, CompressError> {
        let Some(value) = self.job.value else { return Ok(None) };
        let rows = self.job.rows;
        let unlabelled;
        let (picks, said, teacher) = if rows.unlabelled.is_empty() {
            (rows.validation, said, value.teacher_validation)
        } else {
            unlabelled = Scores::of(&self.raw(network)?, self.rows, rows.unlabelled)?;
            (rows.unlabelled, &unlabelled, value.teacher_unlabelled)
        };
        let (found, wanted) = (self.outcomes.total(&said.expected, picks), self.outcomes.total(teacher, picks));
        let shift = if found > 0.0 && wanted > 0.0 { (wanted / found).ln() } else { 0.0 };
        let latest = self.outcomes.latest(picks).into_iter().map(|place| said.expected[place] * shift.exp());
        let pool = pool(latest.collect(), value.pooled_share);
        let log_unit = value.log_unit + shift;
        Ok(Some(ValueScale { log_unit, log_cap: value.log_cap, pool, forecast: value.forecast }))
    }

    fn teacher_step(&self) -> Result<Step, CompressError> {
        let said = Scores {
            churn: self.job.churn.map(|churn| churn.teacher.to_vec()).unwrap_or_default(),
            expected: self.job.value.map(|value| value.teacher.to_vec()).unwrap_or_default(),
            p_buys: Vec::new(),
        };
        let (mut churn, mut value) = (self.churn_quality(&said)?, self.value_quality(&said)?);
        if let Some(quality) = &mut churn {
            quality.against_teacher.clear();
        }
        if let Some(quality) = &mut value {
            quality.against_teacher.clear();
        }
        let teacher = self.job.teacher;
        let latency = Latency { single_us: None, batch_us: teacher.batch_us };
        Ok(Step { name: "teacher", size_bytes: teacher.size_bytes, is_shipped: false, churn, value, latency })
    }

    /// A bundle on the test rows.
    pub(crate) fn step(&self, name: &'static str, file: &[u8]) -> Result<Step, CompressError> {
        let test = self.job.rows.test;
        let said = Scores::of(file, self.rows, test)?;
        let latency = latency(&Model::from_bytes(file)?, self.rows, test)?;
        let (churn, value) = (self.churn_quality(&said)?, self.value_quality(&said)?);
        Ok(Step { name, size_bytes: file.len(), is_shipped: false, churn, value, latency })
    }

    fn churn_quality(&self, said: &Scores) -> Result<Option<ChurnQuality>, CompressError> {
        let Some(churn) = self.job.churn else { return Ok(None) };
        let test = self.job.rows.test;
        let (scored, teacher) = (self.outcomes.churn(&said.churn, test)?, self.outcomes.churn(churn.teacher, test)?);
        let both = self.job.bootstrap.compare(&scored, &teacher, &[Metric::Auc, Metric::LogLoss])?;
        let auc = self.job.bootstrap.estimate(&scored, &[Metric::Auc])?;
        Ok(Some(ChurnQuality {
            auc: both[0].model,
            auc_interval: auc[0].interval,
            log_loss: both[1].model,
            against_teacher: both,
            max_difference: largest_gap(&said.churn, churn.teacher),
        }))
    }

    fn value_quality(&self, said: &Scores) -> Result<Option<ValueQuality>, CompressError> {
        let Some(value) = self.job.value else { return Ok(None) };
        let test = self.job.rows.test;
        let (valued, teacher) = (self.outcomes.value(&said.expected, test)?, self.outcomes.value(value.teacher, test)?);
        let compared = [ValueMetric::NormalizedGini, ValueMetric::Spearman];
        let both = self.job.bootstrap.compare_values(&valued, &teacher, &compared)?;
        let (found, wanted) = (self.outcomes.total(&said.expected, test), self.outcomes.total(value.teacher, test));
        let gini = self.job.bootstrap.estimate_values(&valued, &[ValueMetric::NormalizedGini])?;
        Ok(Some(ValueQuality {
            normalized_gini: both[0].model,
            gini_interval: gini[0].interval,
            spearman: both[1].model,
            rmse: ValueMetric::Rmse.of(&valued)?,
            total_ratio: ValueMetric::TotalRatio.of(&valued)?,
            against_teacher: both,
            total_change: if wanted > 0.0 { found / wanted - 1.0 } else { 0.0 },
        }))
    }

    /// The largest differences between the trainer and the edge, on all rows.
    fn parity(&self, raw_student: &[u8]) -> Result<Parity, CompressError> {
        let all = self.job.rows.all();
        let said = Scores::of(raw_student, self.rows, &all)?;
        let churn = self.job.churn.map_or(0.0, |churn| largest_gap(&said.churn, churn.student));
        let Some(value) = self.job.value else {
            return Ok(Parity { n_rows: all.len(), max_probability_gap: churn, max_value_gap: None });
        };
        let buys = largest_gap(&said.p_buys, value.student_p_buys);
        let times = |row: u32| match value.forecast {
            Some(forecast) => forecast.of(self.rows.number(row, forecast.column)),
            None => 1.0,
        };
        let pairs = said.expected.iter().zip(value.student).zip(&all);
        let relative = pairs.map(|((edge, trainer), &row)| (edge / (trainer * times(row)) - 1.0).abs());
        let max_value_gap = Some(relative.fold(0.0, f64::max));
        Ok(Parity { n_rows: all.len(), max_probability_gap: churn.max(buys), max_value_gap })
    }

    fn gates(&self, shipped: &Step) -> Vec<Gate> {
        let settings = self.job.settings;
        let mut gates = Vec::new();
        if let Some(churn) = &shipped.churn {
            let lost = |i: usize| churn.against_teacher[i].difference.value;
            gates.push(Gate::new("quantize.max_auc_loss", settings.max_auc_loss, -lost(0)));
            gates.push(Gate::new("quantize.max_log_loss_rise", settings.max_log_loss_rise, lost(1)));
        }
        if let Some(value) = &shipped.value {
            let lost = -value.against_teacher[0].difference.value;
            gates.push(Gate::new("quantize.max_gini_loss", settings.max_gini_loss, lost));
            gates.push(Gate::new("quantize.max_total_change", settings.max_total_change, value.total_change.abs()));
        }
        gates
    }
}

/// What these parts answer together.
fn answer(calibration: Option<Calibration>, value: Option<ValueScale>) -> Result<Answer<'static>, CompressError> {
    match (calibration, value) {
        (Some(calibration), None) => Ok(Answer::Churn { calibration }),
        (None, Some(value)) => Ok(Answer::Value(value)),
        (Some(calibration), Some(value)) => Ok(Answer::ChurnValue { calibration, value }),
        (None, None) => Err(CompressError::Network { reason: "it answers neither churn nor value" }),
    }
}

/// The lowest share of these values as one; none where none is pooled.
fn pool(mut values: Vec<f64>, share: f64) -> Option<ValuePool> {
    values.sort_unstable_by(f64::total_cmp);
    let n_pooled = (share * values.len() as f64) as usize;
    let up_to = *values.get(n_pooled.checked_sub(1)?)?;
    let low = &values[..values.partition_point(|value| *value <= up_to)];
    Some(ValuePool { up_to, value: low.iter().sum::<f64>() / low.len() as f64 })
}

fn largest_gap(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_share_is_told_as_its_mean() {
        let values = vec![9.0, 1.0, 3.0, 8.0, 3.0];
        assert_eq!(pool(values.clone(), 0.4), Some(ValuePool { up_to: 3.0, value: 7.0 / 3.0 }));
        assert_eq!(pool(values.clone(), 0.1), None);
        assert_eq!(pool(values, 0.0), None);
    }
}
