//! The task `churn`: who will leave.

use tenure_report::{FeatureImportance, RunResults};

use super::Course;
use crate::failure::Failure;
use crate::stages::judge::{TestScores, judge};
use crate::stages::learn::Learner;
use crate::stages::tell::{self, Findings};
use crate::stages::{prepare, study};

/// Loads, splits, learns, judges, explains and tells.
pub fn run(course: &mut Course<'_>) -> Result<RunResults, Failure> {
    let Course { job, device, clock, progress } = course;
    let (plan, dir) = (job.plan(), job.dir);
    let loaded = prepare::load(plan, dir, progress)?;
    let partitions = prepare::split(plan, &loaded)?;
    let suspects = prepare::suspects(&loaded, &partitions)?;
    clock.lap("load");

    let learner = Learner::new(job, &loaded, device);
    let folds = learner.learn(partitions, progress)?;
    clock.lap("train");

    let scores = TestScores::of(&loaded, &folds, progress)?;
    tell::predictions(dir, &loaded, &scores, folds.len())?;
    let mut evaluation = judge(plan, &loaded, &folds, &scores, progress)?;
    clock.lap("evaluate");

    let importance = study::importance(plan, &loaded, &folds[0], progress)?;
    let dependence = study::dependence(plan, &loaded, &folds[0], &importance, progress)?;
    let loss = |(feature, auc_loss)| FeatureImportance { feature, auc_loss };
    evaluation.importance = importance.into_iter().map(loss).collect();
    clock.lap("explain");

    dir.write_json("metrics.json", &evaluation)?;
    let findings = Findings {
        plan,
        settings: job.resolved.origins.settings(),
        loaded: &loaded,
        device,
        folds: &folds,
        suspects: &suspects,
        evaluation,
        dependence,
    };
    let results = findings.results(job.facts(), clock);
    tell::documents(dir, plan, &results)?;
    Ok(results)
}
