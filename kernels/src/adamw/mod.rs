//! AdamW with decoupled decay (arXiv 1711.05101) on flat runs of weights.
//!
//! `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`, `p ← p − η·(m̂/(√v̂ + ε) + λ·p)` with `m̂ = m/(1−β₁ᵗ)`, `v̂ = v/(1−β₂ᵗ)`.
//!
//! # Cost
//! 28 bytes moved and about 12 FLOP a weight, one root and one division among them; the weights of a small network stay in
//! the L2 cache from step to step.

pub(crate) mod cpu;
#[cfg(test)]
mod reference;

/// What does not change over a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamW {
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the root of the second moment.
    pub epsilon: f64,
}

/// One step's scalars for one group of weights.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scalars {
    pub(crate) beta1: f32,
    pub(crate) one_minus_beta1: f32,
    pub(crate) beta2: f32,
    pub(crate) one_minus_beta2: f32,
    /// `1/(1−β₁ᵗ)`
    pub(crate) correction1: f32,
    /// `1/(1−β₂ᵗ)`
    pub(crate) correction2: f32,
    pub(crate) epsilon: f32,
    /// Factor on the gradient.
    pub(crate) clip: f32,
    pub(crate) rate: f32,
    pub(crate) decay: f32,
}

impl AdamW {
    /// The scalars of step `t`, counted from 1.
    pub(crate) fn scalars(&self, t: u64, clip: f32, rate: f64, decay: f64) -> Scalars {
        let correction = |beta: f64| (1.0 / (1.0 - beta.powf(t as f64))) as f32;
        Scalars {
            beta1: self.beta1 as f32,
            one_minus_beta1: (1.0 - self.beta1) as f32,
            beta2: self.beta2 as f32,
            one_minus_beta2: (1.0 - self.beta2) as f32,
            correction1: correction(self.beta1),
            correction2: correction(self.beta2),
            epsilon: self.epsilon as f32,
            clip,
            rate: rate as f32,
            decay: decay as f32,
        }
    }
}
