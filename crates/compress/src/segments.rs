//! Encoders and centroids into a bundle, held against the segments of the run.

use serde::Serialize;
use tenure_artifact::bundle::{Answer, Bundle, Centroids, Nearness, Policy};
use tenure_artifact::{Preprocessor, RowBuffers};
use tenure_edge::{Model, Prediction, Rows, Score, Workspace};
use tenure_table::Table;

use crate::measure::{Latency, latency};
use crate::step::Gate;
use crate::{CompressError, RawRows, samples};

/// A customer this much nearer to another centre than to their own lies on a border that rounding decides.
const TIE: f64 = 1e-5;
/// Rows that are scored at once.
const CHUNK_ROWS: usize = 1_024;

/// Segments that are to be carried.
#[derive(Clone, Copy, Debug)]
pub struct SegmentsJob<'a> {
    /// The encoders that customers were clustered through: magnitudes and indicators.
    pub preprocessor: &'a Preprocessor,
    /// The raw rows.
    pub table: &'a Table,
    /// The run's customers.
    pub rows: &'a [u32],
    /// The segment that the run put each of them in, from 0.
    pub segment: &'a [u32],
    /// Row-major `[K, D]`.
    pub centroids: &'a [f64],
    /// What "nearest" means.
    pub nearness: Nearness,
    /// Draws the sample rows.
    pub seed: u64,
    /// Names and values that the bundle carries.
    pub metadata: &'a [(String, String)],
}

/// A bundle of segments, and how it agrees with its run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CompressedSegments {
    /// The file.
    #[serde(skip)]
    pub file: Vec<u8>,
    /// Its length.
    pub size_bytes: usize,
    /// Segments, K.
    pub n_segments: usize,
    /// Encoded columns, D.
    pub n_columns: usize,
    /// Customers of the run, all of whom were scored.
    pub n_customers: usize,
    /// Those that are scored into another segment than the run's, which is as near to within rounding.
    pub n_ties: usize,
    /// Microseconds a row through the edge runtime.
    pub latency: Latency,
    /// Customers that are scored into another segment, ties apart: none may be.
    pub gates: Vec<Gate>,
}

impl CompressedSegments {
    /// Whether every bound holds.
    pub fn passed(&self) -> bool {
        self.gates.iter().all(|gate| gate.passed)
    }
}

/// Makes the bundle, and scores every customer of the run with it.
pub fn compress_segments(job: &SegmentsJob<'_>) -> Result<CompressedSegments, CompressError> {
    let rows = RawRows::new(job.table, &job.preprocessor.inputs)?;
    let file = file(job, &rows)?;
    let model = Model::from_bytes(&file)?;
    let (mut n_ties, mut n_differing) = (0, 0);
    for ((&row, scored), &expected) in job.rows.iter().zip(scores(&model, &rows, job.rows)?).zip(job.segment) {
        if let Score::Segment { segment, distance } = scored
            && segment != expected
        {
            let is_tie = job.distance(&rows, row, expected)? <= distance * (1.0 + TIE) + TIE;
            n_ties += usize::from(is_tie);
            n_differing += usize::from(!is_tie);
        }
    }
    let (n_continuous, n_binary, _) = job.preprocessor.layout.widths();
    let n_columns = n_continuous + n_binary;
    Ok(CompressedSegments {
        size_bytes: file.len(),
        n_segments: job.centroids.len() / n_columns.max(1),
        n_columns,
        n_customers: job.rows.len(),
        n_ties,
        latency: latency(&model, &rows, job.rows)?,
        gates: vec![Gate::new("parity", 0.0, n_differing as f64)],
        file,
    })
}

fn file(job: &SegmentsJob<'_>, rows: &RawRows<'_>) -> Result<Vec<u8>, CompressError> {
    let (n_continuous, n_binary, _) = job.preprocessor.layout.widths();
    let single: Vec<f32> = job.centroids.iter().map(|x| *x as f32).collect();
    let centroids = Centroids::new(&single, n_continuous + n_binary);
    let centroids = if job.nearness == Nearness::Cosine { centroids.by_cosine() } else { centroids };
    let mut bundle = Bundle {
        inputs: job.preprocessor.inputs.clone(),
        network: None,
        answer: Answer::Segment(centroids),
        thresholds: Vec::new(),
        policy: Policy::default(),
        samples: Vec::new(),
        metadata: job.metadata.to_vec(),
        signature: None,
    };
    let bare = bundle.to_bytes();
    let cells = samples::cells(rows, job.rows, job.seed);
    bundle.samples = samples::scored(&Model::from_bytes(&bare)?, cells)?;
    Ok(bundle.to_bytes())
}

fn scores(model: &Model<'_>, rows: &RawRows<'_>, picks: &[u32]) -> Result<Vec<Score>, CompressError> {
    let mut workspace = Workspace::new(model);
    let mut out = vec![Prediction::default(); CHUNK_ROWS];
    let mut all = Vec::with_capacity(picks.len());
    for picks in picks.chunks(CHUNK_ROWS) {
        let values = rows.take(picks);
        let out = &mut out[..picks.len()];
        model.predict_batch(Rows::Values(&values), out, &mut workspace)?;
        all.extend(out.iter().map(|prediction| prediction.score));
    }
    Ok(all)
}

impl SegmentsJob<'_> {
    /// The distance of a row to the centre of a segment, in double precision.
    fn distance(&self, rows: &RawRows<'_>, row: u32, segment: u32) -> Result<f64, CompressError> {
        let (f, g, _) = self.preprocessor.layout.widths();
        let (mut continuous, mut binary) = (vec![0.0; f], vec![0.0; g]);
        let out = RowBuffers { continuous: &mut continuous, binary: &mut binary, categorical: &mut [] };
        self.preprocessor.apply_row(&rows.take(&[row]), out)?;
        let point: Vec<f64> = continuous.iter().chain(&binary).map(|x| f64::from(*x)).collect();
        let centre = &self.centroids[segment as usize * point.len()..][..point.len()];
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        Ok(match self.nearness {
            Nearness::Euclidean => point.iter().zip(centre).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt(),
            Nearness::Cosine => 1.0 - dot(&point, centre) / (dot(&point, &point) * dot(centre, centre)).sqrt(),
        })
    }
}
