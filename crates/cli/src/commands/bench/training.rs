//! Training steps: gather a batch, forward, loss, backward, AdamW, through the program's own loop.

use std::ops::ControlFlow;

use tenure_artifact::{ContinuousInput, InputLayout};
use tenure_config as plan;
use tenure_encode::Dataset;
use tenure_model::ChosenDevice;
use tenure_train::{FitJob, Labels, Observer, Progress, fit};

use super::{Round, Workload};
use crate::failure::Failure;

/// Steps of one epoch.
const N_STEPS: usize = 24;
/// Epochs of one round; the first warms the device up and is not counted.
const N_EPOCHS: usize = 3;
/// Rows looked at after each epoch: a step's worth is too many to leave out of the figure, so they are few.
const N_VALIDATION: usize = 32;

/// A network and a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    name: &'static str,
    n_inputs: usize,
    batch_size: usize,
    /// The `[model]` section.
    model: &'static str,
}

/// What is trained: the networks of the CPU's figures, and the default preset's.
pub const SHAPES: [Shape; 4] = [
    Shape {
        name: "mlp-32-128-128-1",
        n_inputs: 32,
        batch_size: 256,
        model: "kind = \"mlp\"\nblocks = 2\nwidth = 128\ndropout = 0.0\nnumeric_embedding = \"none\"\n",
    },
    Shape {
        name: "mlp-64-256-256-1",
        n_inputs: 64,
        batch_size: 1024,
        model: "kind = \"mlp\"\nblocks = 2\nwidth = 256\ndropout = 0.0\nnumeric_embedding = \"none\"\n",
    },
    Shape {
        name: "mlp-64-512-512-512-1",
        n_inputs: 64,
        batch_size: 1024,
        model: "kind = \"mlp\"\nblocks = 3\nwidth = 512\ndropout = 0.0\nnumeric_embedding = \"none\"\n",
    },
    Shape { name: "default-preset", n_inputs: 32, batch_size: 256, model: "" },
];

impl Shape {
    /// `train/mlp-32-128-128-1/B256`.
    pub fn id(&self) -> String {
        format!("train/{}/B{}", self.name, self.batch_size)
    }
}

/// A network on a device, with its rows.
pub struct Training {
    id: String,
    place: String,
    device: ChosenDevice,
    plan: plan::Plan,
    rows: Dataset,
    validation: Dataset,
}

impl Training {
    /// Makes rows for this shape.
    pub fn made(shape: &Shape, device: ChosenDevice) -> Result<Self, Failure> {
        let text = format!(
            "[data]\nsource = \"synthetic\"\n[model]\n{}[train]\nepochs = {N_EPOCHS}\nbatch_size = {}\ncheckpoint_every = 0\n",
            shape.model, shape.batch_size
        );
        let plan = plan::parse(&text, "bench.toml", &plan::Overrides::default())?;
        let place = format!("{} ({})", device.info.adapter, device.info.backend);
        let n_rows = shape.batch_size * N_STEPS;
        let (rows, validation) = (rows(n_rows, 0, shape.n_inputs), rows(N_VALIDATION, n_rows, shape.n_inputs));
        Ok(Self { id: shape.id(), place, device, plan, rows, validation })
    }
}

impl Workload for Training {
    fn id(&self) -> &str {
        &self.id
    }

    fn device(&self) -> &str {
        &self.place
    }

    fn counts(&self) -> &'static str {
        "rows"
    }

    fn round(&mut self) -> Result<Round, Failure> {
        let job = FitJob {
            train: &self.rows,
            validation: &self.validation,
            labels: Labels::Churn,
            model: &self.plan.model,
            settings: &self.plan.train,
            seed: 1,
            device: &self.device,
            n_threads: tenure_train::n_cores(),
        };
        let mut watch = Watch::default();
        fit(job, &mut watch, None)?;
        Ok(Round { amount: (self.rows.n_rows() * watch.n_counted) as f64, seconds: watch.seconds, check: watch.loss })
    }
}

/// Sums the epochs after the first.
#[derive(Default)]
struct Watch {
    n_epochs: usize,
    n_counted: usize,
    seconds: f64,
    loss: f64,
    so_far: f64,
}

impl Observer for Watch {
    fn epoch(&mut self, progress: &Progress) -> ControlFlow<()> {
        let took = progress.record.seconds - self.so_far;
        self.so_far = progress.record.seconds;
        if self.n_epochs > 0 {
            self.n_counted += 1;
            self.seconds += took;
        }
        self.n_epochs += 1;
        self.loss = progress.record.train_loss;
        ControlFlow::Continue(())
    }
}

/// Rows whose label depends on three of their inputs.
fn rows(n_rows: usize, shift: usize, n_inputs: usize) -> Dataset {
    let uniform = |row: usize, column: usize| (((row + shift) * 7919 + column * 104_729) % 997) as f32 / 997.0;
    let magnitude = |column: usize| ContinuousInput {
        name: format!("x{column}"),
        source: format!("x{column}"),
        quantiles: (0..ContinuousInput::N_QUANTILES)
            .map(|q| q as f32 / (ContinuousInput::N_QUANTILES - 1) as f32)
            .collect(),
    };
    let is_positive = |row: usize| uniform(row, 0) - uniform(row, 1) + 0.5 * uniform(row, 2) > 0.25;
    Dataset {
        layout: InputLayout {
            continuous: (0..n_inputs).map(magnitude).collect(),
            binary: Vec::new(),
            categorical: Vec::new(),
            sequence: vec![],
            sequence_levels: vec![],
        },
        continuous: (0..n_rows * n_inputs).map(|i| uniform(i / n_inputs, i % n_inputs)).collect(),
        binary: Vec::new(),
        categorical: Vec::new(),
        target: (0..n_rows).map(|row| f32::from(u8::from(is_positive(row)))).collect(),
        sequence: None,
        weight: vec![1.0; n_rows],
    }
}
