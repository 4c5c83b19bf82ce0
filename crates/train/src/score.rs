//! Scoring rows with a network: chunks sized to memory, members averaged as probabilities or as distributions.

use std::ops::Range;

use burn::tensor::Device;
use rayon::prelude::*;
use tenure_artifact::math::sigmoid;
use tenure_artifact::{Head, NetworkSpec, Predictive, ValueHead};
use tenure_encode::Dataset;
use tenure_evaluate::{Metric, Scored, ValueMetric, Valued};
use tenure_kernels::step::{Rows, Trainer};
use tenure_model::{Batch, DeviceError, Network};

use crate::fused::{rows_to_score, scorer};
use crate::kernels::KernelsUsed;
use crate::resident::events;

/// Activations held at once, in numbers: 16 MB each layer keeps the CPU's last cache level useful.
const ACTIVATIONS: usize = 1 << 22;

/// What computes a network's outputs.
pub(crate) enum Forward<'f> {
    /// The tensor library, on any device.
    Tensors(&'f Network),
    /// Fused kernels, with the weights that a trainer has now.
    Fused(&'f mut Trainer),
}

impl Forward<'_> {
    /// The same once more.
    fn again(&mut self) -> Forward<'_> {
        match self {
            Self::Tensors(network) => Forward::Tensors(network),
            Self::Fused(trainer) => Forward::Fused(trainer),
        }
    }
}

/// A network ready to score.
pub(crate) enum Scorer<'n> {
    Tensors(&'n Network),
    Fused(Box<Trainer>),
}

impl<'n> Scorer<'n> {
    pub(crate) fn new(network: &'n Network, kernels: KernelsUsed) -> Result<Self, DeviceError> {
        match kernels {
            KernelsUsed::Plain => Ok(Self::Tensors(network)),
            KernelsUsed::Fused => Ok(Self::Fused(Box::new(scorer(network)?))),
        }
    }

    pub(crate) fn forward(&mut self) -> Forward<'_> {
        match self {
            Self::Tensors(network) => Forward::Tensors(network),
            Self::Fused(trainer) => Forward::Fused(trainer),
        }
    }
}

/// A data set in chunks, as what scores it reads them.
pub(crate) enum Chunks<'d> {
    Device(Vec<Batch>),
    Host(Vec<Rows<'d>>),
}

impl<'d> Chunks<'d> {
    /// For [`Forward::Tensors`] where kernels are plain, for [`Forward::Fused`] where they are fused.
    pub(crate) fn new(data: &'d Dataset, spec: &NetworkSpec, device: &Device, kernels: KernelsUsed) -> Self {
        let (f, g, c) = data.layout.widths();
        let width = spec.backbone.hidden().map_or(1, |h| h.width).max(spec.input_width());
        let n = (ACTIVATIONS / (spec.backbone.members() * width).max(1)).clamp(64, 1 << 16);
        let ranges = (0..data.n_rows()).step_by(n).map(|start| start..(start + n).min(data.n_rows()));
        let events = events(data, spec, device);
        let batch = |rows: Range<usize>| {
            let batch = Batch::upload(
                rows.len(),
                &data.continuous[rows.start * f..rows.end * f],
                &data.binary[rows.start * g..rows.end * g],
                &data.categorical[rows.start * c..rows.end * c],
                device,
            );
            batch.with_sequence(events.as_ref().map(|events| events.batch(rows)))
        };
        match kernels {
            KernelsUsed::Plain => Self::Device(ranges.map(batch).collect()),
            KernelsUsed::Fused => Self::Host(ranges.map(|rows| rows_to_score(data, spec, rows)).collect()),
        }
    }

    fn sizes(&self) -> Vec<usize> {
        match self {
            Self::Device(batches) => batches.iter().map(Batch::n_rows).collect(),
            Self::Host(rows) => rows.iter().map(Rows::n_rows).collect(),
        }
    }

    /// Outputs `[K, B, O]` of one chunk.
    fn outputs(&self, chunk: usize, forward: &mut Forward<'_>) -> Result<Vec<f32>, DeviceError> {
        match (self, forward) {
            (Self::Device(batches), Forward::Tensors(network)) => network.read_outputs(&batches[chunk]),
            (Self::Host(rows), Forward::Fused(trainer)) => Ok(trainer.outputs(&rows[chunk])),
            _ => unreachable!("chunks are made for what scores them"),
        }
    }

    /// The mean of members' probabilities of churn for every row.
    pub(crate) fn means(&self, mut forward: Forward<'_>) -> Result<Vec<f64>, DeviceError> {
        if let (Self::Device(batches), Forward::Tensors(network)) = (self, &forward) {
            // All chunks are queued before the first is read.
            let queued: Vec<_> = batches.iter().map(|b| network.churn(b).mean_dim(1)).collect();
            let mut means = Vec::new();
            for chunk in queued {
                let values =
                    chunk.try_into_vec_as::<f32>().map_err(|e| DeviceError::Compute { message: e.to_string() })?;
                means.extend(values.into_iter().map(f64::from));
            }
            return Ok(means);
        }
        let mut means = Vec::new();
        for (chunk, n_rows) in self.sizes().into_iter().enumerate() {
            let outputs = self.outputs(chunk, &mut forward)?;
            let members = Churn::new(&outputs, n_rows, &forward);
            means
                .par_extend((0..n_rows).into_par_iter().map(|row| members.of_row(row).sum::<f64>() / members.k as f64));
        }
        Ok(means)
    }

    /// Every member's probability of churn for every row, row-major `[N, K]`.
    pub(crate) fn members(&self, mut forward: Forward<'_>) -> Result<Vec<f32>, DeviceError> {
        let mut all = Vec::new();
        if let (Self::Device(batches), Forward::Tensors(network)) = (self, &forward) {
            for batch in batches {
                all.extend(network.probabilities(batch)?);
            }
            return Ok(all);
        }
        for (chunk, n_rows) in self.sizes().into_iter().enumerate() {
            let outputs = self.outputs(chunk, &mut forward)?;
            let members = Churn::new(&outputs, n_rows, &forward);
            all.extend((0..n_rows).flat_map(|row| members.of_row(row).map(|p| p as f32)));
        }
        Ok(all)
    }

    /// What `visit` makes of every row's predictive distributions, one for each horizon: the mixtures of what all members
    /// of all networks, which have one description, say. Rows are visited in parallel, and come back in order.
    pub(crate) fn map_values<R: Send>(
        &self,
        spec: &NetworkSpec,
        forwards: &mut [Forward<'_>],
        visit: impl Fn(usize, &[Predictive]) -> R + Sync,
    ) -> Result<Vec<R>, DeviceError> {
        let mut all = Vec::new();
        for (chunk, n_rows) in self.sizes().into_iter().enumerate() {
            let outputs = forwards.iter_mut().map(|f| self.outputs(chunk, f)).collect::<Result<Vec<_>, _>>()?;
            let said = Said::new(spec, &outputs, n_rows);
            let first = all.len();
            let visited = (0..n_rows).into_par_iter().map_init(
                || said.empty(),
                |distributions, row| {
                    said.fill(row, distributions);
                    visit(first + row, distributions)
                },
            );
            all.par_extend(visited);
        }
        Ok(all)
    }
}

/// What fused kernels say of churn: the first of each member's outputs.
struct Churn<'a> {
    /// `[K, B, O]`
    outputs: &'a [f32],
    n_rows: usize,
    n_outputs: usize,
    k: usize,
}

impl<'a> Churn<'a> {
    fn new(outputs: &'a [f32], n_rows: usize, forward: &Forward<'_>) -> Self {
        let k = match forward {
            Forward::Tensors(network) => network.spec().backbone.members(),
            Forward::Fused(trainer) => trainer.network().members,
        };
        Self { outputs, n_rows, n_outputs: outputs.len() / (k * n_rows).max(1), k }
    }

    /// The members' probabilities.
    fn of_row(&self, row: usize) -> impl Iterator<Item = f64> {
        (0..self.k).map(move |k| sigmoid(f64::from(self.outputs[(k * self.n_rows + row) * self.n_outputs])))
    }
}

/// What networks with one kind of value head said of a chunk of rows.
struct Said<'a> {
    head: &'a ValueHead,
    /// Outputs before those of value.
    n_before: usize,
    n_outputs: usize,
    n_rows: usize,
    members: usize,
    /// Of each network `[K, B, O]`.
    outputs: &'a [Vec<f32>],
}

impl<'a> Said<'a> {
    fn new(spec: &'a NetworkSpec, outputs: &'a [Vec<f32>], n_rows: usize) -> Self {
        let head = spec.head.value().expect("a head that says something of value");
        let n_outputs = spec.head.n_outputs();
        let n_before = n_outputs - head.n_outputs();
        Self { head, n_before, n_outputs, n_rows, members: spec.backbone.members(), outputs }
    }

    fn empty(&self) -> Vec<Predictive> {
        self.head.horizons.iter().map(|_| self.head.predictive()).collect()
    }

    fn fill(&self, row: usize, distributions: &mut [Predictive]) {
        let weight = 1.0 / (self.members * self.outputs.len()) as f64;
        distributions.iter_mut().for_each(Predictive::clear);
        let mut of_member = vec![0.0; self.n_outputs - self.n_before];
        for outputs in self.outputs {
            for member in 0..self.members {
                let start = (member * self.n_rows + row) * self.n_outputs + self.n_before;
                let from = &outputs[start..start + of_member.len()];
                of_member.iter_mut().zip(from).for_each(|(to, from)| *to = f64::from(*from));
                for (horizon, distribution) in distributions.iter_mut().enumerate() {
                    self.head.add_member(&of_member, horizon, weight, distribution);
                }
            }
        }
    }
}

/// Validation rows, and what became of them.
pub(crate) struct Validation<'d> {
    chunks: Chunks<'d>,
    outcomes: Outcomes,
    weights: Vec<f64>,
    spec: NetworkSpec,
}

struct Outcomes {
    /// Empty for a head without churn.
    churned: Vec<bool>,
    /// The loss of churn counts for this much.
    churn_weight: f64,
    /// `[N, H]`
    values: Vec<f64>,
    n_horizons: usize,
}

/// How a network does on the validation rows.
pub(crate) struct Score {
    /// What training stops by; not finite where a prediction is not a number.
    pub(crate) loss: f64,
    /// None where there is one class only, and for a head without churn.
    pub(crate) auc: Option<f64>,
    /// None for a head without value.
    pub(crate) gini: Option<f64>,
}

impl<'d> Validation<'d> {
    pub(crate) fn new(data: &'d Dataset, spec: &NetworkSpec, device: &Device, kernels: KernelsUsed) -> Self {
        let first = usize::from(spec.head.has_churn());
        let targets = || (0..data.n_rows()).map(|row| data.target_row(row).split_at(first));
        let outcomes = Outcomes {
            churned: targets().flat_map(|(churn, _)| churn).map(|y| *y > 0.5).collect(),
            churn_weight: if let Head::Joint(joint) = &spec.head { f64::from(joint.churn_weight) } else { 1.0 },
            values: targets().flat_map(|(_, values)| values).map(|v| f64::from(*v)).collect(),
            n_horizons: spec.head.value().map_or(0, |value| value.horizons.len()),
        };
        Self {
            chunks: Chunks::new(data, spec, device, kernels),
            spec: spec.clone(),
            outcomes,
            weights: data.weight.iter().map(|w| f64::from(*w)).collect(),
        }
    }

    pub(crate) fn score(&self, mut forward: Forward<'_>) -> Result<Score, DeviceError> {
        let mut score = Score { loss: 0.0, auc: None, gini: None };
        if !self.outcomes.churned.is_empty() {
            self.score_churn(forward.again(), &mut score)?;
        }
        if self.outcomes.n_horizons > 0 {
            self.score_value(forward, &mut score)?;
        }
        Ok(score)
    }

    fn score_churn(&self, forward: Forward<'_>, score: &mut Score) -> Result<(), DeviceError> {
        let means = self.chunks.means(forward)?;
        // Rounding of the mean in 32 bits may leave [0, 1] by an ulp; NaN stays, and is refused below.
        let means: Vec<f64> = means.into_iter().map(|p| p.clamp(0.0, 1.0)).collect();
        let Ok(scored) = Scored::new(&means, &self.outcomes.churned, Some(&self.weights)) else {
            score.loss = f64::NAN;
            return Ok(());
        };
        score.loss = self.outcomes.churn_weight * Metric::LogLoss.of(&scored).unwrap_or(f64::NAN);
        score.auc = Metric::Auc.of(&scored).ok();
        Ok(())
    }

    fn score_value(&self, forward: Forward<'_>, score: &mut Score) -> Result<(), DeviceError> {
        let (values, n_horizons) = (&self.outcomes.values, self.outcomes.n_horizons);
        let rows = self.chunks.map_values(&self.spec, &mut [forward], |row, said| {
            let happened = &values[row * n_horizons..(row + 1) * n_horizons];
            let loss: f64 = said.iter().zip(happened).map(|(said, value)| -said.log_density(*value)).sum();
            (loss / n_horizons as f64, said[n_horizons - 1].mean())
        })?;
        let total: f64 = self.weights.iter().sum();
        score.loss += rows.iter().zip(&self.weights).map(|((loss, _), weight)| loss * weight).sum::<f64>() / total;
        let expected: Vec<f64> = rows.iter().map(|(_, mean)| *mean).collect();
        let longest: Vec<f64> = values.iter().copied().skip(n_horizons - 1).step_by(n_horizons).collect();
        let ranked = Valued::new(&expected, &longest, Some(&self.weights));
        score.gini = ranked.and_then(|ranked| ValueMetric::NormalizedGini.of(&ranked)).ok();
        Ok(())
    }
}
