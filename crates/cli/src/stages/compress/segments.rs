//! A run of segments into a bundle: its encoders and centroids, held against its customers.

use std::path::Path;

use tenure_artifact::bundle::Nearness;
use tenure_compress::{CompressedSegments, SegmentsJob, compress_segments};
use tenure_config::{Resolved, SegmentMetric};

use super::metadata::metadata;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::run_dir::RunDir;
use crate::seeds;
use crate::stages::answers::SEGMENTS;
use crate::stages::segments::FinishedSegments;

/// Carries a run's segments, and scores every one of its customers with the bundle.
pub fn compressed_segments(
    dir: &RunDir,
    resolved: &Resolved,
    progress: &mut Progress,
) -> Result<CompressedSegments, Failure> {
    let plan = &resolved.plan;
    let found = FinishedSegments::load(dir, plan, progress)?;
    let mut metadata = metadata(dir, resolved, &found.loaded)?;
    let names = serde_json::to_string(&found.model.names).expect("names serialize");
    metadata.push((SEGMENTS.into(), names));
    progress.begin("score the run's customers", None);
    let made = compress_segments(&SegmentsJob {
        preprocessor: &found.preprocessor,
        table: &found.loaded.table,
        rows: &found.rows,
        segment: &found.segment,
        centroids: &found.model.centroids.concat(),
        nearness: match plan.segments.metric {
            SegmentMetric::Euclidean => Nearness::Euclidean,
            SegmentMetric::Cosine => Nearness::Cosine,
        },
        seed: seeds::derive(plan.experiment.seed, "samples", 0),
        metadata: &metadata,
    })?;
    progress.end();
    Ok(made)
}

/// What a person reads.
pub fn segments_text(made: &CompressedSegments, place: Option<&Path>) -> String {
    let latency = &made.latency;
    let differing = made.gates.iter().map(|gate| gate.found).sum::<f64>();
    let place = place.map_or("no bundle was written".to_owned(), |place| format!("bundle: {}", place.display()));
    format!(
        "{} segments over {} columns, {} bytes\n{} customers of the run scored: {differing} in another segment than the \
         run's, {} more on a border\n{:.2} µs a row one at a time, {:.2} in batches\n{place}\n",
        made.n_segments,
        made.n_columns,
        made.size_bytes,
        made.n_customers,
        made.n_ties,
        latency.single_us.unwrap_or(f64::NAN),
        latency.batch_us,
    )
}
