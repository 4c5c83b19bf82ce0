//! AdamW with decoupled decay over all weights as one flat run: a handful of launches a step, whatever the network.
//!
//! `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`, `p ← p − η·f ⊙ (m̂/(√v̂ + ε) + λ·d ⊙ p)` with `m̂ = m/(1−β₁ᵗ)` and
//! `v̂ = v/(1−β₂ᵗ)` (arXiv 1711.05101); `f` scales the rate of each weight and `d` is 1 where it decays.

use burn::tensor::{Device, Tensor, TensorData};
use tenure_artifact::{Backbone, NetworkSpec, ParameterRole};

pub(crate) const BETA1: f64 = 0.9;
pub(crate) const EPSILON: f64 = 1e-8;

/// What does not change over a run.
pub(crate) struct AdamW {
    beta2: f64,
    clip_norm: f64,
    /// `f`, `[P]`; none where it is 1 throughout.
    rates: Option<Tensor<1>>,
    /// `d`, `[P]`.
    decays: Tensor<1>,
}

/// What does: all weights and their moments, `[P]` each.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) weights: Tensor<1>,
    pub(crate) first: Tensor<1>,
    pub(crate) second: Tensor<1>,
    /// Steps done.
    pub(crate) steps: u64,
}

impl State {
    pub(crate) fn start(weights: Tensor<1>) -> Self {
        Self { first: weights.zeros_like(), second: weights.zeros_like(), weights, steps: 0 }
    }
}

impl AdamW {
    pub(crate) fn new(spec: &NetworkSpec, beta2: f64, clip_norm: f64, device: &Device) -> Self {
        let rates = spread(spec, |role| rate_factor(spec.backbone, role));
        let decays = spread(spec, |role| if decays(role) { 1.0 } else { 0.0 });
        let upload = |values: Vec<f32>| {
            let n = values.len();
            Tensor::from_data(TensorData::new(values, [n]), device)
        };
        let uneven = rates.iter().any(|r| *r != 1.0);
        Self { beta2, clip_norm, rates: uneven.then(|| upload(rates)), decays: upload(decays) }
    }

    /// One step down the gradient.
    ///
    /// # Shapes
    /// `gradient [P]`
    pub(crate) fn step(&self, state: State, gradient: Tensor<1>, rate: f64, decay: f64) -> State {
        let g = self.clip(gradient);
        let steps = state.steps + 1;
        let first = state.first.mul_scalar(BETA1) + g.clone().mul_scalar(1.0 - BETA1);
        let second = state.second.mul_scalar(self.beta2) + g.square().mul_scalar(1.0 - self.beta2);
        let correction = |beta: f64| 1.0 / (1.0 - beta.powf(steps as f64));
        let spread = second.clone().mul_scalar(correction(self.beta2)).sqrt().add_scalar(EPSILON);
        let step = first.clone().mul_scalar(correction(BETA1)) / spread;
        let step =
            if decay > 0.0 { step + state.weights.clone() * self.decays.clone().mul_scalar(decay) } else { step };
        let step = if let Some(rates) = &self.rates { step * rates.clone() } else { step };
        State { weights: state.weights - step.mul_scalar(rate), first, second, steps }
    }

    /// Shortens the gradient to the greatest norm allowed, without reading the norm back.
    fn clip(&self, gradient: Tensor<1>) -> Tensor<1> {
        if self.clip_norm <= 0.0 {
            return gradient;
        }
        let norm = gradient.clone().square().sum().sqrt();
        let factor = norm.add_scalar(1e-6).recip().mul_scalar(self.clip_norm).clamp_max(1.0);
        gradient * factor
    }
}

/// One number per weight, by its parameter's role.
fn spread(spec: &NetworkSpec, value: impl Fn(ParameterRole) -> f32) -> Vec<f32> {
    let run = |p: tenure_artifact::Parameter| std::iter::repeat_n(value(p.role), p.n_elements());
    spec.parameters().into_iter().flat_map(run).collect()
}

pub(crate) fn decays(role: ParameterRole) -> bool {
    use ParameterRole::{HeadWeight, NumericWeight, SequenceWeight, Weight};
    matches!(role, Weight | HeadWeight | NumericWeight | SequenceWeight)
}

/// `RealMLP`'s groups (arXiv 2407.04491): the front scale learns six times as fast, biases, mixes and periodic embeddings
/// ten times as slowly.
pub(crate) fn rate_factor(backbone: Backbone, role: ParameterRole) -> f32 {
    use ParameterRole::{Bias, Frequency, FrontScale, HeadBias, Mix, NumericBias, NumericWeight, Phase};
    match role {
        _ if !matches!(backbone, Backbone::Realmlp(_)) => 1.0,
        FrontScale => 6.0,
        Bias | HeadBias | Mix | Frequency | Phase | NumericBias | NumericWeight => 0.1,
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(values: &[f32]) -> Tensor<1> {
        Tensor::from_data(TensorData::new(values.to_vec(), [values.len()]), &Device::flex())
    }

    fn values(tensor: &Tensor<1>) -> Vec<f32> {
        tensor.to_data().try_to_vec().expect("floats")
    }

    fn adamw(clip_norm: f64, rates: Option<&[f32]>, decays: &[f32]) -> AdamW {
        AdamW { beta2: 0.999, clip_norm, rates: rates.map(tensor), decays: tensor(decays) }
    }

    #[test]
    fn the_first_step_has_the_length_of_the_rate() {
        let state = State::start(tensor(&[1.0, 1.0, 1.0]));
        let next = adamw(0.0, Some(&[1.0, 1.0, 6.0]), &[0.0; 3]).step(state, tensor(&[0.5, -20.0, 3.0]), 0.1, 0.0);
        for (found, expected) in values(&next.weights).iter().zip([0.9, 1.1, 0.4]) {
            assert!((found - expected).abs() < 1e-5, "{found} {expected}");
        }
    }

    #[test]
    fn only_matrices_decay() {
        let state = State::start(tensor(&[2.0, 2.0]));
        let next = adamw(0.0, None, &[1.0, 0.0]).step(state, tensor(&[0.0, 0.0]), 0.1, 0.5);
        assert_eq!(values(&next.weights), [1.9, 2.0]);
    }

    #[test]
    fn a_long_gradient_is_shortened_and_a_short_one_kept() {
        let clip = |g: &[f32]| values(&adamw(1.0, None, &[0.0; 2]).clip(tensor(g)));
        let long = clip(&[3.0, 4.0]);
        assert!((long[0] - 0.6).abs() < 1e-5 && (long[1] - 0.8).abs() < 1e-5, "{long:?}");
        assert_eq!(clip(&[0.3, 0.4]), [0.3, 0.4]);
    }

    /// Ten steps against the recurrences in plain `f64`.
    #[test]
    fn ten_steps_follow_the_recurrences() {
        let optimizer = adamw(0.0, None, &[1.0]);
        let mut state = State::start(tensor(&[0.7]));
        let (mut p, mut m, mut v) = (0.7_f64, 0.0_f64, 0.0_f64);
        for t in 1..=10 {
            let g = (f64::from(t) * 0.9).sin();
            state = optimizer.step(state, tensor(&[g as f32]), 0.05, 0.01);
            m = 0.9 * m + 0.1 * g;
            v = 0.999 * v + 0.001 * g * g;
            let (mh, vh) = (m / (1.0 - 0.9_f64.powi(t)), v / (1.0 - 0.999_f64.powi(t)));
            p -= 0.05 * (mh / (vh.sqrt() + 1e-8) + 0.01 * p);
        }
        assert!((f64::from(values(&state.weights)[0]) - p).abs() < 1e-5);
    }
}
