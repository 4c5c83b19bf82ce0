//! A finished run of segments, brought back: the same customers and encoders, proved to be the same.

use tenure_artifact::Preprocessor;
use tenure_config::Plan;
use tenure_data::{Loaded, read_segments};

use super::tell::SegmentModel;
use super::{customers, encode};
use crate::failure::Failure;
use crate::progress::Progress;
use crate::run_dir::RunDir;
use crate::stages::finished::{changed, check_lock};
use crate::stages::prepare;

/// Segments with their customers.
pub struct FinishedSegments {
    /// The run's data.
    pub loaded: Loaded,
    /// The rows of its customers.
    pub rows: Vec<u32>,
    /// The segment of each of them, from 0.
    pub segment: Vec<u32>,
    /// Encoders of what was clustered.
    pub preprocessor: Preprocessor,
    /// Names and centroids.
    pub model: SegmentModel,
}

impl FinishedSegments {
    /// Loads a run. Data and encoders must be what they were when it ran.
    pub fn load(dir: &RunDir, plan: &Plan, progress: &mut Progress) -> Result<Self, Failure> {
        // Every customer is scored by its raw columns next: they are brought back in memory.
        let mut in_memory = plan.clone();
        in_memory.segments.memory = None;
        let plan = &in_memory;
        let loaded = prepare::read(plan, progress)?;
        check_lock(dir, &loaded)?;
        let customers = customers(plan, &loaded)?;
        let encoded = encode::fit(plan, &customers, &customers.now)?;
        let rows = customers.now;
        let fitted = serde_json::to_string_pretty(&encoded.preprocessor).expect("encoders serialize");
        if dir.read("model/preprocessor.json")?.trim_end() != fitted {
            return Err(changed("the encoders fitted now are not those of the run"));
        }
        let model: SegmentModel = dir.read_json("model/centroids.json", "the run's centroids")?;
        let told = read_segments(&dir.file("segments.parquet"))?;
        if told.segment.len() != rows.len() || told.segment.contains(&0) || model.columns != encoded.columns {
            return Err(changed("the customers in `segments.parquet` are not those of the run's data"));
        }
        let segment = told.segment.into_iter().map(|number| number - 1).collect();
        Ok(Self { loaded, rows, segment, preprocessor: encoded.preprocessor, model })
    }
}
