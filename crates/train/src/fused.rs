//! Steps by the fused kernels: the network's description turned into theirs.

use std::ops::Range;

use burn::tensor::{Device, Tensor, TensorData};
use tenure_artifact::{Backbone, Head, NetworkSpec, NumericSpec, Parameter, Sharing, ValueFamily};
use tenure_encode::Dataset;
use tenure_kernels::Simd;
use tenure_kernels::adamw;
use tenure_kernels::loss::{Loss, ValueLoss};
use tenure_kernels::step::{
    self, Activation, Dropout, Embedding, Execution, Group, Inputs, Layer, Network, Periodic, Rows, Settings, Table,
    Trainer,
};
use tenure_model::{DeviceError, TargetColumns};

use crate::epoch::EpochPlan;
use crate::fit::FitJob;
use crate::optimizer::{BETA1, EPSILON, State, decays, rate_factor};
use crate::resident::row_weights;
use crate::together::n_cores;

/// Training rows where the data set has them, and the trainer.
pub(crate) struct Fused<'a> {
    trainer: Trainer,
    rows: Rows<'a>,
    device: Device,
}

impl<'a> Fused<'a> {
    /// Prepares rows and buffers, to train with `n_threads` threads.
    pub(crate) fn new(
        job: &FitJob<'a>,
        spec: &NetworkSpec,
        n_threads: usize,
        state: &State,
    ) -> Result<Self, DeviceError> {
        let network = describe(spec);
        let n_batches = job.train.n_rows().div_ceil(job.settings.batch_size.max(1));
        let execution = execution(n_threads, job.train.n_rows().div_ceil(n_batches.max(1)));
        let settings = Settings {
            loss: loss(&spec.head),
            adamw: adamw::AdamW { beta1: BETA1, beta2: job.settings.beta2, epsilon: EPSILON },
            clip_norm: job.settings.clip_norm,
            groups: groups(spec),
        };
        let rows = Rows::new(&network.inputs, table(job, spec));
        let mut trainer = Trainer::new(network, settings, execution);
        let [weights, first, second] = [&state.weights, &state.first, &state.second].map(read);
        trainer.set_state([&weights?, &first?, &second?], state.steps);
        Ok(Self { trainer, rows, device: job.device.device.clone() })
    }

    /// Goes through the steps of an epoch; gives the sum of all losses.
    pub(crate) fn epoch(&mut self, state: &mut State, plan: &EpochPlan) -> f64 {
        let steps: Vec<step::Step> = plan.steps.iter().map(to_step).collect();
        let dropout = Dropout { run: &plan.draws.run, kept: plan.draws.kept };
        let dropout = (!plan.draws.is_empty()).then_some(dropout);
        let total = self.trainer.epoch(&self.rows, &plan.order, &steps, dropout);
        let steps = self.trainer.steps();
        let [weights, first, second] = self.trainer.state().map(|values| upload(values, &self.device));
        *state = State { weights, first, second, steps };
        total
    }

    /// The trainer, with the weights of the last step.
    pub(crate) fn trainer(&mut self) -> &mut Trainer {
        &mut self.trainer
    }
}

fn execution(n_threads: usize, batch: usize) -> Execution {
    Execution { simd: Simd::detect(), n_threads, batch, kept_bytes: Execution::KEPT_BYTES }
}

/// Rows that a network scores at once.
const SCORED: usize = 1024;

/// A trainer that only scores: the network's weights on all cores.
pub(crate) fn scorer(network: &tenure_model::Network) -> Result<Trainer, DeviceError> {
    let spec = network.spec();
    let settings = Settings {
        loss: loss(&spec.head),
        adamw: adamw::AdamW { beta1: BETA1, beta2: 0.999, epsilon: EPSILON },
        clip_norm: 0.0,
        groups: groups(spec),
    };
    let mut trainer = Trainer::new(describe(spec), settings, execution(n_cores(), SCORED));
    trainer.start(&network.weights()?);
    Ok(trainer)
}

/// Rows without targets.
pub(crate) fn rows_to_score<'d>(data: &'d Dataset, spec: &NetworkSpec, rows: Range<usize>) -> Rows<'d> {
    let (f, g, c) = data.layout.widths();
    let table = Table {
        n_rows: rows.len(),
        magnitudes: data.continuous[rows.start * f..rows.end * f].into(),
        binary: data.binary[rows.start * g..rows.end * g].into(),
        categorical: data.categorical[rows.start * c..rows.end * c].into(),
        targets: Vec::new(),
        weights: Vec::new(),
    };
    Rows::new(&inputs(spec, &Places::of(spec)), table)
}

fn to_step(step: &crate::epoch::Step) -> step::Step {
    step::Step {
        rows: step.rows.clone(),
        learning_rate: step.learning_rate,
        decay: step.decay,
        mask_starts: step.mask_starts.clone(),
    }
}

fn read(tensor: &Tensor<1>) -> Result<Vec<f32>, DeviceError> {
    tensor.clone().try_into_vec_as::<f32>().map_err(|e| DeviceError::Compute { message: e.to_string() })
}

fn upload(values: &[f32], device: &Device) -> Tensor<1> {
    Tensor::from_data(TensorData::new(values.to_vec(), [values.len()]), device)
}

fn table<'a>(job: &FitJob<'a>, spec: &NetworkSpec) -> Table<'a> {
    let data = job.train;
    let columns = TargetColumns::new(&spec.head, job.settings.label_smoothing as f32);
    let mut targets = Vec::with_capacity(data.n_rows() * columns.width());
    (0..data.n_rows()).for_each(|row| columns.push(data.target_row(row), &mut targets));
    Table {
        n_rows: data.n_rows(),
        magnitudes: data.continuous.as_slice().into(),
        binary: data.binary.as_slice().into(),
        categorical: data.categorical.as_slice().into(),
        targets,
        weights: row_weights(data, job.settings.class_weight),
    }
}

fn groups(spec: &NetworkSpec) -> Vec<Group> {
    let mut end = 0;
    let group = |parameter: Parameter| {
        let start = end;
        end += parameter.n_elements();
        let rate = f64::from(rate_factor(spec.backbone, parameter.role));
        Group { weights: start..end, rate, decays: decays(parameter.role) }
    };
    spec.parameters().into_iter().map(group).collect()
}

fn loss(head: &Head) -> Loss {
    let churn = match head {
        Head::Binary => Some(1.0),
        Head::Value(_) => None,
        Head::Joint(joint) => Some(f64::from(joint.churn_weight)),
    };
    let value = head.value().map(|value| match &value.family {
        ValueFamily::Ziln => ValueLoss::Ziln { n_horizons: value.horizons.len() },
        ValueFamily::ZilnMixture { components } => ValueLoss::Mixture { n_components: *components },
        ValueFamily::Ordinal { edges } => ValueLoss::Ordinal { n_buckets: edges.len() - 1 },
        ValueFamily::ZiGamma => ValueLoss::Gamma,
    });
    Loss { churn, value }
}

/// Where every parameter lies in the flat run of weights.
struct Places(Vec<(String, Range<usize>)>);

impl Places {
    fn of(spec: &NetworkSpec) -> Self {
        let mut end = 0;
        let place = |parameter: Parameter| {
            let start = end;
            end += parameter.n_elements();
            (parameter.name, start..end)
        };
        Self(spec.parameters().into_iter().map(place).collect())
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, place)| place.start)
    }

    fn get(&self, name: &str) -> usize {
        self.find(name).expect("a parameter that the description lists")
    }
}

/// The kernels' description of a network.
fn describe(spec: &NetworkSpec) -> Network {
    let places = Places::of(spec);
    let hidden = spec.backbone.hidden();
    // The NTK parametrisation divides every matrix by the root of its inputs' number where it is used.
    let factor = |n_in: usize| match spec.backbone {
        Backbone::Realmlp(_) => (1.0 / (n_in as f64).sqrt()) as f32,
        _ => 1.0,
    };
    let sharing = if let Backbone::Tabm { sharing, .. } = spec.backbone { Some(sharing) } else { None };
    let layers = (0..hidden.map_or(0, |h| h.blocks)).map(|i| {
        let hidden = hidden.expect("a block is a hidden layer");
        let name = |part: &str| format!("block{i}.{part}");
        let n_in = if i == 0 { spec.input_width() } else { hidden.width };
        Layer {
            n_in,
            n_out: hidden.width,
            weight: places.get(&name("weight")),
            own_weight: sharing == Some(Sharing::Packed),
            factor: factor(n_in),
            input_scale: places.find(&name("input_scale")),
            output_scale: places.find(&name("output_scale")),
            bias: places.get(&name("bias")),
            own_bias: matches!(sharing, Some(Sharing::Full | Sharing::Packed)),
            activation: match hidden.activation {
                tenure_artifact::Activation::Relu => Activation::Relu,
                tenure_artifact::Activation::Silu => Activation::Silu,
                tenure_artifact::Activation::Gelu => Activation::Gelu,
                tenure_artifact::Activation::Selu => Activation::Selu,
            },
            mix: places.find(&name("mix")),
        }
    });
    let n_in = spec.head_width();
    Network {
        inputs: inputs(spec, &places),
        members: spec.backbone.members(),
        layers: layers.collect(),
        head: step::Head {
            n_in,
            n_out: spec.head.n_outputs(),
            weight: places.get("head.weight"),
            bias: places.get("head.bias"),
            factor: factor(n_in),
        },
        n_weights: spec.n_weights(),
    }
}

fn inputs(spec: &NetworkSpec, places: &Places) -> Inputs {
    let (f, g, c) = spec.inputs.widths();
    Inputs {
        n_magnitudes: f,
        embedding: if f == 0 { Embedding::Plain } else { embedding(&spec.numeric, places) },
        n_binary: g,
        levels: spec.inputs.categorical.iter().map(|category| category.n_levels).collect(),
        category_width: spec.category_width,
        category_table: if c == 0 { 0 } else { places.get("category.table") },
        front_scale: places.find("front.scale"),
    }
}

fn embedding(numeric: &NumericSpec, places: &Places) -> Embedding {
    let (weight, bias) = (|| places.get("numeric.weight"), || places.get("numeric.bias"));
    let periodic = |n_frequencies: usize, width: usize| Periodic {
        n_frequencies,
        width,
        frequency: places.get("numeric.frequency"),
        weight: weight(),
        bias: bias(),
    };
    match numeric {
        NumericSpec::Plain => Embedding::Plain,
        NumericSpec::Pwl { edges, width } => {
            Embedding::PiecewiseLinear { edges: edges.clone(), width: *width, weight: weight(), bias: bias() }
        }
        NumericSpec::Plr { n_frequencies, width } => Embedding::Periodic(periodic(*n_frequencies, *width)),
        NumericSpec::Pbld { n_frequencies, width } => Embedding::PhasedPeriodic {
            periodic: periodic(*n_frequencies, width - 1),
            phase: places.get("numeric.phase"),
        },
    }
}
