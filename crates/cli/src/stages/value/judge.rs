//! Predictions of value on test rows, which nothing has looked at before, beside their baselines.

use serde::{Deserialize, Serialize};
use tenure_config::Plan;
use tenure_data::Loaded;
use tenure_evaluate::{
    BinaryEvaluation, Bootstrap, Coverage, PitHistogram, Scored, Settings, Targeting, ValueComparison, ValueEvaluation,
    ValueMetric, ValueSettings, ValueSliceTable, Valued, defined_for, evaluate_binary, evaluate_value,
};
use tenure_report::value::ValueImportance;
use tenure_table::{Role, Values};

use super::baselines::{Rival, rivals};
use super::forecast::Forecasts;
use super::learn::ValueFold;
use super::scores::ValueScores;
use super::study;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::seeds;

/// Most points of a curve.
const MAX_POINTS: usize = 200;
/// Nominal shares of the central intervals whose coverage is measured.
const NOMINAL: [f64; 4] = [0.5, 0.8, 0.9, 0.95];
/// Bins of the histogram of the probability integral transform.
const PIT_BINS: usize = 20;

/// How good a prediction of value is: `metrics.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueFindings {
    /// The model.
    pub model: ValueEvaluation,
    /// Every baseline, with the model's gain over it.
    pub baselines: Vec<ValueBaseline>,
    /// Coverage of central intervals; empty without a network.
    pub coverage: Vec<Coverage>,
    /// Where actual values fall in their predicted distributions; none without a network.
    pub pit: Option<PitHistogram>,
    /// By month of the first purchase; only for events.
    #[serde(default)]
    pub cohorts: Option<ValueSliceTable>,
    /// By level, for each column that was asked for.
    #[serde(default)]
    pub slices: Vec<ValueSliceTable>,
    /// What is lost when a feature's values are shuffled, most important first; empty without a network.
    #[serde(default)]
    pub importance: Vec<ValueImportance>,
    /// The probability of churn, where it is predicted.
    pub churn: Option<BinaryEvaluation>,
    /// The share of each cutoff's rows that was pooled, for each partition.
    pub pooled_shares: Vec<f64>,
    /// How much of a prediction is the network's and not the forecast's that it corrects, for each partition.
    pub weights: Vec<f64>,
    /// What predictions were multiplied by, for each partition.
    pub scales: Vec<f64>,
}

/// A baseline on the same rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValueBaseline {
    /// Its name.
    pub name: String,
    /// What it does.
    pub description: String,
    /// How good it is.
    pub evaluation: ValueEvaluation,
    /// The model's gain over it, paired.
    pub comparisons: Vec<ValueComparison>,
}

/// Judges the model beside its baselines.
pub fn judge(
    plan: &Plan,
    loaded: &Loaded,
    forecasts: &Forecasts,
    folds: &[ValueFold],
    scores: &ValueScores,
    progress: &mut Progress,
) -> Result<ValueFindings, Failure> {
    let rivals = rivals(loaded, forecasts, &scores.rows);
    progress.begin("evaluate", Some(rivals.len() as u64 + 1));
    let settings = settings(plan);
    let model = scores.valued(&scores.predicted)?;
    let evaluation = evaluate_value(&model, &settings)?;
    let mut baselines = Vec::with_capacity(rivals.len());
    for rival in rivals {
        progress.at(baselines.len() as u64 + 1);
        baselines.push(beside(&model, &rival, scores, &settings)?);
    }
    let pit = scores.pit()?;
    let coverage = |pit: &tenure_evaluate::Pit| {
        NOMINAL.iter().map(|&nominal| pit.coverage(nominal, plan.evaluate.confidence)).collect::<Result<Vec<_>, _>>()
    };
    let findings = ValueFindings {
        model: evaluation,
        baselines,
        coverage: pit.as_ref().map(coverage).transpose()?.unwrap_or_default(),
        pit: pit.as_ref().map(|pit| pit.histogram(PIT_BINS)).transpose()?,
        cohorts: study::cohorts(plan, loaded, &model, &scores.rows)?,
        slices: study::slices(plan, loaded, &model, &scores.rows)?,
        importance: Vec::new(),
        churn: churn(plan, loaded, scores)?,
        pooled_shares: folds.iter().map(|fold| fold.pooling.share).collect(),
        weights: folds.iter().map(|fold| fold.network.as_ref().map_or(0.0, |network| network.weight)).collect(),
        scales: folds.iter().map(|fold| fold.network.as_ref().map_or(1.0, |network| network.scale)).collect(),
    };
    progress.end();
    Ok(findings)
}

/// How intervals are computed.
pub fn bootstrap(plan: &Plan) -> Bootstrap {
    Bootstrap {
        resamples: plan.evaluate.bootstrap,
        confidence: plan.evaluate.confidence,
        seed: seeds::derive(plan.experiment.seed, "bootstrap", 0),
    }
}

fn settings(plan: &Plan) -> ValueSettings {
    let profit = plan.evaluate.profit;
    let targeting = Targeting { contact_cost: profit.contact_cost, margin: profit.success_rate };
    ValueSettings { bootstrap: bootstrap(plan), max_points: MAX_POINTS, targeting: Some(targeting) }
}

fn beside(
    model: &Valued,
    rival: &Rival,
    scores: &ValueScores,
    settings: &ValueSettings,
) -> Result<ValueBaseline, Failure> {
    let valued = scores.valued(&rival.predicted)?;
    let (metrics, _) = defined_for(&ValueMetric::COMPARED, &[model, &valued]);
    // Intervals of a baseline by itself say nothing that the paired ones do not.
    let alone = ValueSettings { bootstrap: Bootstrap { resamples: 0, ..settings.bootstrap }, ..*settings };
    Ok(ValueBaseline {
        name: rival.name.to_owned(),
        description: rival.description.to_owned(),
        evaluation: evaluate_value(&valued, &alone)?,
        comparisons: settings.bootstrap.compare_values(model, &valued, &metrics)?,
    })
}

/// The calibrated probability of churn on the same rows.
fn churn(plan: &Plan, loaded: &Loaded, scores: &ValueScores) -> Result<Option<BinaryEvaluation>, Failure> {
    let Some(says) = scores.network.as_ref().filter(|says| !says.churn.is_empty()) else { return Ok(None) };
    let Some(Values::Numeric(target)) = loaded.table.with_role(Role::Target).map(|column| &column.values) else {
        return Ok(None);
    };
    let left: Vec<bool> = scores.rows.iter().map(|&row| target[row as usize] > 0.5).collect();
    let scored = Scored::new(&says.churn, &left, scores.weight.as_deref())?;
    let settings = Settings { bootstrap: bootstrap(plan), bins: plan.evaluate.bins, ..Settings::default() };
    Ok(Some(evaluate_binary(&scored, &settings)?))
}
