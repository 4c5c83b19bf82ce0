//! The numbers of a bundle as safetensors: a JSON header with names, types, shapes and places, then the numbers.
//!
//! Format: <https://huggingface.co/docs/safetensors>, eight bytes of header length, the header padded with spaces to a
//! multiple of eight, then the tensors one after the other.

use serde_json::{Map, Value, json};
use tenure_artifact::bundle::{
    Answer, Bundle, Layer, LayerWeights, LeNumber, LeSlice, Nearness, OUTPUTS_PER_PANEL, Requantize,
};

use crate::ExportError;
use crate::dense::{factor, floats, integers};

/// Weights of a bundle, by name.
///
/// | tensor | type, shape |
/// |---|---|
/// | `members.K.layers.L.weight` | F32 or I8, `[out, in]` as `torch.nn.Linear` has it |
/// | `members.K.layers.L.bias` | F32, or I32 in units of the integer sum, `[out]` |
/// | `members.K.layers.L.scale` | integers only: F64 `[out]`, what a unit of the sum is worth in the next layer's units |
/// | `members.K.layers.L.table` | integers only, where the activation is one: I8 `[256]`, at value + 128 |
/// | `input_steps` | integers only: F32 `[inputs]`, steps per unit of each encoded input |
/// | `embeddings` | F32 `[levels of all categories, width]` |
/// | `centroids` | F32 `[segments, dimensions]` |
///
/// The metadata hold, as JSON: `inputs` (columns and fitted encoders), `calibration`, `thresholds`, `activations`,
/// `log_unit`, `log_cap`, `pool` and `forecast` of value (see [`tenure_artifact::bundle::ValueScale`]), `nearness` of
/// segments, `task`, and the bundle's own names and values. Four-bit weights are written as I8.
pub fn safetensors(file: &[u8]) -> Result<Vec<u8>, ExportError> {
    let bundle = Bundle::read(file)?;
    let mut out = Tensors::default();
    if let Some(network) = &bundle.network {
        for k in 0..network.n_members {
            for (layer_idx, layer) in network.member(k).iter().enumerate() {
                out.layer(&format!("members.{k}.layers.{layer_idx}"), layer);
            }
        }
        if network.is_integer() {
            out.add("input_steps", F32, &[network.n_inputs], network.input_steps.as_bytes());
        }
        if let Some(n_rows) = network.category_table.len().checked_div(network.category_width) {
            out.add("embeddings", F32, &[n_rows, network.category_width], network.category_table.as_bytes());
        }
    }
    if let Answer::Segment(centroids) = &bundle.answer {
        let (k, d) = (centroids.n_segments, centroids.n_dims);
        let at = |segment: usize, dim: usize| {
            let panel = segment / OUTPUTS_PER_PANEL * d + dim;
            centroids.panels.get(panel * OUTPUTS_PER_PANEL + segment % OUTPUTS_PER_PANEL)
        };
        let rows = (0..k).flat_map(|segment| (0..d).map(move |dim| (segment, dim)));
        let rows = LeSlice::owned(rows.map(|(segment, dim)| at(segment, dim)));
        out.add("centroids", F32, &[k, d], rows.as_bytes());
    }
    Ok(out.finish(&metadata(&bundle)))
}

/// Strings alone, as the format asks.
fn metadata(bundle: &Bundle<'_>) -> Map<String, Value> {
    let activations: Vec<Value> =
        bundle.network.iter().flat_map(|n| n.member(0)).map(|layer| json!(layer.activation)).collect();
    let mut parts = vec![
        ("task".to_owned(), bundle.answer.name().to_owned()),
        ("inputs".to_owned(), json!(bundle.inputs).to_string()),
        ("thresholds".to_owned(), json!(bundle.thresholds).to_string()),
        ("activations".to_owned(), Value::Array(activations).to_string()),
    ];
    if let Answer::Churn { calibration } | Answer::ChurnValue { calibration, .. } = &bundle.answer {
        parts.push(("calibration".to_owned(), json!(calibration).to_string()));
    }
    if let Answer::Value(scale) | Answer::ChurnValue { value: scale, .. } = &bundle.answer {
        parts.push(("log_unit".to_owned(), scale.log_unit.to_string()));
        parts.push(("log_cap".to_owned(), scale.log_cap.to_string()));
        parts.extend(scale.pool.map(|pool| ("pool".to_owned(), json!(pool).to_string())));
        parts.extend(scale.forecast.map(|forecast| ("forecast".to_owned(), json!(forecast).to_string())));
    }
    if let Answer::Segment(centroids) = &bundle.answer {
        let is_cosine = centroids.nearness == Nearness::Cosine;
        parts.push(("nearness".to_owned(), if is_cosine { "cosine" } else { "euclidean" }.to_owned()));
    }
    parts.extend(bundle.metadata.iter().map(|(name, value)| (format!("bundle.{name}"), value.clone())));
    parts.into_iter().map(|(name, value)| (name, Value::String(value))).collect()
}

#[derive(Default)]
struct Tensors(Vec<Tensor>);

struct Tensor {
    name: String,
    kind: Kind,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

/// A type of elements, as the format names it, and bytes of one.
type Kind = (&'static str, usize);

const F64: Kind = ("F64", 8);
const F32: Kind = ("F32", 4);
const I32: Kind = ("I32", 4);
const I8: Kind = ("I8", 1);

impl Tensors {
    fn add(&mut self, name: &str, kind: Kind, shape: &[usize], bytes: &[u8]) {
        debug_assert_eq!(shape.iter().product::<usize>() * kind.1, bytes.len(), "a tensor fills its shape");
        self.0.push(Tensor { name: name.into(), kind, shape: shape.into(), bytes: bytes.into() });
    }

    fn layer(&mut self, name: &str, layer: &Layer<'_>) {
        let (n_in, n_out) = (layer.n_in, layer.n_out);
        let shape = [n_out, n_in];
        match &layer.weights {
            LayerWeights::F32 { bias, panels } => {
                let weight = transposed(&floats(layer, panels), n_in, n_out);
                self.add(&format!("{name}.weight"), F32, &shape, weight.as_bytes());
                self.add(&format!("{name}.bias"), F32, &[n_out], &bias.as_bytes()[..4 * n_out]);
            }
            LayerWeights::Int { bias, panels, requantize } => {
                let weight = transposed(&integers(layer, &panels.to_int8()), n_in, n_out);
                self.add(&format!("{name}.weight"), I8, &shape, weight.as_bytes());
                self.add(&format!("{name}.bias"), I32, &[n_out], &bias.as_bytes()[..4 * n_out]);
                let scales: LeSlice<'_, f64> = match requantize {
                    Requantize::Hidden { multipliers, shifts, .. } => {
                        LeSlice::owned((0..n_out).map(|o| factor(multipliers.get(o), shifts.get(o))))
                    }
                    Requantize::Output { scales } => scales.clone(),
                };
                self.add(&format!("{name}.scale"), F64, &[n_out], scales.as_bytes());
                if let Requantize::Hidden { table, .. } = requantize
                    && !table.is_empty()
                {
                    self.add(&format!("{name}.table"), I8, &[table.len()], table.as_bytes());
                }
            }
        }
    }

    /// The widest elements first: then each tensor begins at a multiple of its own, without holes, which readers refuse.
    fn finish(mut self, metadata: &Map<String, Value>) -> Vec<u8> {
        self.0.sort_by_key(|tensor| std::cmp::Reverse(tensor.kind.1));
        let (mut header, mut data) = (Map::new(), Vec::new());
        header.insert("__metadata__".into(), Value::Object(metadata.clone()));
        for Tensor { name, kind, shape, bytes } in self.0 {
            let start = data.len();
            data.extend(bytes);
            header.insert(name, json!({ "dtype": kind.0, "shape": shape, "data_offsets": [start, data.len()] }));
        }
        let mut header = Value::Object(header).to_string().into_bytes();
        header.resize(header.len().next_multiple_of(8), b' ');
        let mut file = (header.len() as u64).to_le_bytes().to_vec();
        file.extend(header);
        file.extend(data);
        file
    }
}

/// `[I, O]` as `[O, I]`.
fn transposed<T: LeNumber>(matrix: &[T], n_in: usize, n_out: usize) -> LeSlice<'static, T> {
    LeSlice::owned((0..n_out).flat_map(|o| (0..n_in).map(move |i| i * n_out + o)).map(|at| matrix[at]))
}

#[cfg(test)]
mod tests {
    use tenure_artifact::bundle::{Network, Policy};
    use tenure_artifact::{Calibration, Encoder, InputColumn};

    use super::*;

    #[test]
    fn header_and_numbers_by_hand() {
        let inputs = ["a", "b"].map(|name| InputColumn::new(name, Encoder::Presence)).to_vec();
        let network = Network {
            n_inputs: 2,
            category_width: 0,
            category_table: LeSlice::default(),
            input_steps: LeSlice::default(),
            n_members: 1,
            layers: vec![Layer::dense(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[7.0, 8.0, 9.0], None), {
                Layer::dense(&[1.0, 1.0, 1.0], &[0.5], None)
            }],
        };
        let answer = Answer::Churn { calibration: Calibration::Identity };
        let bundle = Bundle {
            inputs,
            network: Some(network),
            answer,
            thresholds: vec![],
            policy: Policy::default(),
            samples: vec![],
            metadata: vec![("run".into(), "x".into())],
            signature: None,
        };
        let file = safetensors(&bundle.to_bytes()).expect("a whole bundle");
        let n_header = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
        assert!(n_header.is_multiple_of(8));
        let header: Map<String, Value> = serde_json::from_slice(&file[8..8 + n_header]).expect("JSON");
        let weight = &header["members.0.layers.0.weight"];
        assert_eq!((&weight["dtype"], &weight["shape"]), (&json!("F32"), &json!([3, 2])));
        assert_eq!(header["__metadata__"]["bundle.run"], "x");
        let start = 8 + n_header + weight["data_offsets"][0].as_u64().unwrap() as usize;
        let numbers: Vec<f32> = LeSlice::borrowed(&file[start..start + 24]).iter().collect();
        assert_eq!(numbers, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        // Every byte of the data belongs to one tensor.
        let mut places: Vec<[u64; 2]> = header
            .iter()
            .filter(|(name, _)| *name != "__metadata__")
            .map(|(_, tensor)| serde_json::from_value(tensor["data_offsets"].clone()).unwrap())
            .collect();
        places.sort_unstable();
        let end = places.iter().fold(0, |end, [from, to]| {
            assert_eq!(*from, end);
            *to
        });
        assert_eq!(8 + n_header + end as usize, file.len());
    }
}
