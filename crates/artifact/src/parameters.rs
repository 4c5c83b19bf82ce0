//! The weights of a network by name, shape and role, in the one order in which they are stored.
//!
//! Letters: `F` magnitudes, `K` members, `D` width, `E` embedding width, `S` numbers of an event, `Q` width of the state
//! after events, `O` outputs of a head.

use alloc::{format, string::String, vec, vec::Vec};

use crate::network::{Backbone, NetworkSpec, NumericSpec, Sharing};

/// What a parameter does; optimiser and quantizer treat roles differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterRole {
    /// A matrix of a hidden layer.
    Weight,
    /// The matrix of the last layer.
    HeadWeight,
    /// A bias of a hidden layer.
    Bias,
    /// The bias of the last layer.
    HeadBias,
    /// `TabM`'s `r` of the first layer: the one scaling that is drawn at random.
    FirstScaling,
    /// `TabM`'s other `r`, and every `s`.
    Scaling,
    /// `RealMLP`'s scale of each input.
    FrontScale,
    /// `RealMLP`'s mix of identity and activation.
    Mix,
    /// Frequencies of a periodic embedding.
    Frequency,
    /// Phases of a periodic embedding.
    Phase,
    /// The matrices of a numeric embedding.
    NumericWeight,
    /// The biases of a numeric embedding.
    NumericBias,
    /// The rows of all category embeddings, one category after the other.
    CategoryTable,
    /// A matrix of the gated recurrent unit.
    SequenceWeight,
    /// A bias of the gated recurrent unit.
    SequenceBias,
}

/// The name, shape and role of one parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Unique within the network, such as `block0.weight`.
    pub name: String,
    /// Row-major extents.
    pub shape: Vec<usize>,
    /// What it does.
    pub role: ParameterRole,
    /// How many inputs one output of its layer sums.
    pub fan_in: usize,
}

impl Parameter {
    /// How many numbers it holds.
    pub fn n_elements(&self) -> usize {
        self.shape.iter().product()
    }
}

impl NetworkSpec {
    /// Inputs of the first layer: embedded magnitudes, indicators, embedded categories, the state after the events.
    pub fn input_width(&self) -> usize {
        let (f, g, c) = self.inputs.widths();
        f * self.numeric.width() + g + c * self.category_width + self.sequence.map_or(0, |s| s.width)
    }

    /// Inputs of the last layer.
    pub fn head_width(&self) -> usize {
        self.backbone.hidden().filter(|h| h.blocks > 0).map_or_else(|| self.input_width(), |h| h.width)
    }

    /// How many numbers the network holds.
    pub fn n_weights(&self) -> usize {
        self.parameters().iter().map(Parameter::n_elements).sum()
    }

    /// Every parameter, in the order in which weights are stored.
    pub fn parameters(&self) -> Vec<Parameter> {
        let mut list = Vec::new();
        self.push_numeric(&mut list);
        self.push_categories(&mut list);
        self.push_sequence(&mut list);
        if matches!(self.backbone, Backbone::Realmlp(_)) {
            list.push(parameter("front.scale", vec![self.input_width()], ParameterRole::FrontScale, 1));
        }
        for block in 0..self.backbone.hidden().map_or(0, |h| h.blocks) {
            self.push_block(&mut list, block);
        }
        let (k, n_in, n_out) = (self.backbone.members(), self.head_width(), self.head.n_outputs());
        list.push(parameter("head.weight", vec![k, n_in, n_out], ParameterRole::HeadWeight, n_in));
        list.push(parameter("head.bias", vec![k, n_out], ParameterRole::HeadBias, n_in));
        list
    }

    fn push_numeric(&self, list: &mut Vec<Parameter>) {
        let f = self.inputs.continuous.len();
        let (n_frequencies, n_in, n_out) = match self.numeric {
            NumericSpec::Plain => return,
            NumericSpec::Pwl { width, .. } => (0, self.numeric.n_bins() + 1, width),
            NumericSpec::Plr { n_frequencies: n, width } => (n, 2 * n, width),
            NumericSpec::Pbld { n_frequencies: n, width } => (n, n, width - 1),
        };
        if f == 0 {
            return;
        }
        if n_frequencies > 0 {
            list.push(parameter("numeric.frequency", vec![f, n_frequencies], ParameterRole::Frequency, 1));
        }
        if matches!(self.numeric, NumericSpec::Pbld { .. }) {
            list.push(parameter("numeric.phase", vec![f, n_frequencies], ParameterRole::Phase, 1));
        }
        list.push(parameter("numeric.weight", vec![f, n_in, n_out], ParameterRole::NumericWeight, n_in));
        list.push(parameter("numeric.bias", vec![f, n_out], ParameterRole::NumericBias, n_in));
    }

    fn push_categories(&self, list: &mut Vec<Parameter>) {
        let e = self.category_width;
        let rows: usize = self.inputs.categorical.iter().map(|c| c.n_levels).sum();
        if rows > 0 {
            list.push(parameter("category.table", vec![rows, e], ParameterRole::CategoryTable, e));
        }
    }

    fn push_sequence(&self, list: &mut Vec<Parameter>) {
        use ParameterRole::{SequenceBias, SequenceWeight};
        let Some(q) = self.sequence.map(|s| s.width) else { return };
        if !self.inputs.sequence.is_empty() {
            list.push(parameter("sequence.input", vec![self.inputs.sequence.len(), 3 * q], SequenceWeight, q));
        }
        let n_levels: usize = self.inputs.sequence_levels.iter().map(|levels| levels.n_levels).sum();
        if n_levels > 0 {
            list.push(parameter("sequence.levels", vec![n_levels, 3 * q], SequenceWeight, q));
        }
        list.push(parameter("sequence.state", vec![q, 3 * q], SequenceWeight, q));
        list.push(parameter("sequence.bias", vec![3 * q], SequenceBias, q));
        list.push(parameter("sequence.candidate_bias", vec![q], SequenceBias, q));
    }

    fn push_block(&self, list: &mut Vec<Parameter>, block: usize) {
        let d = self.backbone.hidden().map_or(0, |h| h.width);
        let n_in = if block == 0 { self.input_width() } else { d };
        let k = self.backbone.members();
        let sharing = if let Backbone::Tabm { sharing, .. } = self.backbone { Some(sharing) } else { None };
        let name = |part: &str| format!("block{block}.{part}");

        if sharing == Some(Sharing::Full) || (sharing == Some(Sharing::Mini) && block == 0) {
            let role = if block == 0 { ParameterRole::FirstScaling } else { ParameterRole::Scaling };
            list.push(parameter(&name("input_scale"), vec![k, n_in], role, 1));
        }
        let (weight, bias) = match sharing {
            None | Some(Sharing::Mini) => (vec![n_in, d], vec![d]),
            Some(Sharing::Full) => (vec![n_in, d], vec![k, d]),
            Some(Sharing::Packed) => (vec![k, n_in, d], vec![k, d]),
        };
        list.push(parameter(&name("weight"), weight, ParameterRole::Weight, n_in));
        if sharing == Some(Sharing::Full) {
            list.push(parameter(&name("output_scale"), vec![k, d], ParameterRole::Scaling, 1));
        }
        list.push(parameter(&name("bias"), bias, ParameterRole::Bias, n_in));
        if matches!(self.backbone, Backbone::Realmlp(_)) {
            list.push(parameter(&name("mix"), vec![d], ParameterRole::Mix, 1));
        }
    }
}

fn parameter(name: &str, shape: Vec<usize>, role: ParameterRole, fan_in: usize) -> Parameter {
    Parameter { name: name.into(), shape, role, fan_in }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Activation, Hidden};
    use crate::{CategoricalInput, ContinuousInput, Head, InputLayout};

    const HIDDEN: Hidden = Hidden { blocks: 2, width: 8, activation: Activation::Relu, dropout: 0.0 };

    fn spec(backbone: Backbone) -> NetworkSpec {
        let magnitude = |name: &str| ContinuousInput { name: name.into(), source: name.into(), quantiles: vec![] };
        let category = |name: &str, n_levels| CategoricalInput { name: name.into(), n_levels };
        NetworkSpec {
            inputs: InputLayout {
                continuous: vec![magnitude("a"), magnitude("b")],
                binary: vec!["c".into(), "d".into(), "e".into()],
                categorical: vec![category("f", 4), category("g", 6)],
                sequence: vec!["h".into(), "i".into()],
                sequence_levels: vec![],
            },
            numeric: NumericSpec::Pwl { edges: vec![vec![0.0, 1.0], vec![0.0, 1.0, 2.0]], width: 3 },
            category_width: 5,
            sequence: None,
            backbone,
            head: Head::Binary,
        }
    }

    fn tabm(sharing: Sharing) -> Backbone {
        Backbone::Tabm { hidden: HIDDEN, sharing, members: 4 }
    }

    #[test]
    fn input_width_adds_magnitudes_indicators_and_categories() {
        assert_eq!(spec(Backbone::Logistic).input_width(), 2 * 3 + 3 + 2 * 5);
    }

    #[test]
    fn full_tabm_shares_one_matrix_per_layer() {
        // Embeddings 2·3·3 + 2·3 + 10·5; layers (4·19 + 19·8 + 4·8 + 4·8) and (4·8 + 8·8 + 4·8 + 4·8); heads 4·8 + 4.
        assert_eq!(spec(tabm(Sharing::Full)).n_weights(), 74 + 292 + 160 + 36);
    }

    #[test]
    fn mini_tabm_scales_only_the_inputs() {
        let scales = spec(tabm(Sharing::Mini)).parameters().into_iter().filter(|p| p.name.contains("scale")).count();
        assert_eq!(scales, 1);
    }

    #[test]
    fn a_state_of_events_is_an_input_and_has_the_weights_of_a_gated_recurrent_unit() {
        let without = spec(Backbone::Logistic);
        let with = NetworkSpec { sequence: Some(crate::SequenceSpec { width: 7 }), ..without.clone() };
        assert_eq!(with.input_width(), without.input_width() + 7);
        assert_eq!(with.n_weights(), without.n_weights() + 2 * 21 + 7 * 21 + 21 + 7 + 7);
        let mut levels = with.clone();
        (levels.inputs.sequence, levels.inputs.sequence_levels) = (vec![], levels.inputs.categorical.clone());
        assert_eq!(levels.n_weights(), with.n_weights() + (10 - 2) * 21);
    }

    #[test]
    fn names_are_unique() {
        let backbones = [Backbone::Logistic, Backbone::Mlp(HIDDEN), Backbone::Realmlp(HIDDEN)];
        for backbone in backbones.into_iter().chain([Sharing::Full, Sharing::Mini, Sharing::Packed].map(tabm)) {
            let mut names: Vec<String> = spec(backbone).parameters().into_iter().map(|p| p.name).collect();
            let n = names.len();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), n);
        }
    }
}
