//! The tasks `clv` and `churn+clv`: what customers will be worth, alone or with who will leave.

use super::Course;
use crate::failure::Failure;
use crate::stages::learn::Learner;
use crate::stages::prepare;
use crate::stages::value::forecast::Forecasts;
use crate::stages::value::judge::judge;
use crate::stages::value::learn::ValueLearner;
use crate::stages::value::page::Source;
use crate::stages::value::results::ValueResults;
use crate::stages::value::scores::ValueScores;
use crate::stages::value::{study, tell};

/// Loads, splits, forecasts, learns, judges, explains and tells.
pub fn run(course: &mut Course<'_>) -> Result<ValueResults, Failure> {
    let Course { job, device, clock, progress } = course;
    let (plan, dir) = (job.plan(), job.dir);
    let loaded = prepare::load(plan, dir, progress)?;
    let partitions = prepare::split(plan, &loaded)?;
    let suspects = prepare::suspects(&loaded, &partitions)?;
    clock.lap("load");

    let forecasts = Forecasts::needed(plan, &loaded, progress)?;
    dir.write_json("lifetime.json", &forecasts.fits)?;
    clock.lap("forecast");

    let base = Learner::new(job, &loaded, device);
    let learner = ValueLearner { base, forecasts: &forecasts };
    let folds = learner.learn(partitions, progress)?;
    clock.lap("train");

    let scores = ValueScores::of(plan, &loaded, &forecasts, &folds, progress)?;
    tell::predictions(dir, &loaded, &scores, folds.len())?;
    let mut evaluation = judge(plan, &loaded, &forecasts, &folds, &scores, progress)?;
    clock.lap("evaluate");

    let (importance, dependence) = study::explain(plan, &loaded, &forecasts, &folds[0], progress)?;
    evaluation.importance = importance;
    clock.lap("explain");

    dir.write_json("metrics.json", &evaluation)?;
    let results = tell::results(plan, &loaded, &forecasts.fits, &folds, &suspects, evaluation, job.facts());
    let source = Source {
        plan,
        settings: job.resolved.origins.settings(),
        loaded: &loaded,
        forecasts: &forecasts,
        device,
        folds: &folds,
        dependence: &dependence,
    };
    tell::documents(dir, plan, &source.page(&results, clock))?;
    Ok(results)
}
