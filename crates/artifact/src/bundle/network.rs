//! The network of a bundle: members of dense layers over one input vector.

use alloc::vec::Vec;
use core::fmt;

use super::error::BundleError;
use super::file::Section;
use super::layer::{HEAD_BYTES, Layer, read as read_layer, write_body, write_head};
use super::numbers::LeSlice;
use super::reader::Reader;
use super::writer::Writer;
use crate::{Backbone, NetworkSpec, NumericSpec, Sharing, ValueFamily};

/// `K` members, each a stack of dense layers, that read the same inputs.
///
/// The input vector holds the continuous inputs, the binary ones, then the embeddings of the categorical ones.
#[derive(Clone, Debug, PartialEq)]
pub struct Network<'a> {
    /// Inputs of each member, F + G + C E.
    pub n_inputs: usize,
    /// Width of the embedding of a categorical input, E.
    pub category_width: usize,
    /// Rows of all embeddings, one category after the other, `[levels of all categories, E]`.
    pub category_table: LeSlice<'a, f32>,
    /// Steps per unit of each input where the layers are integers, `[n_inputs]`; else empty. The integer of an input
    /// `x` is `x` times this in single precision, clamped to ±127, rounded half to even.
    pub input_steps: LeSlice<'a, f32>,
    /// Members, K.
    pub n_members: usize,
    /// `[K, layers of a member]`
    pub layers: Vec<Layer<'a>>,
}

/// A network that a bundle cannot carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnsupportedNetwork {
    /// The part of it.
    pub part: &'static str,
}

impl fmt::Display for UnsupportedNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a bundle cannot carry {}: distil the network into a plain one first", self.part)
    }
}

impl core::error::Error for UnsupportedNetwork {}

impl<'a> Network<'a> {
    /// The layers of member `k`.
    pub fn member(&self, k: usize) -> &[Layer<'a>] {
        let n_layers = self.layers.len() / self.n_members;
        &self.layers[k * n_layers..(k + 1) * n_layers]
    }

    /// Logits of each member.
    pub fn n_outputs(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.n_out)
    }

    /// Whether its layers are integers.
    pub fn is_integer(&self) -> bool {
        !self.input_steps.is_empty()
    }
}

impl Network<'static> {
    /// A described network in single precision: logistic regression, MLP or `TabM`, with magnitudes as they are.
    ///
    /// `weights` are in the order of [`NetworkSpec::parameters`]. The scalings of `TabM`'s members are multiplied into
    /// each member's matrices, so that K members are K plain networks.
    ///
    /// # Errors
    /// [`UnsupportedNetwork`] for embeddings of magnitudes, for `RealMLP`'s mix of identity and activation, for encoders
    /// of sequences, and for distributions of value other than a zero-inflated log-normal in one horizon.
    ///
    /// # Panics
    /// When there are other than [`NetworkSpec::n_weights`] weights.
    pub fn from_spec(spec: &NetworkSpec, weights: &[f32]) -> Result<Self, UnsupportedNetwork> {
        if spec.numeric != NumericSpec::Plain {
            return Err(UnsupportedNetwork { part: "embeddings of magnitudes" });
        }
        if matches!(spec.backbone, Backbone::Realmlp(_)) {
            return Err(UnsupportedNetwork { part: "a mix of identity and activation" });
        }
        if spec.sequence.is_some() {
            return Err(UnsupportedNetwork { part: "an encoder of purchases one by one" });
        }
        if spec.head.value().is_some_and(|value| value.family != ValueFamily::Ziln) {
            return Err(UnsupportedNetwork { part: "a distribution of values that is no zero-inflated log-normal" });
        }
        if spec.head.value().is_some_and(|value| value.horizons.len() > 1) {
            return Err(UnsupportedNetwork { part: "values in several horizons" });
        }
        let parameters = Parameters::new(spec, weights);
        let n_members = spec.backbone.members();
        let mut layers = Vec::new();
        for k in 0..n_members {
            for block in 0..spec.backbone.hidden().map_or(0, |hidden| hidden.blocks) {
                layers.push(parameters.hidden(block, k));
            }
            layers.push(parameters.head(k));
        }
        Ok(Self {
            n_inputs: spec.input_width(),
            category_width: spec.category_width,
            category_table: LeSlice::owned(parameters.get("category.table").iter().copied()),
            input_steps: LeSlice::default(),
            n_members,
            layers,
        })
    }
}

/// The weights of a described network, by name.
struct Parameters<'s> {
    spec: &'s NetworkSpec,
    list: Vec<(crate::Parameter, &'s [f32])>,
}

impl<'s> Parameters<'s> {
    fn new(spec: &'s NetworkSpec, weights: &'s [f32]) -> Self {
        let mut rest = weights;
        let mut list = Vec::new();
        for parameter in spec.parameters() {
            let (values, after) = rest.split_at(parameter.n_elements());
            rest = after;
            list.push((parameter, values));
        }
        assert!(rest.is_empty(), "weights are as many as the description says");
        Self { spec, list }
    }

    /// Empty where the network has no such parameter.
    fn get(&self, name: &str) -> &'s [f32] {
        self.list.iter().find(|(p, _)| p.name == name).map_or(&[], |(_, values)| values)
    }

    fn block(&self, block: usize, part: &str) -> &'s [f32] {
        self.get(&alloc::format!("block{block}.{part}"))
    }

    /// `((x ⊙ r_k) W) ⊙ s_k + b_k` as one matrix.
    fn hidden(&self, block: usize, k: usize) -> Layer<'static> {
        let hidden = self.spec.backbone.hidden().expect("a block is a hidden layer");
        let d = hidden.width;
        let packed = matches!(self.spec.backbone, Backbone::Tabm { sharing: Sharing::Packed, .. });
        let n_in = if block == 0 { self.spec.input_width() } else { d };
        let weight = self.block(block, "weight");
        let weight = if packed { &weight[k * n_in * d..][..n_in * d] } else { weight };
        let bias = self.block(block, "bias");
        let bias = if bias.len() > d { &bias[k * d..][..d] } else { bias };
        let (r, s) = (self.block(block, "input_scale"), self.block(block, "output_scale"));
        let scaled = weight.iter().enumerate().map(|(at, w)| {
            let r = r.get(k * n_in + at / d).copied().unwrap_or(1.0);
            let s = s.get(k * d + at % d).copied().unwrap_or(1.0);
            w * r * s
        });
        Layer::dense(&scaled.collect::<Vec<f32>>(), bias, Some(hidden.activation))
    }

    fn head(&self, k: usize) -> Layer<'static> {
        let (weight, bias) = (self.get("head.weight"), self.get("head.bias"));
        let n_members = self.spec.backbone.members();
        let (n_weights, n_out) = (weight.len() / n_members, bias.len() / n_members);
        Layer::dense(&weight[k * n_weights..][..n_weights], &bias[k * n_out..][..n_out], None)
    }
}

/// The sections `network` and `weights`.
pub(super) fn write(network: &Network<'_>) -> (Vec<u8>, Vec<u8>) {
    let (mut head, mut body) = (Writer::default(), Writer::default());
    head.u32(network.n_inputs);
    head.u32(network.category_width);
    head.u32(network.category_table.len());
    head.flag(network.is_integer());
    head.u32(network.n_members);
    head.u32(network.layers.len());
    body.slice(&network.category_table);
    body.align();
    body.slice(&network.input_steps);
    for layer in &network.layers {
        write_head(&mut head, layer);
        write_body(&mut body, layer);
    }
    (head.into_bytes(), body.into_bytes())
}

pub(super) fn read<'a>(head: &'a [u8], body: &'a [u8]) -> Result<Network<'a>, BundleError> {
    let mut head = Reader::new(Section::Network, head);
    let mut body = Reader::new(Section::Weights, body);
    let n_inputs = head.u32()? as usize;
    let category_width = head.u32()? as usize;
    let n_table = head.u32()? as usize;
    let is_integer = head.flag()?;
    let category_table = body.slice::<f32>(n_table)?;
    body.align()?;
    let input_steps = body.slice::<f32>(if is_integer { n_inputs } else { 0 })?;
    if !category_table.iter().chain(input_steps.iter()).all(f32::is_finite) {
        return Err(body.invalid("finite embeddings and steps", 0));
    }
    let n_members = head.u32()? as usize;
    let n_layers = head.count(HEAD_BYTES)?;
    if n_members == 0 || n_layers == 0 || n_layers % n_members != 0 {
        return Err(head.invalid("as many layers for each of one or more members", n_members as u64));
    }
    let mut layers = Vec::with_capacity(n_layers);
    for layer_idx in 0..n_layers {
        let is_last = (layer_idx + 1) % (n_layers / n_members) == 0;
        let layer = read_layer(&mut head, &mut body, is_last)?;
        if layer.is_integer() != is_integer {
            return Err(head.invalid("integer layers only, or floats only", layer_idx as u64));
        }
        layers.push(layer);
    }
    head.end()?;
    body.end()?;
    let network = Network { n_inputs, category_width, category_table, input_steps, n_members, layers };
    check_widths(&network, &head)?;
    Ok(network)
}

/// Each layer reads what the one before it writes, and every member answers alike.
fn check_widths(network: &Network<'_>, head: &Reader<'_>) -> Result<(), BundleError> {
    for k in 0..network.n_members {
        let mut width = network.n_inputs;
        for layer in network.member(k) {
            if layer.n_in != width {
                return Err(head.invalid("a layer that reads what the one before it writes", layer.n_in as u64));
            }
            width = layer.n_out;
        }
        if width != network.n_outputs() {
            return Err(head.invalid("members with as many outputs each", width as u64));
        }
    }
    Ok(())
}
