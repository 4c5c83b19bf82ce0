//! The experiment's `[model]` and the encoded inputs into a network description.

use tenure_artifact::{
    Activation, Backbone, Head, Hidden, InputLayout, NetworkSpec, NumericSpec, SequenceSpec, Sharing,
};
use tenure_config::{self as plan, ModelKind, NumericEmbedding, TabmVariant};

use crate::SpecError;

/// Width of the embedding of a category that is neither one-hot nor a target statistic (`RealMLP`'s).
const CATEGORY_WIDTH: usize = 8;

/// Describes the network that `[model]` asks for on the given inputs, with a head that was fitted to the labels of `n_rows`
/// training rows.
///
/// # Errors
/// [`SpecError::NoInputs`] where the inputs are none; [`SpecError::NoNetwork`] where the kind is fitted, not trained;
/// [`SpecError::NoSequence`] where purchases are to be read and the inputs have none.
pub fn describe(
    model: &plan::Model,
    inputs: &InputLayout,
    n_rows: usize,
    head: Head,
) -> Result<NetworkSpec, SpecError> {
    if inputs.widths() == (0, 0, 0) {
        return Err(SpecError::NoInputs);
    }
    if !model.kind.is_network() {
        return Err(SpecError::NoNetwork { kind: model.kind });
    }
    if model.sequence.is_on() && inputs.event_width() == 0 {
        return Err(SpecError::NoSequence);
    }
    Ok(NetworkSpec {
        inputs: inputs.clone(),
        numeric: numeric(model, inputs, n_rows),
        category_width: CATEGORY_WIDTH,
        sequence: model.sequence.is_on().then_some(SequenceSpec { width: model.sequence.width }),
        backbone: backbone(model),
        head,
    })
}

fn backbone(model: &plan::Model) -> Backbone {
    let hidden = Hidden {
        blocks: model.blocks,
        width: model.width,
        activation: match model.activation {
            plan::Activation::Relu => Activation::Relu,
            plan::Activation::Silu => Activation::Silu,
            plan::Activation::Gelu => Activation::Gelu,
            plan::Activation::Selu => Activation::Selu,
        },
        dropout: model.dropout,
    };
    match model.kind {
        ModelKind::Logistic => Backbone::Logistic,
        ModelKind::ParetoNbd | ModelKind::BgNbd => unreachable!("describe refuses what is no network"),
        ModelKind::Mlp => Backbone::Mlp(hidden),
        ModelKind::Realmlp => Backbone::Realmlp(hidden),
        ModelKind::Tabm => Backbone::Tabm {
            hidden,
            sharing: match model.variant {
                TabmVariant::Full => Sharing::Full,
                TabmVariant::Mini => Sharing::Mini,
                TabmVariant::Packed => Sharing::Packed,
            },
            members: model.members,
        },
    }
}

/// Logistic regression takes magnitudes as they are: with ramps it would be a generalised additive model.
fn numeric(model: &plan::Model, inputs: &InputLayout, n_rows: usize) -> NumericSpec {
    let (width, n_frequencies) = (model.numeric_embedding_width, model.n_frequencies);
    if inputs.continuous.is_empty() || model.kind == ModelKind::Logistic {
        return NumericSpec::Plain;
    }
    match model.numeric_embedding {
        NumericEmbedding::None => NumericSpec::Plain,
        NumericEmbedding::Plr => NumericSpec::Plr { n_frequencies, width },
        NumericEmbedding::Pbld => NumericSpec::Pbld { n_frequencies, width: width.max(2) },
        NumericEmbedding::Pwl => {
            let n_bins = model.bins(n_rows);
            let edges = inputs.continuous.iter().map(|input| input.bin_edges(n_bins)).collect();
            NumericSpec::Pwl { edges, width }
        }
    }
}
