//! The definition, one weight at a time in `f64`.

use super::AdamW;

/// Weight and moments after step `t` down the gradient `g`.
pub(super) fn step(adamw: AdamW, [p, m, v]: [f64; 3], g: f64, t: i32, [rate, decay]: [f64; 2]) -> [f64; 3] {
    let m = adamw.beta1 * m + (1.0 - adamw.beta1) * g;
    let v = adamw.beta2 * v + (1.0 - adamw.beta2) * g * g;
    let (mean, variance) = (m / (1.0 - adamw.beta1.powi(t)), v / (1.0 - adamw.beta2.powi(t)));
    [p - rate * (mean / (variance.sqrt() + adamw.epsilon) + decay * p), m, v]
}
