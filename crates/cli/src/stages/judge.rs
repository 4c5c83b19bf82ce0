//! The networks and their baselines on test rows, which nothing has looked at before.

use tenure_config::Plan;
use tenure_data::Loaded;
use tenure_encode::transform;
use tenure_evaluate::{
    Binning, Bootstrap, Metric, Profit, Ranked, Reliability, Sample, Scored, Settings, SliceSettings, SliceTable,
    best_threshold, evaluate_binary, slice_by, summarise_folds,
};
use tenure_report::{Baseline, Evaluation, PartitionCalibration};
use tenure_table::{Table, Values};
use tenure_train::logistic::{self, Logistic};

use super::learn::{Fold, weights};
use super::{groups, partition_name};
use crate::failure::Failure;
use crate::progress::Progress;
use crate::seeds;

/// The feature that the recency rule ranks by: days since the last purchase.
pub const RECENCY: &str = "recency_days";

/// Every test row with every score it was given; rows of all partitions one after the other.
#[derive(Default)]
pub struct TestScores {
    /// Rows of the table.
    pub rows: Vec<u32>,
    /// The partition each row was tested in.
    pub partition: Vec<u32>,
    /// Whether it is positive.
    pub outcome: Vec<bool>,
    /// How much it counts; none where all count alike.
    pub weight: Option<Vec<f64>>,
    /// The networks' mean probability.
    pub raw: Vec<f64>,
    /// The same, calibrated.
    pub calibrated: Vec<f64>,
    /// The logistic regression's probability.
    pub logistic: Vec<f64>,
}

impl TestScores {
    /// Scores the test rows of every partition with the partition's own models, and with the baseline a sceptic would ask
    /// for: a regression on the same rows and encoders.
    pub fn of(loaded: &Loaded, folds: &[Fold], progress: &mut Progress) -> Result<Self, Failure> {
        let n_rows: usize = folds.iter().map(|fold| fold.partition.test.len()).sum();
        progress.begin("score test rows", Some(n_rows as u64));
        let mut scores = Self::default();
        let mut all_weights = Vec::new();
        for (fold_idx, fold) in folds.iter().enumerate() {
            // Before the test rows are there too: what was trained on is most of what a run holds.
            let logistic = regression(loaded, fold)?;
            let test = transform(&fold.preprocessor, &loaded.table, &fold.partition.test)?;
            let raw = fold.trained.predict(&test)?;
            scores.rows.extend_from_slice(&fold.partition.test);
            scores.partition.resize(scores.rows.len(), fold_idx as u32);
            scores.outcome.extend(test.target.iter().map(|&y| y > 0.5));
            scores.calibrated.extend(raw.iter().map(|&p| fold.calibration.map.apply(p)));
            scores.logistic.extend(logistic.predict(&test));
            scores.raw.extend(raw);
            all_weights.extend(weights(&test).unwrap_or_else(|| vec![1.0; test.n_rows()]));
            progress.at(scores.rows.len() as u64);
        }
        scores.weight = all_weights.iter().any(|&w| w != 1.0).then_some(all_weights);
        progress.end();
        Ok(scores)
    }

    /// These probabilities of the test rows, with what happened.
    pub fn scored(&self, probabilities: &[f64]) -> Result<Scored, Failure> {
        Ok(Scored::new(probabilities, &self.outcome, self.weight.as_deref())?)
    }

    /// Places of one partition's rows.
    fn places(&self, partition: usize) -> Vec<u32> {
        (0..self.rows.len() as u32).filter(|&i| self.partition[i as usize] as usize == partition).collect()
    }
}

/// Judges the calibrated networks beside their baselines.
pub fn judge(
    plan: &Plan,
    loaded: &Loaded,
    folds: &[Fold],
    scores: &TestScores,
    progress: &mut Progress,
) -> Result<Evaluation, Failure> {
    progress.begin("evaluate", None);
    let settings = settings(plan, folds)?;
    let model = scores.scored(&scores.calibrated)?;
    let evaluation = Evaluation {
        model: evaluate_binary(&model, &settings)?,
        folds: over_folds(folds.len(), scores, &model, settings.bins)?,
        raw: raw_reliability(plan, scores, &settings)?,
        baselines: baselines(loaded, scores, &model, &settings)?,
        calibration: folds
            .iter()
            .enumerate()
            .filter(|(_, fold)| !fold.calibration.candidates.is_empty())
            .map(|(i, fold)| PartitionCalibration {
                partition: partition_name(i, folds.len()),
                choice: fold.calibration.clone(),
            })
            .collect(),
        importance: Vec::new(),
        slices: slices(plan, loaded, scores, &model, &settings)?,
    };
    progress.end();
    Ok(evaluation)
}

fn settings(plan: &Plan, folds: &[Fold]) -> Result<Settings, Failure> {
    let evaluate = &plan.evaluate;
    let profit = Profit {
        contact_cost: evaluate.profit.contact_cost,
        customer_value: evaluate.profit.customer_value,
        success_rate: evaluate.profit.success_rate,
    };
    Ok(Settings {
        bootstrap: Bootstrap {
            resamples: evaluate.bootstrap,
            confidence: evaluate.confidence,
            seed: seeds::derive(plan.experiment.seed, "bootstrap", 0),
        },
        bins: evaluate.bins,
        threshold: threshold(folds, profit)?,
        profit: Some(profit),
        ..Settings::default()
    })
}

/// The most profitable threshold on validation rows, averaged over partitions: the test rows have no say in it.
fn threshold(folds: &[Fold], profit: Profit) -> Result<f64, Failure> {
    let mut sum = 0.0;
    for fold in folds {
        sum += best_threshold(&fold.validation, profit)?.threshold.min(1.0);
    }
    Ok(sum / folds.len() as f64)
}

fn over_folds(
    n_folds: usize,
    scores: &TestScores,
    pooled: &Scored,
    bins: usize,
) -> Result<Vec<tenure_evaluate::FoldSummary>, Failure> {
    if n_folds < 2 {
        return Ok(Vec::new());
    }
    let parts = (0..n_folds).map(|i| Ok(pooled.select(&scores.places(i))?)).collect::<Result<Vec<_>, Failure>>()?;
    let parts: Vec<Sample> = parts.iter().map(Into::into).collect();
    let metrics =
        [Metric::Auc, Metric::AveragePrecision, Metric::LogLoss, Metric::Brier, Metric::Ece { bins }, Metric::Ks];
    Ok(summarise_folds(&parts, pooled, &metrics)?)
}

fn regression(loaded: &Loaded, fold: &Fold) -> Result<Logistic, Failure> {
    let encoded = |rows: &[u32]| transform(&fold.preprocessor, &loaded.table, rows);
    Ok(logistic::fit(&encoded(&fold.partition.train)?, &encoded(&fold.partition.validation)?)?)
}

fn raw_reliability(plan: &Plan, scores: &TestScores, settings: &Settings) -> Result<Option<Reliability>, Failure> {
    if plan.evaluate.calibration == tenure_config::Calibration::None {
        return Ok(None);
    }
    let raw = scores.scored(&scores.raw)?;
    let confidence = settings.bootstrap.confidence;
    Ok(Some(Reliability::new(&raw, Binning::EqualMass, settings.bins, confidence)?))
}

fn baselines(
    loaded: &Loaded,
    scores: &TestScores,
    model: &Scored,
    settings: &Settings,
) -> Result<Vec<Baseline>, Failure> {
    let bootstrap = settings.bootstrap;
    let logistic = scores.scored(&scores.logistic)?;
    let both = [Metric::Auc, Metric::LogLoss];
    let [auc, log_loss] = <[_; 2]>::try_from(bootstrap.estimate(&logistic, &both)?).expect("one for each metric");
    let mut baselines = vec![Baseline {
        name: "logistic regression".into(),
        description:
            "penalised logistic regression on the same encoded features, its penalty chosen on validation rows".into(),
        auc,
        log_loss: Some(log_loss),
        comparisons: bootstrap.compare(model, &logistic, &both)?,
        roc: tenure_evaluate::roc_curve(&logistic, settings.max_points)?,
    }];
    if let Some(recency) = recency(&loaded.table, &scores.rows) {
        let ranked = Ranked::new(&recency, &scores.outcome, scores.weight.as_deref())?;
        let estimates = bootstrap.estimate(&ranked, &[Metric::Auc])?;
        baselines.push(Baseline {
            name: "recency rule".into(),
            description: "the longer since the last purchase, the likelier to have left".into(),
            auc: estimates.into_iter().next().expect("one for each metric"),
            log_loss: None,
            comparisons: bootstrap.compare(model.ranked(), &ranked, &[Metric::Auc])?,
            roc: tenure_evaluate::roc_curve(&ranked, settings.max_points)?,
        });
    }
    Ok(baselines)
}

/// Days since the last purchase of these rows, where the table knows them. A customer without a purchase (with returns
/// only) ranks as the one who has been away for longest.
fn recency(table: &Table, rows: &[u32]) -> Option<Vec<f64>> {
    let Values::Numeric(days) = &table.column(RECENCY)?.values else { return None };
    let longest = f64::from(f32::MAX);
    let of_row = |&row_idx: &u32| Some(f64::from(days[row_idx as usize])).filter(|days| days.is_finite());
    Some(rows.iter().map(|row_idx| of_row(row_idx).unwrap_or(longest)).collect())
}

/// Slices by the columns that the plan names and by every sensitive column.
fn slices(
    plan: &Plan,
    loaded: &Loaded,
    scores: &TestScores,
    model: &Scored,
    settings: &Settings,
) -> Result<Vec<SliceTable>, Failure> {
    let slice_settings = SliceSettings {
        bootstrap: settings.bootstrap,
        min_rows: plan.evaluate.min_slice_rows,
        bins: settings.bins,
        threshold: settings.threshold,
    };
    groups::columns(plan, &loaded.table)
        .map(|column| {
            let levels = groups::levels(column, &scores.rows);
            let levels: Vec<Option<&str>> = levels.iter().map(Option::as_deref).collect();
            Ok(slice_by(model, &column.name, &levels, &slice_settings)?)
        })
        .collect()
}
