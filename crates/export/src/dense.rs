//! A bundle's layers as plain matrices.

use tenure_artifact::bundle::{INPUTS_PER_GROUP, Layer, LeSlice, OUTPUTS_PER_PANEL};

/// Row-major `[I, O]` of a layer in single precision.
pub(crate) fn floats(layer: &Layer<'_>, panels: &LeSlice<'_, f32>) -> Vec<f32> {
    let at = |i: usize, o: usize| {
        o / OUTPUTS_PER_PANEL * OUTPUTS_PER_PANEL * layer.n_in + OUTPUTS_PER_PANEL * i + o % OUTPUTS_PER_PANEL
    };
    cells(layer).map(|(i, o)| panels.get(at(i, o))).collect()
}

/// Row-major `[I, O]` of an integer layer whose weights in panel order are these.
pub(crate) fn integers(layer: &Layer<'_>, panels: &[i8]) -> Vec<i8> {
    let n_groups = layer.n_in.div_ceil(INPUTS_PER_GROUP);
    let at = |i: usize, o: usize| {
        let group = o / OUTPUTS_PER_PANEL * n_groups + i / INPUTS_PER_GROUP;
        (group * OUTPUTS_PER_PANEL + o % OUTPUTS_PER_PANEL) * INPUTS_PER_GROUP + i % INPUTS_PER_GROUP
    };
    cells(layer).map(|(i, o)| panels[at(i, o)]).collect()
}

/// What one unit of the integer sum `m 2^-(32+s)` is worth in the units of the next layer.
pub(crate) fn factor(multiplier: i32, shift: u8) -> f64 {
    f64::from(multiplier) / 2.0_f64.powi(32 + i32::from(shift))
}

/// `f32`, `int8` or `int4`, of a network whose layers are alike.
pub(crate) fn precision(layers: &[Layer<'_>]) -> &'static str {
    layers.first().map_or("no network", Layer::precision)
}

fn cells(layer: &Layer<'_>) -> impl Iterator<Item = (usize, usize)> {
    let n_out = layer.n_out;
    (0..layer.n_in).flat_map(move |i| (0..n_out).map(move |o| (i, o)))
}

#[cfg(test)]
mod tests {
    use tenure_artifact::bundle::{LayerWeights, QuantizedDense};

    use super::*;

    #[test]
    fn matrices_come_out_as_they_went_in() {
        let weights: Vec<f32> = (0..5 * 18).map(|i| i as f32).collect();
        let layer = Layer::dense(&weights, &[0.0; 18], None);
        let LayerWeights::F32 { panels, .. } = &layer.weights else { unreachable!() };
        assert_eq!(floats(&layer, panels), weights);

        let values: Vec<i8> = (0..5 * 18).map(|i| (i % 15) as i8 - 7).collect();
        for bits in [8, 4] {
            let dense =
                QuantizedDense { values: &values, scales: &[0.1; 18], bits, bias: &[0.0; 18], input_scale: 0.1 };
            let layer = dense.output().expect("it fits");
            let LayerWeights::Int { panels, .. } = &layer.weights else { unreachable!() };
            assert_eq!(integers(&layer, &panels.to_int8()), values);
        }
    }
}
