//! The findings of a value task in the words of its report.

use tenure_artifact::Preprocessor;
use tenure_config::{Plan, Setting};
use tenure_data::Loaded;
use tenure_model::ChosenDevice;
use tenure_report::value::{
    DistributionFacts, FitFacts, FittedParameter, ValueBaseline, ValueJudgement, ValueResults as Page, ValueTarget,
};
use tenure_report::{Evaluation, FORMAT, PartialDependence, PartitionFacts, TrainingFacts};

use super::base;
use super::forecast::{CutoffFit, Forecasts};
use super::judge::ValueFindings;
use super::learn::{ValueFold, ValueNetwork};
use super::results::ValueResults;
use crate::clock::Clock;
use crate::facts;
use crate::stages::partition_name;

/// What a page is made from, besides the results themselves.
pub struct Source<'a> {
    /// The experiment.
    pub plan: &'a Plan,
    /// Its values with their origins.
    pub settings: &'a [Setting],
    /// The data.
    pub loaded: &'a Loaded,
    /// What the purchase models say.
    pub forecasts: &'a Forecasts,
    /// Where it ran.
    pub device: &'a ChosenDevice,
    /// The models.
    pub folds: &'a [ValueFold],
    /// Dependence on the most important features.
    pub dependence: &'a [PartialDependence],
}

impl Source<'_> {
    /// The report of these results.
    pub fn page(&self, results: &ValueResults, clock: &Clock) -> Page {
        let (plan, loaded) = (self.plan, self.loaded);
        let none = Preprocessor::new(Vec::new(), Vec::new(), Vec::new());
        let preprocessor = self.folds[0].network.as_ref().map_or(&none, |network| &network.preprocessor);
        Page {
            format: FORMAT,
            run: results.run.clone(),
            data: facts::data(plan, loaded, preprocessor),
            suspects: results.suspects.clone(),
            partitions: self.partitions(),
            timeline: loaded.events.as_ref().map(|events| facts::timeline(plan, events)),
            retention: loaded.events.as_ref().map(|events| facts::retention(&events.retention)),
            target: ValueTarget {
                quantity: "spend".into(),
                unit: String::new(),
                horizon: format!("{:.0} days", plan.time.horizon.as_days()),
            },
            training: self.training(&results.model),
            fits: self.forecasts.fits.iter().map(fit).collect(),
            judgement: judgement(&results.evaluation),
            base: base::page(self.forecasts.base.as_ref(), loaded.events.as_ref()),
            churn: results.evaluation.churn.clone().map(|model| Evaluation {
                model,
                folds: Vec::new(),
                raw: None,
                baselines: Vec::new(),
                calibration: Vec::new(),
                importance: Vec::new(),
                slices: Vec::new(),
            }),
            dependence: self.dependence.to_vec(),
            gates: results.gates.clone(),
            config: self.settings.iter().filter(|s| s.applies).map(facts::setting).collect(),
            environment: facts::environment(plan, &self.device.info, clock),
            caveats: results.caveats.clone(),
        }
    }

    fn partitions(&self) -> Vec<PartitionFacts> {
        let count = |rows: &[u32]| facts::row_count(&self.loaded.table, rows);
        let describe = |(i, fold): (usize, &ValueFold)| PartitionFacts {
            name: partition_name(i, self.folds.len()),
            train: count(&fold.partition.train),
            validation: count(&fold.partition.validation),
            test: count(&fold.partition.test),
            auc: None,
            log_loss: None,
        };
        self.folds.iter().enumerate().map(describe).collect()
    }

    fn training(&self, model: &str) -> TrainingFacts {
        let networks = || self.folds.iter().filter_map(|fold| fold.network.as_ref());
        let trained = |network: &ValueNetwork| network.trained.networks().len();
        let curves = |(i, fold): (usize, &ValueFold)| {
            let name = partition_name(i, self.folds.len());
            fold.network.as_ref().map(|network| facts::curves(&name, &network.trained)).unwrap_or_default()
        };
        TrainingFacts {
            network: model.to_owned(),
            n_parameters: networks().next().map_or(0, |one| one.trained.networks()[0].spec().n_weights() as u64),
            n_networks: networks().map(trained).sum(),
            rows_per_second: None,
            curves: self.folds.iter().enumerate().flat_map(curves).collect(),
        }
    }
}

fn fit(fit: &CutoffFit) -> FitFacts {
    let parameter = |one: &tenure_lifetime::Parameter| FittedParameter {
        name: one.name.clone(),
        value: one.value,
        standard_error: one.standard_error,
    };
    let convergence = if fit.findings.is_empty() { "converged".to_owned() } else { fit.findings.join("; ") };
    FitFacts {
        model: format!("{} at {}", fit.model, fit.cutoff),
        n_customers: fit.n_customers as u64,
        log_likelihood: fit.log_likelihood,
        convergence,
        parameters: fit.parameters.iter().chain(&fit.spend_parameters).map(parameter).collect(),
    }
}

fn judgement(findings: &ValueFindings) -> ValueJudgement {
    let baseline = |one: &super::judge::ValueBaseline| ValueBaseline {
        name: one.name.clone(),
        description: one.description.clone(),
        evaluation: one.evaluation.clone(),
        comparisons: one.comparisons.clone(),
    };
    let distribution = |pit: &tenure_evaluate::PitHistogram| DistributionFacts {
        pit: pit.clone(),
        coverage: findings.coverage.clone(),
    };
    ValueJudgement {
        model: findings.model.clone(),
        baselines: findings.baselines.iter().map(baseline).collect(),
        distribution: findings.pit.as_ref().map(distribution),
        seeds: Vec::new(),
        horizons: Vec::new(),
        cohorts: findings.cohorts.clone(),
        slices: findings.slices.clone(),
        importance: findings.importance.clone(),
    }
}
