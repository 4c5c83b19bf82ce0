//! Where everything that a step keeps lies.

use super::bins::{Ramp, n_bins};
use super::{Embedding, Network};
use crate::dense::{PANEL, padded, panels};
use crate::team::Shared;

/// Cosines and sines of one magnitude are kept in whole registers.
pub(super) const CODE: usize = 16;

/// Packed weights: what products read, made anew after every step.
pub(super) struct Packed {
    pub(super) layers: Vec<PackedLayer>,
    /// `[K, O, N filled]`
    pub(super) head: Shared<f32>,
    /// Ramps' weights summed up to each bin, `[F, J, E]`.
    pub(super) prefix: Shared<f32>,
    /// The ramp of every bin, `[F, J]`; they never change.
    pub(super) ramps: Vec<Ramp>,
    /// Frequencies `[F, n filled]`, then phases of the same shape, both in turns.
    pub(super) frequency: Shared<f32>,
    /// Weights of periodic embeddings turned, `[F, E, cosines then sines filled]`.
    pub(super) periodic: Shared<f32>,
}

/// One layer's packed weights.
pub(super) struct PackedLayer {
    /// `[1 or K][D/32][N][32]`
    pub(super) straight: Shared<f32>,
    /// `[1 or K][N/32][D][32]`
    pub(super) turned: Shared<f32>,
    /// `[K, N filled]`
    pub(super) input_scale: Shared<f32>,
    /// `[K, D filled]`
    pub(super) output_scale: Shared<f32>,
    /// `[1 or K, D filled]`
    pub(super) bias: Shared<f32>,
    /// `[D filled]`
    pub(super) mix: Shared<f32>,
}

impl Packed {
    pub(super) fn new(network: &Network) -> Self {
        let k = network.members;
        let layers = network.layers.iter().map(|layer| {
            let own = |own: bool| if own { k } else { 1 };
            let when = |there: bool, n: usize| Shared::zeros(if there { n } else { 0 });
            PackedLayer {
                straight: Shared::zeros(own(layer.own_weight) * padded(layer.n_out) * layer.n_in),
                turned: Shared::zeros(own(layer.own_weight) * padded(layer.n_in) * layer.n_out),
                input_scale: when(layer.input_scale.is_some(), k * padded(layer.n_in)),
                output_scale: when(layer.output_scale.is_some(), k * padded(layer.n_out)),
                bias: Shared::zeros(own(layer.own_bias) * padded(layer.n_out)),
                mix: when(layer.mix.is_some(), padded(layer.n_out)),
            }
        });
        let f = network.inputs.n_magnitudes;
        let ramps = match &network.inputs.embedding {
            Embedding::PiecewiseLinear { edges, .. } => Ramp::all(edges),
            _ => Vec::new(),
        };
        let (prefix, frequency, periodic) = match &network.inputs.embedding {
            Embedding::Plain => (0, 0, 0),
            Embedding::PiecewiseLinear { edges, width, .. } => (f * n_bins(edges) * width, 0, 0),
            Embedding::Periodic(p) | Embedding::PhasedPeriodic { periodic: p, .. } => {
                let n = code_width(p.n_frequencies);
                (0, 2 * f * n, f * p.width * 2 * n)
            }
        };
        Self {
            layers: layers.collect(),
            head: Shared::zeros(k * network.head.n_out * padded(network.head.n_in)),
            prefix: Shared::zeros(prefix),
            ramps,
            frequency: Shared::zeros(frequency),
            periodic: Shared::zeros(periodic),
        }
    }
}

/// Frequencies filled up to whole registers.
pub(super) fn code_width(n_frequencies: usize) -> usize {
    n_frequencies.div_ceil(CODE) * CODE
}

/// How a batch is cut where not all of it is kept at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// Rows kept at once, S.
    pub(super) rows: usize,
    /// Rows from one panel to the next, at least S.
    pub(super) pitch: usize,
    /// Members kept at once.
    pub(super) members: usize,
}

/// Rows from one panel to the next. A block of rows is read from many panels in turn: at distances of whole pages they
/// would all compete for the same few lines of each cache. 72 rows of 128 bytes are 1 KB beyond a multiple of the L1
/// cache's 4 KB and 9 KB beyond a multiple of 64 KB, the L2 cache's. Rows that are never touched take no memory.
fn pitch(rows: usize) -> usize {
    const SKEW: usize = 72;
    const PERIOD: usize = 512;
    SKEW + rows.saturating_sub(SKEW).next_multiple_of(PERIOD)
}

impl Cut {
    /// Members first, which share nothing but weights; rows of one member only where it alone is too large.
    pub(super) fn new(network: &Network, batch: usize, kept_bytes: usize) -> Self {
        let widths = |layer: &super::Layer| {
            let copies = if layer.keeps_input() { 3 } else { 2 } + usize::from(layer.mix.is_some());
            4 * copies * padded(layer.n_out)
        };
        let bytes_per_row = network.layers.iter().map(widths).sum::<usize>().max(4);
        let rows = (kept_bytes / bytes_per_row / PANEL * PANEL).max(PANEL).min(batch.max(1));
        let members = (kept_bytes / (bytes_per_row * rows)).clamp(1, network.members);
        Self { rows, pitch: pitch(rows), members }
    }
}

/// What a step keeps of the rows and members at hand: `S` rows, `K'` members; panels are `P` rows apart.
pub(super) struct Kept {
    /// First layer's inputs `[I/32][P][32]`.
    pub(super) inputs: Shared<f32>,
    /// First layer's inputs before the front scale.
    pub(super) raw_inputs: Shared<f32>,
    /// Their gradient, summed over members.
    pub(super) input_gradients: Shared<f32>,
    /// Cosines, then sines, `[F][S][2 · n filled]`.
    pub(super) codes: Shared<f32>,
    pub(super) layers: Vec<KeptLayer>,
    /// Gradient of the head's outputs `[K', S, O]`.
    pub(super) output_gradients: Shared<f32>,
    /// Loss of each row, `[S]`.
    pub(super) losses: Shared<f64>,
    /// What the head says where rows are only scored, `[K, S, O]`.
    pub(super) outputs: Shared<f32>,
}

/// One layer's part: each `[K'][D/32][P][32]`.
pub(super) struct KeptLayer {
    /// After activation and dropout.
    pub(super) outputs: Shared<f32>,
    /// Before the activation; only where its slope needs it.
    pub(super) sums: Shared<f32>,
    /// Gradient before the activation.
    pub(super) gradients: Shared<f32>,
    /// Gradient after the activation, before dropout; only where a mix learns.
    pub(super) output_gradients: Shared<f32>,
    /// `Σ_j W s_k G_k` of each panel of outputs, `[D/32][K, N]`.
    pub(super) input_scale_parts: Shared<f32>,
    /// `Σ_i r_k W G_k` of each panel of inputs, `[N/32][K, D filled]`.
    pub(super) output_scale_parts: Shared<f32>,
}

impl Kept {
    pub(super) fn new(network: &Network, cut: Cut) -> Self {
        let when = |there: bool, n: usize| Shared::zeros(if there { n } else { 0 });
        let (s, k) = (cut.rows, cut.members);
        let width = padded(network.inputs.width()) * cut.pitch;
        let learns = network.inputs.learns();
        let codes = match &network.inputs.embedding {
            Embedding::Periodic(p) | Embedding::PhasedPeriodic { periodic: p, .. } => 2 * code_width(p.n_frequencies),
            _ => 0,
        };
        let layers = network.layers.iter().map(|layer| {
            let n = k * padded(layer.n_out) * cut.pitch;
            let scaled = layer.input_scale.is_some();
            KeptLayer {
                outputs: Shared::zeros(n),
                sums: when(layer.keeps_input(), n),
                gradients: Shared::zeros(n),
                output_gradients: when(layer.mix.is_some(), n),
                input_scale_parts: when(scaled, panels(layer.n_out) * network.members * layer.n_in),
                output_scale_parts: when(
                    layer.output_scale.is_some(),
                    panels(layer.n_in) * network.members * padded(layer.n_out),
                ),
            }
        });
        Self {
            inputs: Shared::zeros(width),
            raw_inputs: when(network.inputs.front_scale.is_some(), width),
            input_gradients: when(learns, width),
            codes: Shared::zeros(codes * network.inputs.n_magnitudes * s),
            layers: layers.collect(),
            output_gradients: Shared::zeros(k * s * network.head.n_out),
            losses: Shared::zeros(s),
            outputs: Shared::zeros(network.members * s * network.head.n_out),
        }
    }
}
