//! Losses of heads: what training minimises, row by row and member by member.

mod gamma;
mod mixture;
mod ordinal;
mod ziln;

use burn::tensor::Tensor;
use burn::tensor::activation::{log_sigmoid, softplus};
use tenure_artifact::{Head, ValueFamily, ValueHead};

/// How targets are laid out on the device: for every head the columns that its loss reads.
///
/// A churn label is one column, smoothed. A value is two: 1 where it is above 0, and its logarithm in the head's unit (0
/// where there is none, so that no logarithm of 0 is ever taken). Among ordered buckets it is one for each bucket, and two.
#[derive(Clone, Copy, Debug)]
pub struct TargetColumns<'a> {
    head: &'a Head,
    /// Share of a churn label that is given to the other class.
    smoothing: f32,
}

impl<'a> TargetColumns<'a> {
    /// The columns of a head.
    pub fn new(head: &'a Head, smoothing: f32) -> Self {
        Self { head, smoothing }
    }

    /// How many there are.
    pub fn width(&self) -> usize {
        usize::from(self.head.has_churn()) + self.head.value().map_or(0, value_width)
    }

    /// Appends the columns of one row.
    ///
    /// # Shapes
    /// `targets [T]`, in the order of [`Head::n_targets`]
    pub fn push(&self, targets: &[f32], columns: &mut Vec<f32>) {
        let (churn, values) = targets.split_at(usize::from(self.head.has_churn()));
        columns.extend(churn.iter().map(|y| y * (1.0 - self.smoothing) + (1.0 - y) * self.smoothing));
        if let Some(head) = self.head.value() {
            for value in values {
                push_value(head, *value, columns);
            }
        }
    }
}

fn value_width(head: &ValueHead) -> usize {
    match &head.family {
        ValueFamily::Ordinal { edges } => edges.len() + 1,
        _ => 2 * head.horizons.len(),
    }
}

fn push_value(head: &ValueHead, value: f32, columns: &mut Vec<f32>) {
    let log_value = (value > 0.0).then(|| f64::from(value).ln() - f64::from(head.log_unit));
    match &head.family {
        ValueFamily::Ordinal { edges } => ordinal::push_target(edges, log_value, columns),
        _ => columns.extend([f32::from(u8::from(log_value.is_some())), log_value.unwrap_or(0.0) as f32]),
    }
}

/// Cross-entropy of logits: `−y log σ(l) − (1 − y) log σ(−l) = −log σ(−l) − y l`.
///
/// # Shapes
/// any, the same for both
pub fn cross_entropy<const D: usize>(logits: Tensor<D>, target: Tensor<D>) -> Tensor<D> {
    (log_sigmoid(logits.clone().neg()) + logits * target).neg()
}

/// The loss of every member and row under a head that says something of value: the negative logarithm of the probability
/// of 0, or of the density at the value in the head's unit; over several horizons their mean; with churn, plus its
/// weighted cross-entropy.
///
/// # Shapes
/// `outputs [K, B, O]`, `targets [B, width]` as [`TargetColumns`] lays them out → `[K, B, 1]`
///
/// # Panics
/// Where the head says nothing of value.
pub fn value_losses(head: &Head, outputs: &Tensor<3>, targets: &Tensor<2>) -> Tensor<3> {
    let value = head.value().expect("a head that says something of value");
    let [b, width] = targets.dims();
    let columns = Columns { outputs, targets: targets.clone().reshape([1, b, width]) };
    match head {
        Head::Joint(joint) => {
            let churn = cross_entropy(columns.output(0), columns.target(0));
            losses(value, &columns, 1) + churn.mul_scalar(joint.churn_weight)
        }
        _ => losses(value, &columns, 0),
    }
}

/// `first` is the place of the first output, and of the first target, that is of value.
fn losses(head: &ValueHead, columns: &Columns<'_>, first: usize) -> Tensor<3> {
    match &head.family {
        ValueFamily::Ziln => ziln::losses(columns, first, head.horizons.len()),
        ValueFamily::ZilnMixture { components } => mixture::losses(columns, first, *components),
        ValueFamily::Ordinal { edges } => ordinal::losses(columns, first, edges.len() - 1),
        ValueFamily::ZiGamma => gamma::losses(columns, first),
    }
}

/// Outputs and targets, one column at a time.
struct Columns<'a> {
    /// `[K, B, O]`
    outputs: &'a Tensor<3>,
    /// `[1, B, width]`
    targets: Tensor<3>,
}

impl Columns<'_> {
    /// `[K, B, 1]`
    fn output(&self, place: usize) -> Tensor<3> {
        self.outputs(place, 1)
    }

    /// `[K, B, n]`
    fn outputs(&self, first: usize, n: usize) -> Tensor<3> {
        self.outputs.clone().narrow(2, first, n)
    }

    /// `[K, B, 1]`
    fn target(&self, place: usize) -> Tensor<3> {
        self.targets(place, 1)
    }

    /// `[K, B, n]`, though the members share it.
    fn targets(&self, first: usize, n: usize) -> Tensor<3> {
        let [k, b, _] = self.outputs.dims();
        self.targets.clone().narrow(2, first, n).expand([k, b, n])
    }

    /// Whether a row's value is above 0, and the value's logarithm.
    fn value(&self, first: usize, horizon: usize) -> (Tensor<3>, Tensor<3>) {
        (self.target(first + 2 * horizon), self.target(first + 2 * horizon + 1))
    }
}

/// ln(eᵃ + eᵇ)
fn log_add(a: Tensor<3>, b: Tensor<3>) -> Tensor<3> {
    a.clone() + softplus(b - a, 1.0)
}
