//! Starting weights, drawn on the host so that one seed gives one start on every device.

use std::f32::consts::PI;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use tenure_artifact::{Backbone, NetworkSpec, NumericSpec, Parameter, ParameterRole, Sharing};

/// Draws every weight of a network, in the order of [`NetworkSpec::parameters`].
///
/// Each parameter has a stream of its own, so that changing one layer leaves the others' start alone.
/// `frequency_scale` is the standard deviation of periodic embeddings' frequencies.
pub fn initial_weights(spec: &NetworkSpec, frequency_scale: f64, seed: u64) -> Vec<f32> {
    let mut weights = Vec::with_capacity(spec.n_weights());
    for (stream, parameter) in spec.parameters().iter().enumerate() {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(stream as u64);
        let values = draw(spec, parameter, frequency_scale as f32, &mut rng);
        debug_assert_eq!(values.len(), parameter.n_elements());
        weights.extend(values);
    }
    weights
}

fn draw(spec: &NetworkSpec, parameter: &Parameter, frequency_scale: f32, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let n = parameter.n_elements();
    let bound = 1.0 / (parameter.fan_in.max(1) as f32).sqrt();
    // In the NTK parametrisation the layer divides by √fan_in, so that weights themselves are of size one.
    let ntk = matches!(spec.backbone, Backbone::Realmlp(_));
    if let (ParameterRole::HeadBias, Some(start)) = (parameter.role, spec.head.start()) {
        return start.repeat(spec.backbone.members());
    }
    match parameter.role {
        ParameterRole::Weight | ParameterRole::HeadWeight | ParameterRole::Bias if ntk => normal(n, 1.0, rng),
        ParameterRole::HeadBias if ntk => vec![0.0; n],
        ParameterRole::Bias if shares_first_bias(spec) => {
            let width = parameter.shape[1];
            uniform(width, bound, rng).repeat(n / width)
        }
        ParameterRole::FirstScaling => first_scaling(spec, parameter, rng),
        ParameterRole::Scaling | ParameterRole::FrontScale | ParameterRole::Mix => vec![1.0; n],
        ParameterRole::Frequency => truncated_normal(n, frequency_scale, rng),
        ParameterRole::Phase => uniform(n, PI, rng),
        ParameterRole::NumericWeight => numeric_weight(spec, parameter, bound, rng),
        ParameterRole::Weight
        | ParameterRole::HeadWeight
        | ParameterRole::Bias
        | ParameterRole::HeadBias
        | ParameterRole::NumericBias
        | ParameterRole::CategoryTable
        | ParameterRole::SequenceWeight
        | ParameterRole::SequenceBias => uniform(n, bound, rng),
    }
}

/// Members of `TabM` differ at the start only by the first `r` (and by their heads).
fn shares_first_bias(spec: &NetworkSpec) -> bool {
    matches!(spec.backbone, Backbone::Tabm { sharing: Sharing::Full, .. })
}

/// `r` of the first layer: ±1, or N(0, 1) where inputs are embedded; one draw for all components of an embedding.
fn first_scaling(spec: &NetworkSpec, parameter: &Parameter, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let (f, g, c) = spec.inputs.widths();
    let embedded = spec.numeric != NumericSpec::Plain || c > 0;
    let mut row_of_chunks = vec![spec.numeric.width(); f];
    row_of_chunks.extend(std::iter::repeat_n(1, g));
    row_of_chunks.extend(std::iter::repeat_n(spec.category_width, c));
    // Each number of a state is an input of its own.
    row_of_chunks.extend(std::iter::repeat_n(1, spec.sequence.map_or(0, |s| s.width)));
    let mut values = Vec::with_capacity(parameter.n_elements());
    for _ in 0..parameter.shape[0] {
        for &chunk in &row_of_chunks {
            let value: f32 = if embedded {
                StandardNormal.sample(rng)
            } else if rng.random::<bool>() {
                1.0
            } else {
                -1.0
            };
            values.extend(std::iter::repeat_n(value, chunk));
        }
    }
    values
}

/// Ramps start at zero, so that a piecewise-linear embedding starts as a linear one and bends only where data say so.
fn numeric_weight(spec: &NetworkSpec, parameter: &Parameter, bound: f32, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let &[f, n_in, width] = parameter.shape.as_slice() else { unreachable!("numeric weights have three axes") };
    if !matches!(spec.numeric, NumericSpec::Pwl { .. }) {
        return uniform(parameter.n_elements(), bound, rng);
    }
    let mut values = Vec::with_capacity(parameter.n_elements());
    for _ in 0..f {
        values.extend(uniform(width, 1.0 / (width as f32).sqrt(), rng));
        values.extend(std::iter::repeat_n(0.0, (n_in - 1) * width));
    }
    values
}

fn uniform(n: usize, bound: f32, rng: &mut ChaCha8Rng) -> Vec<f32> {
    (0..n).map(|_| bound * (2.0 * rng.random::<f32>() - 1.0)).collect()
}

fn normal(n: usize, deviation: f32, rng: &mut ChaCha8Rng) -> Vec<f32> {
    (0..n)
        .map(|_| {
            let z: f32 = StandardNormal.sample(rng);
            deviation * z
        })
        .collect()
}

/// A normal draw is repeated until it lies within three deviations.
fn truncated_normal(n: usize, deviation: f32, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let draw = |rng: &mut ChaCha8Rng| loop {
        let z: f32 = StandardNormal.sample(rng);
        if z.abs() <= 3.0 {
            return deviation * z;
        }
    };
    (0..n).map(|_| draw(rng)).collect()
}
