//! Segments into the run's folder: customers, centroids, metrics, report, card.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tenure_cluster::Assignment;
use tenure_config::Plan;
use tenure_data::{DataError, Loaded, RfmRows, SegmentRows, write_segments};
use tenure_model::DeviceInfo;
use tenure_report::segments::{self as report, Later, SegmentResults};
use tenure_segments::{SegmentError, tier_name};
use tenure_table::{Role, Values};

use super::customers::Customers;
use super::findings::Findings;
use crate::clock::Clock;
use crate::facts;
use crate::failure::Failure;
use crate::pipeline::Job;
use crate::run_dir::RunDir;

/// `model/centroids.json`: with `model/preprocessor.json`, all that is needed to put a new customer into a segment.
#[derive(Debug, Serialize, Deserialize)]
pub struct SegmentModel {
    /// `euclidean`, or `cosine`: then rows are scaled to length 1 first.
    pub metric: String,
    /// The encoded columns in order: the preprocessor's magnitudes, then its indicators.
    pub columns: Vec<String>,
    /// In the order of `centroids`.
    pub names: Vec<String>,
    /// One for each segment.
    pub centroids: Vec<Vec<f64>>,
}

/// Customers of one part of `segments.parquet`.
const PART_ROWS: usize = 1 << 17;

/// Writes `segments.parquet`, part after part: what is known of each customer need not be in memory together.
pub fn segments(dir: &RunDir, plan: &Plan, customers: &Customers<'_>, findings: &Findings) -> Result<(), Failure> {
    let d = findings.encoded.columns.len();
    let centroids = findings.driver.centroids(&findings.centroids, d)?;
    let points = findings.cells.points(d)?;
    let part_rows = plan.segments.memory.map_or(PART_ROWS, |_| PART_ROWS / 8);
    write_segments(&dir.file("segments.parquet"), |write| {
        let mut cells = Vec::new();
        for first_row in (0..customers.now.len()).step_by(part_rows) {
            let rows = first_row..customers.now.len().min(first_row + part_rows);
            points.read(rows.clone(), &mut cells).map_err(SegmentError::from)?;
            let places = findings.driver.places(&centroids, &cells)?;
            part(customers, findings, rows, &places, write)?;
        }
        Ok::<(), Failure>(())
    })
}

fn part(
    customers: &Customers<'_>,
    findings: &Findings,
    rows: Range<usize>,
    places: &[Assignment],
    write: &mut dyn FnMut(&SegmentRows<'_>) -> Result<(), DataError>,
) -> Result<(), Failure> {
    let of_table = &customers.now[rows.clone()];
    let id = customers.table.with_role(Role::Id).map(|column| column.values.take(of_table));
    let id = id.as_ref().and_then(|values| if let Values::Text(ids) = values { Some(ids) } else { None });
    let labels = &findings.labels[rows.clone()];
    let numbers: Vec<u32> = labels.iter().map(|label| label + 1).collect();
    let names: Vec<&str> = labels.iter().map(|&l| findings.segments[l as usize].name.as_str()).collect();
    let distance: Vec<f64> = places.iter().map(|place| place.nearest.distance).collect();
    let seconds = places.iter().map(|place| place.second.map(|near| (near.label + 1, near.distance)));
    let second: Option<(Vec<u32>, Vec<f64>)> = seconds.collect::<Option<Vec<_>>>().map(|all| all.into_iter().unzip());
    let score = |of: fn(&tenure_segments::RfmScores) -> Option<u8>| -> Option<Vec<u32>> {
        let (rfm, _) = findings.rfm.as_ref()?;
        rfm.scores[rows.clone()].iter().map(|scores| of(scores).map(u32::from)).collect()
    };
    let (recency, frequency) = (score(|s| Some(s.recency)), score(|s| Some(s.frequency)));
    let monetary = score(|s| s.monetary);
    let classic: Option<Vec<&str>> =
        findings.rfm.as_ref().map(|(rfm, _)| rfm.segments[rows.clone()].iter().map(|segment| segment.name()).collect());
    let rfm = match (&recency, &frequency, &classic) {
        (Some(recency), Some(frequency), Some(name)) => {
            Some(RfmRows { recency, frequency, monetary: monetary.as_deref(), name })
        }
        _ => None,
    };
    let value = customers.values(of_table)?;
    let tiers = findings.tier_names(rows.clone());
    let rows = SegmentRows {
        id,
        first_row: rows.start,
        segment: &numbers,
        name: &names,
        distance: &distance,
        second: second.as_ref().map(|(segment, distance)| (segment.as_slice(), distance.as_slice())),
        rfm,
        tier: tiers.as_deref(),
        value: value.as_deref(),
    };
    Ok(write(&rows)?)
}

impl Findings {
    fn tier_names(&self, rows: Range<usize>) -> Option<Vec<String>> {
        let (of_customer, _) = self.tiers.as_ref()?;
        Some(of_customer[rows].iter().map(|&tier| tier_name(&self.tops, tier)).collect())
    }
}

/// Writes encoders and centroids.
pub fn model(dir: &RunDir, plan: &Plan, findings: &Findings) -> Result<(), Failure> {
    dir.folder("model")?;
    let columns = &findings.encoded.columns;
    let model = SegmentModel {
        metric: plan.segments.metric.name().to_owned(),
        columns: columns.clone(),
        names: findings.segments.iter().map(|segment| segment.name.clone()).collect(),
        centroids: findings.centroids.chunks_exact(columns.len()).map(<[f64]>::to_vec).collect(),
    };
    dir.write_json("model/centroids.json", &model)?;
    Ok(dir.write_json("model/preprocessor.json", &findings.encoded.preprocessor)?)
}

/// The findings as a report takes them.
pub fn results(
    job: &Job<'_>,
    loaded: &Loaded,
    customers: &Customers<'_>,
    findings: Findings,
    later: Option<Later>,
    (device, clock): (&DeviceInfo, &Clock),
) -> SegmentResults {
    let plan = &job.resolved.plan;
    let mut caveats = customers.caveats.clone();
    caveats.extend(doubts(plan, loaded, &findings, later.as_ref()));
    SegmentResults {
        format: tenure_report::FORMAT,
        run: job.facts(),
        data: facts::data(plan, loaded, &findings.encoded.preprocessor),
        at: customers.at,
        n_customers: customers.now.len(),
        metric: plan.segments.metric.name().to_owned(),
        columns: findings.encoded.columns,
        value_column: customers.value.clone(),
        choice: findings.choice,
        segments: findings.segments,
        silhouette: findings.silhouette,
        projection: findings.projection,
        rfm: findings.rfm.map(|(_, facts)| facts),
        tiers: findings.tiers.map(|(_, summaries)| summaries).unwrap_or_default(),
        migration: findings.migration,
        later,
        retention: loaded.events.as_ref().map(|events| facts::retention(&events.retention)),
        config: job.resolved.origins.settings().iter().filter(|s| s.applies).map(facts::setting).collect(),
        environment: facts::environment(plan, device, clock),
        caveats,
    }
}

fn doubts(plan: &Plan, loaded: &Loaded, findings: &Findings, later: Option<&Later>) -> Vec<String> {
    let mut doubts = Vec::new();
    let candidate = findings.choice.candidate();
    if let Some(stability) = candidate.stability.as_ref().filter(|s| s.mean < plan.segments.min_stability) {
        doubts.push(format!(
            "The segments are unstable: refitted on other draws of customers, many customers change segment (mean adjusted \
             Rand index {:.2}).",
            stability.mean
        ));
    }
    if candidate.silhouette.is_some_and(|silhouette| silhouette < 0.25) {
        doubts.push(
            "Customers form no clear groups: the segments cut a continuum, and their borders are a convenience.".into(),
        );
    }
    if let Some(rfm) = later.and_then(|later| later.explained.get(1)) {
        let is_worse = |difference: &tenure_evaluate::Estimate| difference.interval.is_some_and(|i| i.high < 0.0);
        if rfm.first_less_this.as_ref().is_some_and(is_worse) {
            doubts.push(format!("The {} explain more of later spend than these segments do.", rfm.name));
        }
    }
    if plan.data.source == tenure_config::Source::Synthetic {
        doubts.push("The data are made: the figures say nothing about real customers.".into());
    }
    doubts.extend(loaded.validation.notes.iter().map(|note| format!("Data: {note}.")));
    doubts
}

/// What `metrics.json` holds: the same bytes for the same seed.
pub fn metrics(results: &SegmentResults) -> Value {
    json!({
        "n_customers": results.n_customers,
        "k": results.choice.k,
        "choice": results.choice,
        "segments": results.segments,
        "silhouette": results.silhouette.as_ref().map(|strips| strips.iter().map(|strip| strip.mean).collect::<Vec<_>>()),
        "rfm": results.rfm,
        "tiers": results.tiers,
        "migration": results.migration,
        "later": results.later,
    })
}

/// Writes the report, its JSON twin and the card.
pub fn documents(dir: &RunDir, plan: &Plan, results: &SegmentResults) -> Result<(), Failure> {
    dir.write("report.json", report::render_json(results)?.as_bytes())?;
    if plan.report.html {
        dir.write("report.html", report::render_html(results)?.as_bytes())?;
        dir.write("model_card.md", report::render_card(results)?.as_bytes())?;
    }
    Ok(())
}
