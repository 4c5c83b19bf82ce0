//! Steps by the tensor library: automatic differentiation, one operation after the other, on any device.

use burn::tensor::{Device, Int, Tensor, TensorData};
use tenure_artifact::bundle::Scheme;
use tenure_artifact::{Head, NetworkSpec};
use tenure_model::{Batch, DeviceError, Graph, Rounding, cross_entropy, value_losses};

use crate::dropout::Masks;
use crate::epoch::EpochPlan;
use crate::fit::FitJob;
use crate::optimizer::{AdamW, State};
use crate::resident::{Resident, Rows};

/// Training rows on the device, and how a step is made of them.
pub(crate) struct Plain {
    graph: Graph,
    optimizer: AdamW,
    rows: Resident,
    device: Device,
    /// What the network is rounded by while it learns; none where it learns as it is.
    rounding: Option<Rounding>,
}

impl Plain {
    pub(crate) fn new(job: &FitJob<'_>, spec: &NetworkSpec) -> Self {
        let device = &job.device.device;
        Self {
            graph: Graph::new(spec, device),
            optimizer: AdamW::new(spec, job.settings.beta2, job.settings.clip_norm, device),
            rows: Resident::upload(job.train, spec, job.settings, device),
            device: device.clone(),
            rounding: None,
        }
    }

    /// Steps of a plain network that computes as integers do.
    pub(crate) fn rounded(job: &FitJob<'_>, spec: &NetworkSpec, scheme: &Scheme) -> Self {
        let plain = Self::new(job, spec);
        Self { rounding: Some(Rounding::new(scheme, &plain.device)), ..plain }
    }

    /// # Shapes
    /// → `[K, B, O]`
    fn outputs(&self, leaves: &[Tensor<1>], batch: &Batch, masks: &[Tensor<3>]) -> Tensor<3> {
        match &self.rounding {
            Some(rounding) => self.graph.rounded_outputs(leaves, batch, rounding),
            None => self.graph.outputs(leaves, batch, masks),
        }
    }

    /// # Shapes
    /// → `[B, K]`
    fn logits(&self, leaves: &[Tensor<1>], batch: &Batch, masks: &[Tensor<3>]) -> Tensor<2> {
        if self.rounding.is_none() {
            return self.graph.forward(leaves, batch, masks);
        }
        let outputs = self.outputs(leaves, batch, masks);
        let [k, b, _] = outputs.dims();
        outputs.reshape([k, b]).swap_dims(0, 1)
    }

    /// Goes through the steps of an epoch; gives the sum of all losses. It is read once, at the end.
    pub(crate) fn epoch(&self, state: &mut State, plan: &EpochPlan) -> Result<f64, DeviceError> {
        let order: Vec<i32> = plan.order.iter().map(|row| row.cast_signed()).collect();
        let n_rows = order.len();
        let order: Tensor<1, Int> = Tensor::from_data(TensorData::new(order, [n_rows]), &self.device);
        let masks = Masks::upload(&plan.draws, &self.device);
        let mut total = Tensor::<1>::zeros([1], &self.device);
        for step in &plan.steps {
            let n = step.rows.len();
            let places = order.clone().narrow(0, step.rows.start, n);
            let rows = self.rows.gather(places, &plan.order[step.rows.clone()]);
            let masks = masks.at(&step.mask_starts, mask_shape(self.graph.spec(), n));
            let (gradient, loss) = self.gradient(&state.weights, &rows, &masks, n);
            *state = self.optimizer.step(state.clone(), gradient, step.learning_rate, step.decay);
            total = total + loss;
        }
        let total: f32 = total.try_into_scalar().map_err(|e| DeviceError::Compute { message: e.to_string() })?;
        Ok(f64::from(total))
    }

    /// The gradient of the batch's mean loss `[P]`, and the sum of its losses `[1]`.
    fn gradient(&self, weights: &Tensor<1>, rows: &Rows, masks: &[Tensor<3>], n_rows: usize) -> (Tensor<1>, Tensor<1>) {
        let track = |leaf: Tensor<1>| leaf.autodiff().require_grad();
        let leaves: Vec<Tensor<1>> = self.graph.leaves(weights).into_iter().map(track).collect();
        let loss = match &self.graph.spec().head {
            Head::Binary => churn_loss(self.logits(&leaves, &rows.batch, masks), rows),
            head => value_loss(head, &self.outputs(&leaves, &rows.batch, masks), rows),
        };
        let mut gradients = loss.clone().div_scalar(n_rows as f64).backward();
        let of = |leaf: &Tensor<1>| {
            let none = || Tensor::zeros(leaf.dims(), &self.device);
            leaf.grad_remove(&mut gradients).unwrap_or_else(none)
        };
        (Tensor::cat(leaves.iter().map(of).collect(), 0), loss.inner())
    }
}

/// Units of the masks of one layer: members, rows, width.
pub(crate) fn mask_shape(spec: &NetworkSpec, n_rows: usize) -> [usize; 3] {
    [spec.backbone.members(), n_rows, spec.backbone.hidden().map_or(0, |h| h.width)]
}

/// Sum over rows of the mean of the members' losses, never the loss of their mean: each member learns as if alone.
///
/// # Shapes
/// `logits [B, K]` → `[1]`
fn churn_loss(logits: Tensor<2>, rows: &Rows) -> Tensor<1> {
    (cross_entropy(logits, rows.target.clone()).mean_dim(1) * rows.weight.clone()).sum()
}

/// The same for a head that says something of value. Members are averaged at scoring by their distributions, so that the
/// ensemble's expected value is the mean of the members' expected values: the mean of log-normals is no log-normal, and
/// the mean of their parameters would forget how far the members disagree.
///
/// # Shapes
/// `outputs [K, B, O]` → `[1]`
fn value_loss(head: &Head, outputs: &Tensor<3>, rows: &Rows) -> Tensor<1> {
    let [_, b, _] = outputs.dims();
    let loss = value_losses(head, outputs, &rows.target).mean_dim(0);
    (loss.reshape([b, 1]) * rows.weight.clone()).sum()
}
