//! Dense layers as the edge multiplies them: in panels of outputs.
//!
//! A matrix `[I, O]` is cut into panels of 16 outputs, `O` padded with zeros. Floats: `[O/16, I, 16]`, so that one input
//! is multiplied with 16 neighbours. Integers: `[O/16, I/4, 16, 4]`, `I` padded with zeros, so that four inputs of one
//! output are neighbours, which is what the dot-product instructions of x86, ARM and wasm eat.

use alloc::vec;
use alloc::vec::Vec;

use super::error::BundleError;
use super::numbers::LeSlice;
use super::quantize::MAX_MAGNITUDE;
use super::reader::Reader;
use super::writer::Writer;
use crate::Activation;

/// Outputs of a panel.
pub const OUTPUTS_PER_PANEL: usize = 16;
/// Inputs that stand together in an integer panel.
pub const INPUTS_PER_GROUP: usize = 4;
/// The widest layer: sums of so many products of 8-bit integers stay below 2^30.
const MAX_WIDTH: usize = 1 << 16;
/// An integer bias and a sum of products add up within 32 bits.
const MAX_BIAS: i32 = 1 << 30;
/// The largest shift beyond 32.
const MAX_SHIFT: u8 = 30;

const F32: u8 = 0;
const INT8: u8 = 1;
const INT4: u8 = 2;

/// `activation(x W + b)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Layer<'a> {
    /// Inputs, I.
    pub n_in: usize,
    /// Outputs, O.
    pub n_out: usize,
    /// After the sum; none in the last layer.
    pub activation: Option<Activation>,
    /// Matrix and bias.
    pub weights: LayerWeights<'a>,
}

/// The numbers of a layer.
#[derive(Clone, Debug, PartialEq)]
pub enum LayerWeights<'a> {
    /// Single precision.
    F32 {
        /// `[O padded to 16]`
        bias: LeSlice<'a, f32>,
        /// `[O/16, I, 16]`
        panels: LeSlice<'a, f32>,
    },
    /// Integers, symmetric per output.
    Int {
        /// In units of the sum of products, `[O padded to 16]`.
        bias: LeSlice<'a, i32>,
        /// `[O/16, I/4, 16, 4]`
        panels: IntWeights<'a>,
        /// From the sum to what the next layer reads.
        requantize: Requantize<'a>,
    },
}

/// Integer weights in -127..=127.
#[derive(Clone, Debug, PartialEq)]
pub enum IntWeights<'a> {
    /// A byte each.
    Eight(LeSlice<'a, i8>),
    /// Two in a byte, in -7..=7, the first in the low half.
    Four(LeSlice<'a, u8>),
}

/// What becomes of the 32-bit sum `a` of an integer layer.
#[derive(Clone, Debug, PartialEq)]
pub enum Requantize<'a> {
    /// `clamp((a m + 2^(31+s)) >> (32+s))` to 0..=127 after a `ReLU`, else to -127..=127 and through the table.
    Hidden {
        /// `m`, `[O padded to 16]`.
        multipliers: LeSlice<'a, i32>,
        /// `s`, 0..=30, `[O padded to 16]`.
        shifts: LeSlice<'a, u8>,
        /// The activation of each 8-bit value `v`, at `v + 128`; empty for `ReLU` and for no activation.
        table: LeSlice<'a, i8>,
    },
    /// `a · scale`, a logit.
    Output {
        /// `[O]`
        scales: LeSlice<'a, f64>,
    },
}

/// `n` rounded up to whole panels.
pub(super) fn padded(n_out: usize) -> usize {
    n_out.next_multiple_of(OUTPUTS_PER_PANEL)
}

impl Layer<'static> {
    /// A layer in single precision from a row-major matrix `[I, O]` and a bias `[O]`.
    ///
    /// # Panics
    /// When the lengths do not fit together.
    pub fn dense(weights: &[f32], bias: &[f32], activation: Option<Activation>) -> Self {
        let n_out = bias.len();
        let n_in = weights.len() / n_out;
        assert_eq!(weights.len(), n_in * n_out, "a matrix has I x O numbers");
        let panels = panels_of(n_in, n_out, 1, weights, 0.0);
        let bias = (0..padded(n_out)).map(|o| bias.get(o).copied().unwrap_or(0.0));
        let weights = LayerWeights::F32 { bias: LeSlice::owned(bias), panels: LeSlice::owned(panels) };
        Self { n_in, n_out, activation, weights }
    }
}

impl Layer<'_> {
    /// Outputs rounded up to whole panels.
    pub fn padded_out(&self) -> usize {
        padded(self.n_out)
    }

    /// Whether its numbers are integers.
    pub fn is_integer(&self) -> bool {
        matches!(self.weights, LayerWeights::Int { .. })
    }

    /// Bytes of its numbers in the file, without padding between blocks.
    pub fn size_bytes(&self) -> usize {
        match &self.weights {
            LayerWeights::F32 { bias, panels } => bias.as_bytes().len() + panels.as_bytes().len(),
            LayerWeights::Int { bias, panels, requantize } => {
                let requantize = match requantize {
                    Requantize::Hidden { multipliers, shifts, table } => {
                        multipliers.as_bytes().len() + shifts.len() + table.len()
                    }
                    Requantize::Output { scales } => scales.as_bytes().len(),
                };
                bias.as_bytes().len() + panels.as_bytes().len() + requantize
            }
        }
    }

    /// `f32`, `int8` or `int4`.
    pub fn precision(&self) -> &'static str {
        match &self.weights {
            LayerWeights::F32 { .. } => "f32",
            LayerWeights::Int { panels: IntWeights::Eight(_), .. } => "int8",
            LayerWeights::Int { panels: IntWeights::Four(_), .. } => "int4",
        }
    }
}

impl IntWeights<'_> {
    /// As they stand in the file.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Eight(weights) => weights.as_bytes(),
            Self::Four(weights) => weights.as_bytes(),
        }
    }

    /// One byte for each weight.
    pub fn to_int8(&self) -> Vec<i8> {
        match self {
            Self::Eight(weights) => weights.iter().collect(),
            Self::Four(pairs) => pairs.iter().flat_map(|pair| [low_half(pair), low_half(pair >> 4)]).collect(),
        }
    }

    /// Integers in panel order, packed.
    pub(super) fn pack(values: Vec<i8>, bits: u8) -> IntWeights<'static> {
        if bits == 4 {
            let pairs = values.as_chunks::<2>().0.iter();
            let pack = |pair: &[i8; 2]| (pair[0].cast_unsigned() & 15) | (pair[1].cast_unsigned() << 4);
            IntWeights::Four(LeSlice::owned(pairs.map(pack)))
        } else {
            IntWeights::Eight(LeSlice::owned(values))
        }
    }

    fn is_in_range(&self) -> bool {
        let most_negative = |pair: u8| low_half(pair) == -8 || low_half(pair >> 4) == -8;
        match self {
            Self::Eight(weights) => !weights.as_bytes().contains(&i8::MIN.cast_unsigned()),
            Self::Four(pairs) => !pairs.iter().any(most_negative),
        }
    }
}

/// The low four bits as a signed integer.
fn low_half(pair: u8) -> i8 {
    (pair << 4).cast_signed() >> 4
}

/// A row-major `[I, O]` matrix in panels of 16 outputs and groups of `group` inputs, padded with `zero`.
pub(super) fn panels_of<T: Copy>(n_in: usize, n_out: usize, group: usize, matrix: &[T], zero: T) -> Vec<T> {
    let padded_in = n_in.next_multiple_of(group);
    let mut panels = vec![zero; padded(n_out) * padded_in];
    for i in 0..n_in {
        for o in 0..n_out {
            let panel = o / OUTPUTS_PER_PANEL * OUTPUTS_PER_PANEL * padded_in;
            let place = (i / group * OUTPUTS_PER_PANEL + o % OUTPUTS_PER_PANEL) * group + i % group;
            panels[panel + place] = matrix[i * n_out + o];
        }
    }
    panels
}

/// A layer's line in the section `network`.
pub(super) fn write_head(out: &mut Writer, layer: &Layer<'_>) {
    out.number(match &layer.weights {
        LayerWeights::F32 { .. } => F32,
        LayerWeights::Int { panels: IntWeights::Eight(_), .. } => INT8,
        LayerWeights::Int { panels: IntWeights::Four(_), .. } => INT4,
    });
    out.number(match layer.activation {
        None => 0_u8,
        Some(Activation::Relu) => 1,
        Some(Activation::Silu) => 2,
        Some(Activation::Gelu) => 3,
        Some(Activation::Selu) => 4,
    });
    out.u32(layer.n_in);
    out.u32(layer.n_out);
}

/// A layer's blocks in the section `weights`.
pub(super) fn write_body(out: &mut Writer, layer: &Layer<'_>) {
    match &layer.weights {
        LayerWeights::F32 { bias, panels } => {
            out.align();
            out.slice(panels);
            out.slice(bias);
        }
        LayerWeights::Int { bias, panels, requantize } => {
            out.align();
            match panels {
                IntWeights::Eight(weights) => out.slice(weights),
                IntWeights::Four(weights) => out.slice(weights),
            }
            out.align();
            out.slice(bias);
            match requantize {
                Requantize::Hidden { multipliers, shifts, table } => {
                    out.slice(multipliers);
                    out.slice(shifts);
                    out.slice(table);
                }
                Requantize::Output { scales } => out.slice(scales),
            }
        }
    }
}

/// The bytes of a layer's line in the section `network`.
pub(super) const HEAD_BYTES: usize = 10;

/// A layer from its line and its blocks; `is_last` layers of a network answer, the others feed the next one.
pub(super) fn read<'a>(head: &mut Reader<'a>, body: &mut Reader<'a>, is_last: bool) -> Result<Layer<'a>, BundleError> {
    let precision = head.u8()?;
    let activation = read_activation(head)?;
    if is_last && activation.is_some() {
        return Err(head.invalid("no activation in the last layer", 1));
    }
    let (n_in, n_out) = (read_width(head)?, read_width(head)?);
    body.align()?;
    let weights = match precision {
        F32 => read_f32(body, n_in, n_out)?,
        INT8 | INT4 => {
            let n_weights = padded(n_out) * n_in.next_multiple_of(INPUTS_PER_GROUP);
            let panels = match precision {
                INT8 => IntWeights::Eight(body.slice(n_weights)?),
                _ => IntWeights::Four(body.slice(n_weights / 2)?),
            };
            if !panels.is_in_range() {
                return Err(body.invalid("symmetric weights, without the most negative integer", 0));
            }
            read_int(body, n_out, panels, activation, is_last)?
        }
        other => return Err(head.invalid("the code of a precision", u64::from(other))),
    };
    Ok(Layer { n_in, n_out, activation, weights })
}

fn read_width(head: &mut Reader<'_>) -> Result<usize, BundleError> {
    let width = head.u32()? as usize;
    if (1..=MAX_WIDTH).contains(&width) { Ok(width) } else { Err(head.invalid("a width of 1 to 65536", width as u64)) }
}

fn read_activation(head: &mut Reader<'_>) -> Result<Option<Activation>, BundleError> {
    match head.u8()? {
        0 => Ok(None),
        1 => Ok(Some(Activation::Relu)),
        2 => Ok(Some(Activation::Silu)),
        3 => Ok(Some(Activation::Gelu)),
        4 => Ok(Some(Activation::Selu)),
        other => Err(head.invalid("the code of an activation", u64::from(other))),
    }
}

fn read_f32<'a>(body: &mut Reader<'a>, n_in: usize, n_out: usize) -> Result<LayerWeights<'a>, BundleError> {
    let panels = body.slice::<f32>(padded(n_out) * n_in)?;
    let bias = body.slice::<f32>(padded(n_out))?;
    if !panels.iter().chain(bias.iter()).all(f32::is_finite) {
        return Err(body.invalid("finite weights", 0));
    }
    Ok(LayerWeights::F32 { bias, panels })
}

fn read_int<'a>(
    body: &mut Reader<'a>,
    n_out: usize,
    panels: IntWeights<'a>,
    activation: Option<Activation>,
    is_last: bool,
) -> Result<LayerWeights<'a>, BundleError> {
    body.align()?;
    let bias = body.slice::<i32>(padded(n_out))?;
    if bias.iter().any(|b| !(-MAX_BIAS..=MAX_BIAS).contains(&b)) {
        return Err(body.invalid("biases within 2^30", 0));
    }
    let requantize = if is_last {
        let scales = body.slice::<f64>(n_out)?;
        if !scales.iter().all(f64::is_finite) {
            return Err(body.invalid("finite scales", 0));
        }
        Requantize::Output { scales }
    } else {
        read_hidden(body, n_out, activation)?
    };
    Ok(LayerWeights::Int { bias, panels, requantize })
}

fn read_hidden<'a>(
    body: &mut Reader<'a>,
    n_out: usize,
    activation: Option<Activation>,
) -> Result<Requantize<'a>, BundleError> {
    let multipliers = body.slice::<i32>(padded(n_out))?;
    let shifts = body.slice::<u8>(padded(n_out))?;
    if multipliers.iter().any(|m| m < 0) {
        return Err(body.invalid("multipliers of 0 or more", 0));
    }
    if shifts.iter().any(|s| s > MAX_SHIFT) {
        return Err(body.invalid("shifts of 0 to 30", 0));
    }
    let n_entries = if has_table(activation) { 256 } else { 0 };
    let table = body.slice::<i8>(n_entries)?;
    if table.iter().any(|v| !(-MAX_MAGNITUDE..=MAX_MAGNITUDE).contains(&i32::from(v))) {
        return Err(body.invalid("activations within 127", 0));
    }
    Ok(Requantize::Hidden { multipliers, shifts, table })
}

/// Whether an integer layer needs a table for its activation.
pub(super) fn has_table(activation: Option<Activation>) -> bool {
    !matches!(activation, None | Some(Activation::Relu))
}
