//! A bundle as an ONNX model: raw columns in, the calibrated answer out.
//!
//! # Inputs and outputs
//! One input of shape `[N, 1]` for each column, by its name: `float`, NaN where a number is missing, or `string`, empty
//! where a level is. Outputs: churn `probability [N, 1]`; value `expected` and `p_buys [N, 1]`; segment
//! `segment [N]` (`int64`) and `distance [N]`.
//!
//! # What is inside, and what is not
//! Inside: every encoder (indicators of missing values, scales with their clipping, levels), all members of the network,
//! and calibration. Outside: named thresholds (in the model's metadata), counts of unusual values, the bundle's samples
//! and its signature. A policy that refuses rows is an error: a graph cannot refuse one.
//!
//! # How near it comes
//! In single precision the sums of products are added in the runtime's order: probabilities differ from the edge
//! runtime's by about 1e-6. Integers are the bundle's own; halves are rounded to even between layers where the edge rounds
//! them up, and scales are single precision where the edge has 31 bits, so that a hidden value may be one step off.

mod answer;
mod graph;
mod inputs;
mod network;
mod scale;
mod wire;

#[cfg(test)]
mod tests;

use tenure_artifact::bundle::{Action, Bundle};

use crate::ExportError;
use crate::dense::precision;
use graph::Graph;

/// How errors call this format.
const FORMAT: &str = "ONNX";

/// The model in single precision, of a bundle whose network is.
pub fn onnx(file: &[u8]) -> Result<Vec<u8>, ExportError> {
    let bundle = Bundle::read(file)?;
    if let Some(network) = bundle.network.as_ref().filter(|network| network.is_integer()) {
        return Err(ExportError::Precision {
            format: "onnx",
            expected: "f32",
            found: precision(&network.layers),
            hint: "`onnx-int8` says this bundle's integers; `tenure compress RUN --set quantize.precision=f32` makes one in f32",
        });
    }
    model(&bundle)
}

/// The model with the bundle's integers between `QuantizeLinear` and `DequantizeLinear`.
pub fn onnx_int8(file: &[u8]) -> Result<Vec<u8>, ExportError> {
    let bundle = Bundle::read(file)?;
    let layers = bundle.network.as_ref().map_or(&[][..], |network| &network.layers);
    if !layers.first().is_some_and(tenure_artifact::bundle::Layer::is_integer) {
        return Err(ExportError::Precision {
            format: "onnx-int8",
            expected: "int8 or int4",
            found: precision(layers),
            hint: "`onnx` says this bundle; `tenure compress RUN --set quantize.precision=int8` makes one in integers",
        });
    }
    model(&bundle)
}

fn model(bundle: &Bundle<'_>) -> Result<Vec<u8>, ExportError> {
    check_sayable(bundle)?;
    let names: Vec<&str> = bundle.inputs.iter().map(|input| input.name.as_str()).collect();
    let mut graph = Graph::new(bundle.answer.name(), &names);
    let columns = inputs::columns(&mut graph, bundle);
    let encoded = inputs::encoded(&mut graph, bundle, &columns)?;
    let logits = match &bundle.network {
        Some(network) => network::logits(&mut graph, network, &encoded),
        None => vec![encoded],
    };
    answer::answer(&mut graph, &bundle.answer, &columns, &logits);
    let mut metadata = vec![("task".to_owned(), bundle.answer.name().to_owned())];
    metadata.extend(bundle.thresholds.iter().map(|t| (format!("threshold.{}", t.name), t.at.to_string())));
    metadata.extend(bundle.metadata.iter().map(|(name, value)| (format!("bundle.{name}"), value.clone())));
    let doc = "Raw customer columns to the answer. A missing number is NaN, a missing level the empty text. Thresholds are \
               in the metadata; unusual values are not counted.";
    Ok(graph.into_model(doc, &metadata))
}

fn check_sayable(bundle: &Bundle<'_>) -> Result<(), ExportError> {
    let unsayable = |what: &str, hint| Err(ExportError::Unsayable { format: FORMAT, what: what.into(), hint });
    let policy = bundle.policy;
    if [policy.missing, policy.unseen, policy.out_of_range].contains(&Action::Refuse) {
        return unsayable(
            "a policy that refuses rows",
            "score with the bundle itself (`tenure score`, or crates/edge)",
        );
    }
    if bundle.inputs.iter().any(|input| input.name.is_empty()) {
        return unsayable("a column without a name", "name the column in the data and train again");
    }
    Ok(())
}
