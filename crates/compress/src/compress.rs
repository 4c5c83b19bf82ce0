//! From the student to the bundle: the way in one function.

use serde::Serialize;
use tenure_artifact::bundle::{Answer, Bundle, Network, Policy, Threshold};
use tenure_artifact::{Calibration, Preprocessor};
use tenure_config as plan;
use tenure_edge::Model;
use tenure_evaluate::{Bootstrap, Comparison, EvaluateError, Metric, Profit, Scored, best_threshold};
use tenure_table::{Role, Table, Values};

use crate::measure::{Latency, latency, probabilities};
use crate::quantize::{Quantizer, quantize};
use crate::{CompressError, RangeMethod, RawRows, dense, samples};

/// The trainer and the edge may differ by this much in a probability: they add products in another order.
const MAX_PARITY_GAP: f64 = 1e-5;

/// What is compressed.
#[derive(Clone, Copy)]
pub struct CompressJob<'a> {
    /// The student in single precision, of one member.
    pub student: &'a Network<'a>,
    /// The encoders that it reads through.
    pub preprocessor: &'a Preprocessor,
    /// The raw rows, with a target and perhaps weights.
    pub table: &'a Table,
    /// Which rows did what.
    pub rows: RowSets<'a>,
    /// What the student learned from.
    pub teacher: Teacher<'a>,
    /// Precision, and what it may cost.
    pub settings: &'a plan::Quantize,
    /// Fits the map from raw to calibrated probability to validation rows.
    pub calibrate: &'a dyn Fn(&Scored) -> Result<Calibration, EvaluateError>,
    /// What an action costs and brings; decides the bundle's threshold.
    pub profit: Profit,
    /// For the intervals.
    pub bootstrap: Bootstrap,
    /// Draws the sample rows.
    pub seed: u64,
    /// Names and values that the bundle carries.
    pub metadata: &'a [(String, String)],
}

/// Rows of the table by what they are for.
#[derive(Clone, Copy, Debug)]
pub struct RowSets<'a> {
    /// The student learned from them; ranges of activations come from them.
    pub train: &'a [u32],
    /// Calibration, thresholds and the choice among candidates come from them.
    pub validation: &'a [u32],
    /// Everything is measured on them, and nothing chosen.
    pub test: &'a [u32],
}

/// The ensemble that was distilled.
#[derive(Clone, Copy, Debug)]
pub struct Teacher<'a> {
    /// Its calibrated probabilities of the test rows.
    pub test: &'a [f64],
    /// Bytes of its weights.
    pub size_bytes: usize,
    /// Microseconds a row, many rows at once, encoded already.
    pub batch_us: f64,
    /// The student's probabilities of the test rows, uncalibrated, as the trainer computes them.
    pub student_test: &'a [f64],
}

/// One line of the table: teacher, student, integers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Step {
    /// What was measured.
    pub name: &'static str,
    /// The whole file; of the teacher its weights.
    pub size_bytes: usize,
    /// Area under the ROC curve on the test rows.
    pub auc: f64,
    /// Log loss on the test rows.
    pub log_loss: f64,
    /// Against the teacher on the same rows, with paired intervals: AUC, then log loss. Empty for the teacher.
    pub against_teacher: Vec<Comparison>,
    /// The largest difference in probability from the teacher on a test row.
    pub max_difference: f64,
    /// Microseconds a row through the edge runtime; of the teacher see `batch_us` alone.
    pub latency: Latency,
}

/// One way of quantizing, judged on validation rows through the edge runtime.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Candidate {
    /// Where ranges of activations end.
    pub ranges: RangeMethod,
    /// Whether biases were corrected.
    pub correct_bias: bool,
    /// Mean Kullback-Leibler divergence from the student in single precision, in nats; the least wins.
    pub divergence: f64,
    /// Log loss against the labels.
    pub log_loss: f64,
}

/// A bound of `[quantize]`, and whether it holds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Gate {
    /// `quantize.max_auc_loss`, `quantize.max_log_loss_rise`, or `parity` of the student here and in the trainer.
    pub gate: &'static str,
    /// The bound.
    pub bound: f64,
    /// What was lost.
    pub found: f64,
    /// Whether it is within the bound.
    pub passed: bool,
}

/// The bundle and how it came about.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compressed {
    /// The file.
    #[serde(skip)]
    pub file: Vec<u8>,
    /// Layer widths of the student, inputs first, such as `64-96-96-1`.
    pub shape: String,
    /// `int8` or `f32`.
    pub precision: plan::Precision,
    /// Rows of train, validation, test.
    pub n_rows: [usize; 3],
    /// Teacher, student, and the integers where they are shipped.
    pub steps: Vec<Step>,
    /// Ways of quantizing, the best first; empty for single precision.
    pub candidates: Vec<Candidate>,
    /// Bounds on what the shipped step lost.
    pub gates: Vec<Gate>,
}

impl Compressed {
    /// Whether every bound holds.
    pub fn passed(&self) -> bool {
        self.gates.iter().all(|gate| gate.passed)
    }
}

/// Makes the bundle, and measures every step on the way.
pub fn compress(job: &CompressJob<'_>) -> Result<Compressed, CompressError> {
    let rows = RawRows::new(job.table, &job.preprocessor.inputs)?;
    let judge = Judge { job, rows: &rows };
    let raw_student = judge.file(job.student, Calibration::Identity, None)?;
    let parity = judge.parity(&raw_student)?;
    let student = judge.finish(job.student)?;
    let mut steps = vec![judge.teacher_step()?, judge.step("student, f32", &student)?];
    let (file, candidates) = match job.settings.precision {
        plan::Precision::F32 => (student, Vec::new()),
        plan::Precision::Int8 => {
            let (network, candidates) = judge.quantized(&raw_student)?;
            let file = judge.finish(&network)?;
            steps.push(judge.step("student, int8", &file)?);
            (file, candidates)
        }
    };
    let gates = judge.gates(steps.last().expect("two steps at least"), parity);
    Ok(Compressed {
        shape: shape(job.student),
        precision: job.settings.precision,
        n_rows: [job.rows.train, job.rows.validation, job.rows.test].map(<[u32]>::len),
        file,
        steps,
        candidates,
        gates,
    })
}

fn shape(network: &Network<'_>) -> String {
    let widths = network.layers.iter().map(|layer| layer.n_out.to_string());
    std::iter::once(network.n_inputs.to_string()).chain(widths).collect::<Vec<_>>().join("-")
}

struct Judge<'a> {
    job: &'a CompressJob<'a>,
    rows: &'a RawRows<'a>,
}

/// What a bundle adds once its network is known.
struct Finish {
    thresholds: Vec<Threshold>,
    seed: u64,
}

impl Judge<'_> {
    /// The bytes of a bundle; with `finish` also its threshold, samples and metadata.
    fn file(
        &self,
        network: &Network<'_>,
        calibration: Calibration,
        finish: Option<Finish>,
    ) -> Result<Vec<u8>, CompressError> {
        let mut bundle = Bundle {
            inputs: self.job.preprocessor.inputs.clone(),
            network: Some(network.clone()),
            answer: Answer::Churn { calibration },
            thresholds: Vec::new(),
            policy: Policy::default(),
            samples: Vec::new(),
            metadata: Vec::new(),
            signature: None,
        };
        let Some(finish) = finish else { return Ok(bundle.to_bytes()) };
        bundle.thresholds = finish.thresholds;
        bundle.metadata = self.job.metadata.to_vec();
        let bare = bundle.to_bytes();
        let cells = samples::cells(self.rows, self.job.rows.train, finish.seed);
        bundle.samples = samples::scored(&Model::from_bytes(&bare)?, cells)?;
        Ok(bundle.to_bytes())
    }

    /// The whole bundle of a network: calibrated and given its threshold on validation rows, through the edge.
    fn finish(&self, network: &Network<'_>) -> Result<Vec<u8>, CompressError> {
        let raw = self.file(network, Calibration::Identity, None)?;
        let validation = self.scored(&raw, self.job.rows.validation)?;
        let calibration = (self.job.calibrate)(&validation)?;
        let calibrated = validation.mapped(|p| calibration.apply(p))?;
        let at = best_threshold(&calibrated, self.job.profit)?.threshold.min(1.0);
        let thresholds = vec![Threshold { name: "profit".into(), at }];
        self.file(network, calibration, Some(Finish { thresholds, seed: self.job.seed }))
    }

    /// The integers whose answers on validation rows are nearest to the student's, and all that were tried.
    fn quantized(&self, raw_student: &[u8]) -> Result<(Network<'static>, Vec<Candidate>), CompressError> {
        let job = self.job;
        let n_rows = job.rows.train.len();
        let n = job.settings.calibration_rows.clamp(1, n_rows.max(1));
        let picks: Vec<u32> = (0..n).map(|i| job.rows.train[i * n_rows / n]).collect();
        let inputs = dense::inputs(job.student, job.preprocessor, self.rows, &picks)?;
        let (n_continuous, n_binary, _) = job.preprocessor.layout.widths();
        let exact = probabilities(&Model::from_bytes(raw_student)?, self.rows, job.rows.validation)?;
        let mut tried = Vec::new();
        for ranges in RangeMethod::ALL {
            for correct_bias in [false, true] {
                let how = Quantizer { ranges, correct_bias, inputs: &inputs, n_continuous, n_binary };
                let network = quantize(job.student, &how)?;
                let file = self.file(&network, Calibration::Identity, None)?;
                let found = probabilities(&Model::from_bytes(&file)?, self.rows, job.rows.validation)?;
                let scored = self.outcomes(&found, job.rows.validation)?;
                let log_loss = Metric::LogLoss.of(&scored)?;
                let divergence = divergence(&exact, &found);
                tried.push((Candidate { ranges, correct_bias, divergence, log_loss }, network));
            }
        }
        tried.sort_by(|a, b| a.0.divergence.total_cmp(&b.0.divergence));
        let (candidates, mut networks): (Vec<_>, Vec<_>) = tried.into_iter().unzip();
        Ok((networks.swap_remove(0), candidates))
    }

    fn scored(&self, file: &[u8], picks: &[u32]) -> Result<Scored, CompressError> {
        let found = probabilities(&Model::from_bytes(file)?, self.rows, picks)?;
        self.outcomes(&found, picks)
    }

    /// Probabilities with what happened.
    fn outcomes(&self, found: &[f64], picks: &[u32]) -> Result<Scored, CompressError> {
        let numbers = |role: Role| match self.job.table.with_role(role).map(|column| &column.values) {
            Some(Values::Numeric(values)) => Some(picks.iter().map(|&pick| f64::from(values[pick as usize])).collect()),
            _ => None,
        };
        let Some(target): Option<Vec<f64>> = numbers(Role::Target) else {
            return Err(CompressError::AbsentColumn { column: "target".into() });
        };
        let outcomes: Vec<bool> = target.iter().map(|y| *y > 0.5).collect();
        Ok(Scored::new(found, &outcomes, numbers(Role::Weight).as_deref())?)
    }

    fn teacher_step(&self) -> Result<Step, CompressError> {
        let teacher = self.job.teacher;
        let scored = self.outcomes(teacher.test, self.job.rows.test)?;
        Ok(Step {
            name: "teacher",
            size_bytes: teacher.size_bytes,
            auc: Metric::Auc.of(&scored)?,
            log_loss: Metric::LogLoss.of(&scored)?,
            against_teacher: Vec::new(),
            max_difference: 0.0,
            latency: Latency { single_us: None, batch_us: teacher.batch_us },
        })
    }

    /// A bundle on the test rows.
    fn step(&self, name: &'static str, file: &[u8]) -> Result<Step, CompressError> {
        let test = self.job.rows.test;
        let model = Model::from_bytes(file)?;
        let found = probabilities(&model, self.rows, test)?;
        let (scored, teacher) = (self.outcomes(&found, test)?, self.outcomes(self.job.teacher.test, test)?);
        let both = self.job.bootstrap.compare(&scored, &teacher, &[Metric::Auc, Metric::LogLoss])?;
        let gaps = found.iter().zip(self.job.teacher.test).map(|(a, b)| (a - b).abs());
        Ok(Step {
            name,
            size_bytes: file.len(),
            auc: both[0].model,
            log_loss: both[1].model,
            against_teacher: both,
            max_difference: gaps.fold(0.0, f64::max),
            latency: latency(&model, self.rows, test)?,
        })
    }

    /// The largest difference of a probability between the trainer and the edge, on test rows.
    fn parity(&self, raw_student: &[u8]) -> Result<f64, CompressError> {
        let found = probabilities(&Model::from_bytes(raw_student)?, self.rows, self.job.rows.test)?;
        Ok(found.iter().zip(self.job.teacher.student_test).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max))
    }

    fn gates(&self, shipped: &Step, parity: f64) -> Vec<Gate> {
        let lost = |i: usize| shipped.against_teacher[i].difference.value;
        let gate = |gate, bound: f64, found: f64| Gate { gate, bound, found, passed: found <= bound };
        vec![
            gate("quantize.max_auc_loss", self.job.settings.max_auc_loss, -lost(0)),
            gate("quantize.max_log_loss_rise", self.job.settings.max_log_loss_rise, lost(1)),
            gate("parity", MAX_PARITY_GAP, parity),
        ]
    }
}

/// Mean of `p ln(p/q) + (1 − p) ln((1 − p)/(1 − q))`, probabilities kept off 0 and 1.
fn divergence(p: &[f64], q: &[f64]) -> f64 {
    const FLOOR: f64 = 1e-9;
    let keep = |x: f64| x.clamp(FLOOR, 1.0 - FLOOR);
    let of = |(p, q): (&f64, &f64)| {
        let (p, q) = (keep(*p), keep(*q));
        p * (p / q).ln() + (1.0 - p) * ((1.0 - p) / (1.0 - q)).ln()
    };
    p.iter().zip(q).map(of).sum::<f64>() / p.len().max(1) as f64
}
