//! The task `segments`, stage by stage: whose figures, which clusters, who they are, what they are worth.

mod budget;
mod cells;
mod cluster;
mod columns;
mod customers;
mod encode;
mod findings;
mod finished;
mod later;
mod picture;
mod tell;

use tenure_config::Plan;
use tenure_evaluate::Bootstrap;
use tenure_report::segments::SegmentResults;
use tenure_segments::{ChoiceSettings, Criterion, Restarts};

use crate::clock::Clock;
use crate::clustering::ClusteringDevice;
use crate::failure::Failure;
use crate::pipeline::Job;
use crate::progress::Progress;
use crate::seeds;
use crate::stages::prepare;

pub use customers::customers;
pub use finished::FinishedSegments;

/// From the experiment to its report.
pub fn run(job: &Job<'_>, progress: &mut Progress) -> Result<SegmentResults, Failure> {
    let (plan, dir) = (&job.resolved.plan, job.dir);
    let mut clock = Clock::start();
    job.record("running", None, None, &clock)?;

    let device = ClusteringDevice::of(&tenure_model::select_device(&plan.device)?)?;
    progress.say(&format!("device: {} ({}), {}", device.info.adapter, device.info.backend, device.info.reason));

    let loaded = prepare::load(plan, dir, progress)?;
    clock.lap("load");

    let customers = customers(plan, &loaded)?;
    let encoded = encode::fit_within_memory(plan, &customers, &customers.now)?;
    clock.lap("encode");

    let clusters = cluster::choose(plan, &customers, &encoded, &device.device, progress)?;
    clock.lap("cluster");

    progress.begin("describe", None);
    let findings = findings::findings(plan, &customers, &encoded, clusters)?;
    let later = later::later(plan, &customers, &findings)?;
    progress.end();
    clock.lap("describe");

    tell::segments(dir, plan, &customers, &findings)?;
    tell::model(dir, plan, &findings)?;
    let results = tell::results(job, &loaded, &customers, findings, later, (&device.info, &clock));
    dir.write_json("metrics.json", &tell::metrics(&results))?;
    tell::documents(dir, plan, &results)?;
    clock.lap("report");

    job.record("complete", Some(&device.info), None, &clock)?;
    dir.finish()?;
    Ok(results)
}

/// How numbers of segments are tried: those of the plan, for so many customers.
pub fn choice(plan: &Plan, n_customers: usize) -> ChoiceSettings {
    use tenure_config::SegmentCriterion as Named;
    let segments = &plan.segments;
    let is_euclidean = segments.metric == tenure_config::SegmentMetric::Euclidean;
    ChoiceSettings {
        k_min: segments.k.unwrap_or(segments.k_min),
        k_max: segments.k.unwrap_or(segments.k_max),
        criterion: match segments.criterion {
            Named::Silhouette => Criterion::Silhouette,
            Named::CalinskiHarabasz => Criterion::CalinskiHarabasz,
            Named::DaviesBouldin => Criterion::DaviesBouldin,
            Named::Gap => Criterion::Gap,
            Named::Stability => Criterion::Stability,
        },
        n_init: segments.n_init,
        min_size: (segments.min_share * n_customers as f64).ceil() as usize,
        n_refits: segments.n_refits,
        n_references: if is_euclidean { segments.n_refits } else { 0 },
        min_stability: segments.min_stability,
        max_rows: segments.max_sample,
        seed: seeds::derive(plan.experiment.seed, "segments", 0),
    }
}

/// Starts of a fit outside the choice of a number.
fn restarts(plan: &Plan, purpose: &str) -> Restarts {
    Restarts { n_init: plan.segments.n_init, seed: seeds::derive(plan.experiment.seed, purpose, 0) }
}

fn bootstrap(plan: &Plan, purpose: &str) -> Bootstrap {
    Bootstrap {
        resamples: plan.evaluate.bootstrap,
        confidence: plan.evaluate.confidence,
        seed: seeds::derive(plan.experiment.seed, purpose, 0),
    }
}
