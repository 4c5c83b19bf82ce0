//! The readable definition of every network: plain `f64` loops over one row and one member at a time, no tensors.
//!
//! Slow on purpose. The parity suite compares [`Graph`](crate::Graph) with it on every device.

pub mod cases;
pub mod loss;

use std::f64::consts::TAU;

use tenure_artifact::{Activation, Backbone, NetworkSpec, NumericSpec, Sharing};

/// One encoded row.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// `[F]`
    pub continuous: &'a [f64],
    /// `[G]`
    pub binary: &'a [f64],
    /// `[C]`
    pub categorical: &'a [usize],
    /// The events before the row, the oldest first, `[its events, S]`.
    pub sequence: &'a [f64],
}

/// A network with its weights as plain numbers.
#[derive(Clone, Debug)]
pub struct Reference<'a> {
    spec: &'a NetworkSpec,
    /// Name and values, in the order of [`NetworkSpec::parameters`].
    parameters: Vec<(String, Vec<f64>)>,
}

impl<'a> Reference<'a> {
    /// A network with weights in the order of [`NetworkSpec::parameters`].
    ///
    /// # Panics
    /// Where there are too few weights.
    pub fn new(spec: &'a NetworkSpec, weights: &[f64]) -> Self {
        let mut rest = weights;
        let mut cut = |n| {
            let (part, after) = rest.split_at(n);
            rest = after;
            part.to_vec()
        };
        let parameters = spec.parameters().into_iter().map(|p| (p.name.clone(), cut(p.n_elements()))).collect();
        Self { spec, parameters }
    }

    fn get(&self, name: &str) -> Option<&[f64]> {
        self.parameters.iter().find(|(n, _)| n == name).map(|(_, values)| values.as_slice())
    }

    fn block(&self, block: usize, part: &str) -> Option<&[f64]> {
        self.get(&format!("block{block}.{part}"))
    }

    /// Every member's outputs.
    ///
    /// # Shapes
    /// → row-major `[K, O]`
    pub fn outputs(&self, row: &Row<'_>) -> Vec<f64> {
        let x = self.inputs(row);
        (0..self.spec.backbone.members()).flat_map(|k| self.member(k, &x)).collect()
    }

    fn member(&self, k: usize, x: &[f64]) -> Vec<f64> {
        let mut h = x.to_vec();
        for block in 0..self.spec.backbone.hidden().map_or(0, |l| l.blocks) {
            h = self.hidden(block, k, &h);
        }
        let weight = self.get("head.weight").expect("every network has a head");
        let bias = self.get("head.bias").expect("every network has a head");
        let n_out = self.spec.head.n_outputs();
        let weight = &weight[k * h.len() * n_out..];
        let sum = |o: usize| h.iter().enumerate().map(|(i, h)| h * weight[i * n_out + o]).sum::<f64>();
        (0..n_out).map(|o| sum(o) * self.ntk(h.len()) + bias[k * n_out + o]).collect()
    }

    /// `act(((x ⊙ r_k) W) ⊙ s_k + b_k)`, with whatever of `r`, `s` the network has.
    fn hidden(&self, block: usize, k: usize, x: &[f64]) -> Vec<f64> {
        let hidden = self.spec.backbone.hidden().expect("a block is a hidden layer");
        let (n, d) = (x.len(), hidden.width);
        let packed = matches!(self.spec.backbone, Backbone::Tabm { sharing: Sharing::Packed, .. });
        let weight = self.block(block, "weight").expect("every block has a matrix");
        let weight = if packed { &weight[k * n * d..(k + 1) * n * d] } else { weight };
        let bias = self.block(block, "bias").expect("every block has a bias");
        let bias = if bias.len() > d { &bias[k * d..(k + 1) * d] } else { bias };
        let r = |i: usize| self.block(block, "input_scale").map_or(1.0, |r| r[k * n + i]);
        let s = |j: usize| self.block(block, "output_scale").map_or(1.0, |s| s[k * d + j]);
        let output = |j: usize| {
            let sum: f64 = (0..n).map(|i| x[i] * r(i) * weight[i * d + j]).sum();
            let y = sum * self.ntk(n) * s(j) + bias[j];
            match self.block(block, "mix") {
                Some(mix) => y + mix[j] * (activate(hidden.activation, y) - y),
                None => activate(hidden.activation, y),
            }
        };
        (0..d).map(output).collect()
    }

    /// The factor of the NTK parametrisation on a matrix with `n` inputs.
    fn ntk(&self, n: usize) -> f64 {
        if matches!(self.spec.backbone, Backbone::Realmlp(_)) { 1.0 / (n as f64).sqrt() } else { 1.0 }
    }

    fn inputs(&self, row: &Row<'_>) -> Vec<f64> {
        let mut x: Vec<f64> = row.continuous.iter().enumerate().flat_map(|(f, v)| self.embed(f, *v)).collect();
        x.extend(row.binary);
        let mut start = 0;
        for (level, category) in row.categorical.iter().zip(&self.spec.inputs.categorical) {
            let (table, e) = (self.get("category.table").expect("categories have a table"), self.spec.category_width);
            x.extend(&table[(start + level) * e..(start + level + 1) * e]);
            start += category.n_levels;
        }
        x.extend(self.state(row.sequence));
        if let Some(scale) = self.get("front.scale") {
            x.iter_mut().zip(scale).for_each(|(x, s)| *x *= s);
        }
        x
    }

    /// The state of the gated recurrent unit after these events; nothing where the network has none.
    fn state(&self, events: &[f64]) -> Vec<f64> {
        let Some(q) = self.spec.sequence.map(|s| s.width) else { return Vec::new() };
        let get = |name: &str| self.get(name).expect("a recurrent unit has its weights");
        let state = get("sequence.state");
        let (s, levels) = (self.spec.inputs.sequence.len(), &self.spec.inputs.sequence_levels);
        let (bias, candidate_bias) = (get("sequence.bias"), get("sequence.candidate_bias"));
        let sigmoid = |v: f64| 1.0 / (1.0 + (-v).exp());
        let mut h = vec![0.0; q];
        for event in events.chunks_exact(self.spec.inputs.event_width()) {
            let product = |x: &[f64], w: &[f64], j: usize| -> f64 {
                x.iter().enumerate().map(|(i, x)| x * w[i * 3 * q + j]).sum()
            };
            let from_numbers =
                |j: usize| self.get("sequence.input").map_or(0.0, |input| product(&event[..s], input, j));
            let from_levels = |j: usize| {
                let (mut first, mut sum) = (0, 0.0);
                for (level, column) in event[s..].iter().zip(levels) {
                    sum += get("sequence.levels")[(first + *level as usize) * 3 * q + j];
                    first += column.n_levels;
                }
                sum
            };
            let from_event = |j: usize| from_numbers(j) + from_levels(j) + bias[j];
            let next = |j: usize| {
                let r = sigmoid(from_event(j) + product(&h, state, j));
                let z = sigmoid(from_event(q + j) + product(&h, state, q + j));
                let recalled = product(&h, state, 2 * q + j) + candidate_bias[j];
                let candidate = (from_event(2 * q + j) + r * recalled).tanh();
                (1.0 - z) * candidate + z * h[j]
            };
            h = (0..q).map(next).collect();
        }
        h
    }

    /// The embedding of one magnitude.
    fn embed(&self, f: usize, x: f64) -> Vec<f64> {
        let angle = |n: usize| {
            let frequency = self.get("numeric.frequency").expect("periodic embeddings have frequencies");
            frequency[f * n..(f + 1) * n].iter().map(|c| TAU * c * x).collect::<Vec<f64>>()
        };
        match &self.spec.numeric {
            NumericSpec::Plain => vec![x],
            NumericSpec::Pwl { edges, .. } => {
                let mut code = vec![x];
                code.extend(ramps(&edges[f], x));
                code.resize(1 + self.spec.numeric.n_bins(), 0.0);
                self.linear(f, &code)
            }
            NumericSpec::Plr { n_frequencies, .. } => {
                let angles = angle(*n_frequencies);
                let code: Vec<f64> = angles.iter().map(|a| a.cos()).chain(angles.iter().map(|a| a.sin())).collect();
                self.linear(f, &code).into_iter().map(|v| v.max(0.0)).collect()
            }
            NumericSpec::Pbld { n_frequencies: n, .. } => {
                let phase = &self.get("numeric.phase").expect("PBLD has phases")[f * n..(f + 1) * n];
                let code: Vec<f64> = angle(*n).iter().zip(phase).map(|(a, b)| (a + b).cos()).collect();
                let mut embedded = self.linear(f, &code);
                embedded.push(x);
                embedded
            }
        }
    }

    /// The small layer of one magnitude.
    fn linear(&self, f: usize, code: &[f64]) -> Vec<f64> {
        let weight = self.get("numeric.weight").expect("embeddings have weights");
        let bias = self.get("numeric.bias").expect("embeddings have biases");
        let width = bias.len() / self.spec.inputs.continuous.len();
        let weight = &weight[f * code.len() * width..];
        let sum = |j: usize| code.iter().enumerate().map(|(i, c)| c * weight[i * width + j]).sum::<f64>();
        (0..width).map(|j| sum(j) + bias[f * width + j]).collect()
    }
}

/// `clip((x − b_j)/(b_{j+1} − b_j))` to `[0, 1]`; the first bin goes on below, the last one above.
fn ramps(edges: &[f32], x: f64) -> Vec<f64> {
    let last = edges.len() - 2;
    let ramp = |j: usize| {
        let (a, b) = (f64::from(edges[j]), f64::from(edges[j + 1]));
        let t = (x - a) / (b - a);
        let t = if j == 0 { t } else { t.max(0.0) };
        if j == last { t } else { t.min(1.0) }
    };
    (0..=last).map(ramp).collect()
}

/// The non-linearity; the normal distribution function through erfc's continued fraction and series.
fn activate(activation: Activation, x: f64) -> f64 {
    match activation {
        Activation::Relu => x.max(0.0),
        Activation::Silu => x / (1.0 + (-x).exp()),
        Activation::Gelu => x * normal_cdf(x),
        Activation::Selu => {
            const SCALE: f64 = 1.050_700_987_355_480_5;
            const ALPHA: f64 = 1.673_263_242_354_377_2;
            SCALE * if x > 0.0 { x } else { ALPHA * x.exp_m1() }
        }
    }
}

/// Φ by its power series `½ + φ(x) Σ x^{2n+1}/(2n+1)!!`, exact to rounding for the |x| < 8 that occur here.
fn normal_cdf(x: f64) -> f64 {
    let mut term = x;
    let mut sum = x;
    let mut n = 1.0;
    while term.abs() > 1e-17 * sum.abs() && n < 400.0 {
        term *= x * x / (2.0 * n + 1.0);
        sum += term;
        n += 1.0;
    }
    0.5 + sum * (-0.5 * x * x).exp() / TAU.sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distribution_function_is_right_at_known_points() {
        for (x, p) in [(0.0, 0.5), (1.0, 0.841_344_746_068_542_9), (-1.96, 0.024_997_895_148_220_43)] {
            assert!((normal_cdf(x) - p).abs() < 1e-14, "{x}");
        }
    }

    #[test]
    fn ramps_of_a_value_in_the_second_of_three_bins() {
        assert_eq!(ramps(&[0.0, 1.0, 3.0, 4.0], 2.0), [1.0, 0.5, 0.0]);
        assert_eq!(ramps(&[0.0, 1.0, 3.0, 4.0], -2.0), [-2.0, 0.0, 0.0]);
        assert_eq!(ramps(&[0.0, 1.0, 3.0, 4.0], 6.0), [1.0, 1.0, 3.0]);
        assert_eq!(ramps(&[0.0, 1.0], 2.0), [2.0]);
    }

    /// Two inputs, two members, one hidden unit each, worked by hand.
    #[test]
    fn full_tabm_by_hand() {
        let hidden = tenure_artifact::Hidden { blocks: 1, width: 1, activation: Activation::Relu, dropout: 0.0 };
        let spec = NetworkSpec {
            inputs: cases::inputs(0, 2, &[]),
            numeric: NumericSpec::Plain,
            category_width: 1,
            sequence: None,
            backbone: Backbone::Tabm { hidden, sharing: Sharing::Full, members: 2 },
            head: tenure_artifact::Head::Binary,
        };
        // r = [[1, −1], [2, 1]], W = [3, 4], s = [10, 1], b = [0.5, −1], heads [2, 1] and [0, 0.25].
        let weights = [1.0, -1.0, 2.0, 1.0, 3.0, 4.0, 10.0, 1.0, 0.5, -1.0, 2.0, 1.0, 0.0, 0.25];
        let row = Row { continuous: &[], binary: &[2.0, 1.0], categorical: &[], sequence: &[] };
        // Member 0: relu((2·3 − 1·4)·10 + 0.5)·2 = 41. Member 1: relu(2·2·3 + 4 − 1)·1 + 0.25 = 15.25.
        assert_eq!(Reference::new(&spec, &weights).outputs(&row), [41.0, 15.25]);
    }
}
