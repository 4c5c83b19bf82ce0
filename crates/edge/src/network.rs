//! A bundle's layers, made ready once for the kernels.

use alloc::boxed::Box;
use alloc::vec::Vec;

use tenure_artifact::Activation;
use tenure_artifact::bundle::{IntWeights, Layer, LayerWeights, LeSlice, Network, OUTPUTS_PER_PANEL, Requantize};

/// What subtracting the offset of unsigned activations costs, in each unit of a weight.
const OFFSET: i32 = 128;

/// Members of layers, all of one kind.
#[derive(Debug)]
pub(crate) enum Layers<'a> {
    /// In single precision, `[K, layers of a member]`.
    Float(Vec<FloatLayer<'a>>),
    /// In integers.
    Int {
        /// Steps per unit of each input.
        steps: Vec<f32>,
        /// `[K, layers of a member]`
        layers: Vec<IntLayer<'a>>,
    },
}

/// `activation(x W + b)` in single precision.
#[derive(Debug)]
pub(crate) struct FloatLayer<'a> {
    pub(crate) n_in: usize,
    pub(crate) n_out: usize,
    pub(crate) activation: Option<Activation>,
    /// `[O/16, I, 16]`
    pub(crate) panels: LeSlice<'a, f32>,
    /// `[O padded to 16]`
    pub(crate) bias: Vec<f32>,
}

/// The same in integers.
#[derive(Debug)]
pub(crate) struct IntLayer<'a> {
    /// Padded to whole groups of four.
    pub(crate) n_in: usize,
    pub(crate) n_out: usize,
    /// Whether inputs may be negative.
    pub(crate) is_signed: bool,
    /// `[O/16, I/4, 16, 4]`
    pub(crate) panels: Panels<'a>,
    /// `[O/16]`
    pub(crate) constants: Vec<PanelConstants>,
    pub(crate) end: IntEnd,
}

/// What a panel's outputs have, side by side, on lines of the cache where a processor has wide vectors: one that is not
/// on a line is read as two. Elsewhere an allocator need not know of such alignments.
#[derive(Clone, Debug)]
#[cfg_attr(any(target_arch = "x86_64", target_arch = "aarch64"), repr(align(64)))]
pub(crate) struct PanelConstants {
    pub(crate) bias: [i32; OUTPUTS_PER_PANEL],
    /// The bias less 128 times the sum of the output's weights, for kernels that read inputs with 128 added.
    pub(crate) offset_bias: [i32; OUTPUTS_PER_PANEL],
    /// Zeros in a last layer, like the shifts.
    pub(crate) multipliers: [i32; OUTPUTS_PER_PANEL],
    pub(crate) shifts: [i32; OUTPUTS_PER_PANEL],
}

/// What becomes of an integer layer's sums.
#[derive(Debug)]
pub(crate) enum IntEnd {
    Hidden { least: i32, table: Option<Box<[i8; 256]>> },
    Output { scales: Vec<f64> },
}

/// Eight-bit weights: where the file has them, or unpacked from four bits.
#[derive(Debug)]
pub(crate) enum Panels<'a> {
    Borrowed(LeSlice<'a, i8>),
    Unpacked(Vec<u8>),
}

impl Panels<'_> {
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Borrowed(weights) => weights.as_bytes(),
            Self::Unpacked(bytes) => bytes,
        }
    }
}

impl<'a> Layers<'a> {
    pub(crate) fn new(network: Network<'a>) -> Self {
        if !network.is_integer() {
            return Self::Float(network.layers.into_iter().filter_map(FloatLayer::new).collect());
        }
        let n_layers = network.layers.len() / network.n_members;
        let mut layers = Vec::with_capacity(network.layers.len());
        let mut is_signed = true;
        for (layer_idx, layer) in network.layers.into_iter().enumerate() {
            let follows_relu = core::mem::replace(&mut is_signed, layer.activation != Some(Activation::Relu));
            layers.extend(IntLayer::new(layer, layer_idx % n_layers == 0 || follows_relu));
        }
        Self::Int { steps: network.input_steps.iter().collect(), layers }
    }

    /// The widest row between two layers, whole panels.
    pub(crate) fn width(&self) -> usize {
        let widest = match self {
            Self::Float(layers) => layers.iter().map(|layer| layer.bias.len().max(layer.n_in)).max(),
            Self::Int { layers, .. } => layers.iter().map(IntLayer::width).max(),
        };
        widest.unwrap_or(0)
    }
}

impl<'a> FloatLayer<'a> {
    fn new(layer: Layer<'a>) -> Option<Self> {
        let LayerWeights::F32 { bias, panels } = layer.weights else { return None };
        let Layer { n_in, n_out, activation, .. } = layer;
        Some(Self { n_in, n_out, activation, panels, bias: bias.iter().collect() })
    }
}

impl<'a> IntLayer<'a> {
    fn new(layer: Layer<'a>, is_signed: bool) -> Option<Self> {
        let (n_in, n_out) = (layer.n_in.next_multiple_of(4), layer.n_out);
        let LayerWeights::Int { bias, panels, requantize } = layer.weights else { return None };
        let panels = match panels {
            IntWeights::Four(_) => Panels::Unpacked(panels.to_int8().into_iter().map(i8::cast_unsigned).collect()),
            IntWeights::Eight(weights) => Panels::Borrowed(weights),
        };
        let mut constants = PanelConstants::new(&bias, panels.bytes(), n_in);
        let end = match requantize {
            Requantize::Hidden { multipliers, shifts, table } => {
                for (o, (multiplier, shift)) in multipliers.iter().zip(shifts.iter()).enumerate() {
                    let constants = &mut constants[o / OUTPUTS_PER_PANEL];
                    constants.multipliers[o % OUTPUTS_PER_PANEL] = multiplier;
                    constants.shifts[o % OUTPUTS_PER_PANEL] = i32::from(shift);
                }
                IntEnd::Hidden {
                    least: if layer.activation == Some(Activation::Relu) { 0 } else { -127 },
                    table: table.as_bytes().first_chunk::<256>().map(|table| Box::new(table.map(u8::cast_signed))),
                }
            }
            Requantize::Output { scales } => IntEnd::Output { scales: scales.iter().collect() },
        };
        Some(Self { n_in, n_out, is_signed, panels, constants, end })
    }

    /// Of a row before or behind it, whole panels.
    fn width(&self) -> usize {
        self.n_in.max(self.constants.len() * OUTPUTS_PER_PANEL)
    }
}

impl PanelConstants {
    /// Of each panel, still without what a hidden layer has.
    fn new(bias: &LeSlice<'_, i32>, panels: &[u8], n_in: usize) -> Vec<Self> {
        const ZEROS: [i32; OUTPUTS_PER_PANEL] = [0; OUTPUTS_PER_PANEL];
        let panels = panels.chunks_exact(n_in * OUTPUTS_PER_PANEL);
        let mut all = Vec::with_capacity(panels.len());
        for (panel_idx, panel) in panels.enumerate() {
            let bias = core::array::from_fn(|o| bias.get(panel_idx * OUTPUTS_PER_PANEL + o));
            let mut weights = ZEROS;
            for group in panel.as_chunks::<64>().0 {
                for (weight, four) in weights.iter_mut().zip(group.as_chunks::<4>().0) {
                    *weight += four.iter().map(|w| i32::from(w.cast_signed())).sum::<i32>();
                }
            }
            let offset_bias = core::array::from_fn(|o: usize| i32::wrapping_sub(bias[o], OFFSET * weights[o]));
            all.push(Self { bias, offset_bias, multipliers: ZEROS, shifts: ZEROS });
        }
        all
    }
}
