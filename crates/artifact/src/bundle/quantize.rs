//! The one integer arithmetic: how real numbers become the integers of a layer.
//!
//! Weights `w ≈ s_o q` with one scale per output, `q` in -127..=127 (int4: -7..=7). Activations `x ≈ s_x v` with one
//! scale per layer, `v` in -127..=127. The sum `a = b_q + Σ v q` is exact in 32 bits. A hidden layer writes
//! `clamp((a m + 2^(31+s)) >> (32+s))`, where `m 2^-(32+s) ≈ s_x s_o / s_y`: round half up, to 0..=127 after a `ReLU`, else
//! to -127..=127 and through a table of the activation. The last layer's logits are `a s_x s_o` in double precision.
//! All of it is integers or single IEEE operations, so that every processor computes the same bits.
//!
//! Source of the scheme: Jacob et al., arXiv 1712.05877; here without zero points.

use alloc::vec::Vec;
use core::fmt;

use super::layer::{INPUTS_PER_GROUP, IntWeights, Layer, LayerWeights, Requantize, has_table, padded, panels_of};
use super::numbers::LeSlice;
use super::scheme::max_weight;
use crate::Activation;

/// The largest magnitude of an activation and of an 8-bit weight.
pub const MAX_MAGNITUDE: i32 = 127;

/// A layer whose numbers do not fit the integer arithmetic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum QuantizeError {
    /// The factor from sums to outputs is not below one half: the outputs' scale is far too fine.
    Multiplier {
        /// Which output.
        output_idx: usize,
        /// The factor.
        found: f64,
    },
    /// A bias beyond 2^30 steps: the scales of inputs and weights are far too fine for it.
    Bias {
        /// Which output.
        output_idx: usize,
        /// The bias in steps.
        found: f64,
    },
}

impl fmt::Display for QuantizeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Multiplier { output_idx, found } => {
                write!(f, "output {output_idx}: expected a factor from 0 to below 0.5, found {found:e}")
            }
            Self::Bias { output_idx, found } => {
                write!(f, "output {output_idx}: expected a bias within 2^30 steps, found {found:e}")
            }
        }
    }
}

impl core::error::Error for QuantizeError {}

/// `(m, s)` with `factor ≈ m 2^-(32+s)`, `m` below 2^31 and `s` in 0..=30; none unless `0 <= factor < ½`.
///
/// ```
/// use tenure_artifact::bundle::fixed_point;
///
/// assert_eq!(fixed_point(0.25), Some((1 << 30, 0)));
/// assert_eq!(fixed_point(0.001), Some((1_099_511_628, 8)));
/// assert_eq!(fixed_point(0.5), None);
/// ```
pub fn fixed_point(factor: f64) -> Option<(i32, u8)> {
    if !(0.0..0.5).contains(&factor) {
        return None;
    }
    let (mut mantissa, mut shift) = (factor, 0);
    while mantissa < 0.25 && shift < 30 {
        mantissa *= 2.0;
        shift += 1;
    }
    let m = round(mantissa * 4_294_967_296.0).min(f64::from(i32::MAX));
    Some((m as i32, shift))
}

/// Weights `[I, O]` as integers and one scale per output, by the largest magnitude of each output: `(q, s)`.
///
/// `bits` is 8 or 4. An output whose weights are all zero gets the scale 1.
pub fn quantize_channels(weights: &[f64], n_out: usize, bits: u8) -> (Vec<i8>, Vec<f64>) {
    let top = f64::from(max_weight(bits));
    let mut scales = alloc::vec![0.0_f64; n_out];
    for row in weights.chunks_exact(n_out) {
        for (scale, weight) in scales.iter_mut().zip(row) {
            *scale = scale.max(weight.abs() / top);
        }
    }
    scales.iter_mut().filter(|scale| **scale == 0.0).for_each(|scale| *scale = 1.0);
    let rows = weights.chunks_exact(n_out);
    let values = rows.flat_map(|row| row.iter().zip(&scales).map(|(weight, scale)| round(weight / scale) as i8));
    (values.collect(), scales)
}

/// A dense layer in integers, before its panels are made.
#[derive(Clone, Copy, Debug)]
pub struct QuantizedDense<'s> {
    /// Integer weights, row-major `[I, O]`.
    pub values: &'s [i8],
    /// The scale of each output's weights, `[O]`.
    pub scales: &'s [f64],
    /// 8 or 4.
    pub bits: u8,
    /// In real numbers, `[O]`.
    pub bias: &'s [f64],
    /// What one step of an input stands for. For the first layer, whose inputs have a scale each, it is 1 and the scales
    /// are in the weights: quantize `w_io s_i`.
    pub input_scale: f64,
}

impl QuantizedDense<'_> {
    /// A hidden layer. `before` is the step of a value before the activation, `after` of one after it; for `ReLU` and
    /// no activation only `after` counts.
    pub fn hidden(
        &self,
        activation: Option<Activation>,
        before: f64,
        after: f64,
    ) -> Result<Layer<'static>, QuantizeError> {
        let tabled = has_table(activation);
        let step = if tabled { before } else { after };
        let n_out = self.bias.len();
        let (mut multipliers, mut shifts) = (alloc::vec![0; padded(n_out)], alloc::vec![0; padded(n_out)]);
        for (output_idx, scale) in self.scales.iter().enumerate() {
            let found = self.input_scale * scale / step;
            let (m, s) = fixed_point(found).ok_or(QuantizeError::Multiplier { output_idx, found })?;
            multipliers[output_idx] = m;
            shifts[output_idx] = s;
        }
        let entry = |v: i32| match activation.filter(|_| tabled) {
            Some(activation) => to_int8(activation.apply(f64::from(v) * before) / after),
            None => 0,
        };
        let table = LeSlice::owned((-128..128).filter(|_| tabled).map(entry));
        let requantize =
            Requantize::Hidden { multipliers: LeSlice::owned(multipliers), shifts: LeSlice::owned(shifts), table };
        self.layer(activation, requantize)
    }

    /// The last layer, whose outputs are logits.
    pub fn output(&self) -> Result<Layer<'static>, QuantizeError> {
        let scales = LeSlice::owned(self.scales.iter().map(|scale| scale * self.input_scale));
        self.layer(None, Requantize::Output { scales })
    }

    fn layer(
        &self,
        activation: Option<Activation>,
        requantize: Requantize<'static>,
    ) -> Result<Layer<'static>, QuantizeError> {
        let n_out = self.bias.len();
        let n_in = self.values.len() / n_out;
        let mut bias = alloc::vec![0; padded(n_out)];
        for (output_idx, (real, scale)) in self.bias.iter().zip(self.scales).enumerate() {
            let found = real / (self.input_scale * scale);
            if found.is_nan() || found.abs() > f64::from(1 << 30) {
                return Err(QuantizeError::Bias { output_idx, found });
            }
            bias[output_idx] = round(found) as i32;
        }
        let panels = IntWeights::pack(panels_of(n_in, n_out, INPUTS_PER_GROUP, self.values, 0), self.bits);
        let weights = LayerWeights::Int { bias: LeSlice::owned(bias), panels, requantize };
        Ok(Layer { n_in, n_out, activation, weights })
    }
}

/// The nearest integer in -127..=127.
fn to_int8(x: f64) -> i8 {
    round(x).clamp(f64::from(-MAX_MAGNITUDE), f64::from(MAX_MAGNITUDE)) as i8
}

/// The nearest integer, halves away from zero; |x| below 2^52.
fn round(x: f64) -> f64 {
    (x + 0.5_f64.copysign(x)) as i64 as f64
}
