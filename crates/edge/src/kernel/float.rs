//! Layers in single precision: outputs side by side, products added one after the other.

use tenure_artifact::Activation;
use tenure_artifact::bundle::OUTPUTS_PER_PANEL;

use super::{TILE, Tile};
use crate::network::FloatLayer;

/// Bytes of one input's weights in a panel.
const ROW_BYTES: usize = 4 * OUTPUTS_PER_PANEL;
type Sums = [f32; OUTPUTS_PER_PANEL];

/// Logits of a tile.
#[inline(always)]
pub(super) fn forward(layers: &[FloatLayer<'_>], n_members: usize, tile: Tile<'_>) {
    let Tile { n_rows, n_inputs, width, n_logits, inputs, floats, logits, .. } = tile;
    let n_layers = layers.len() / n_members;
    let (mut from, mut to) = floats.split_at_mut(TILE * width);
    for (k, member) in layers.chunks_exact(n_layers).enumerate() {
        for (layer_idx, layer) in member.iter().enumerate() {
            let source: (&[f32], usize) = if layer_idx == 0 { (inputs, n_inputs) } else { (from, width) };
            if layer_idx + 1 == n_layers {
                let out = &mut logits[k * layer.n_out..];
                sums(layer, source, n_rows, Output { n_out: layer.n_out, out, stride: n_logits });
            } else {
                sums(layer, source, n_rows, Hidden { activation: layer.activation, out: to, stride: width });
                core::mem::swap(&mut from, &mut to);
            }
        }
    }
}

/// Where the sums of a panel go. Not a closure: what is not inlined is not compiled for the kernel.
trait Sink {
    fn put(&mut self, row: usize, panel: usize, sums: &Sums);
}

/// To the inputs of the next layer.
struct Hidden<'s> {
    activation: Option<Activation>,
    out: &'s mut [f32],
    stride: usize,
}

impl Sink for Hidden<'_> {
    #[inline(always)]
    fn put(&mut self, row: usize, panel: usize, sums: &Sums) {
        let out = &mut self.out[row * self.stride + panel * OUTPUTS_PER_PANEL..][..OUTPUTS_PER_PANEL];
        match self.activation {
            None => out.copy_from_slice(sums),
            Some(Activation::Relu) => {
                for o in 0..OUTPUTS_PER_PANEL {
                    out[o] = if sums[o] > 0.0 { sums[o] } else { 0.0 };
                }
            }
            Some(other) => {
                for o in 0..OUTPUTS_PER_PANEL {
                    out[o] = other.apply(f64::from(sums[o])) as f32;
                }
            }
        }
    }
}

/// To logits.
struct Output<'s> {
    n_out: usize,
    out: &'s mut [f64],
    stride: usize,
}

impl Sink for Output<'_> {
    #[inline(always)]
    fn put(&mut self, row: usize, panel: usize, sums: &Sums) {
        let first = panel * OUTPUTS_PER_PANEL;
        let out = &mut self.out[row * self.stride + first..];
        for o in 0..(self.n_out - first).min(OUTPUTS_PER_PANEL) {
            out[o] = f64::from(sums[o]);
        }
    }
}

/// Hands the sums of every row and panel of a layer to `sink`.
#[inline(always)]
fn sums(layer: &FloatLayer<'_>, (values, stride): (&[f32], usize), n_rows: usize, mut sink: impl Sink) {
    let n_in = layer.n_in;
    let mut done = 0;
    while n_rows - done >= 4 {
        let four = &values[done * stride..];
        let rows = [&four[..n_in], &four[stride..][..n_in], &four[2 * stride..][..n_in], &four[3 * stride..][..n_in]];
        blocks::<1, 4>(layer, 0, done, rows, &mut sink);
        done += 4;
    }
    for row_idx in done..n_rows {
        let rows = [&values[row_idx * stride..][..n_in]];
        let panel = blocks::<4, 1>(layer, 0, row_idx, rows, &mut sink);
        blocks::<1, 1>(layer, panel, row_idx, rows, &mut sink);
    }
}

/// As many blocks of `P` panels by `R` rows as fit behind `panel`; the first panel that is left.
#[inline(always)]
fn blocks<const P: usize, const R: usize>(
    layer: &FloatLayer<'_>,
    mut panel: usize,
    first_row: usize,
    rows: [&[f32]; R],
    sink: &mut impl Sink,
) -> usize {
    let n_panels = layer.bias.len() / OUTPUTS_PER_PANEL;
    let panel_bytes = layer.n_in * ROW_BYTES;
    while n_panels - panel >= P {
        let panels = &layer.panels.as_bytes()[panel * panel_bytes..][..P * panel_bytes];
        let bias = &layer.bias[panel * OUTPUTS_PER_PANEL..][..P * OUTPUTS_PER_PANEL];
        let sums = products::<P, R>(panels.as_chunks().0, bias.as_chunks().0, rows);
        for r in 0..R {
            for p in 0..P {
                sink.put(first_row + r, panel + p, &sums[r][p]);
            }
        }
        panel += P;
    }
    panel
}

/// `bias + Σ x w`, the products added in the order of the inputs.
#[inline(always)]
fn products<const P: usize, const R: usize>(
    panels: &[[u8; ROW_BYTES]],
    bias: &[Sums],
    rows: [&[f32]; R],
) -> [[Sums; P]; R] {
    let mut sums = [[[0.0; OUTPUTS_PER_PANEL]; P]; R];
    for r in 0..R {
        sums[r].copy_from_slice(&bias[..P]);
    }
    let n_in = rows[0].len();
    assert!(panels.len() == P * n_in && rows.iter().all(|row| row.len() == n_in), "blocks cut whole panels and rows");
    for i in 0..n_in {
        for p in 0..P {
            let weights = floats(&panels[p * n_in + i]);
            for r in 0..R {
                let x = rows[r][i];
                for o in 0..OUTPUTS_PER_PANEL {
                    sums[r][p][o] += weights[o] * x;
                }
            }
        }
    }
    sums
}

/// Sixteen little-endian floats.
#[inline(always)]
fn floats(bytes: &[u8; ROW_BYTES]) -> Sums {
    #[cfg(target_endian = "little")]
    {
        // SAFETY: 64 bytes are 16 floats, any bits are a float, and `read_unaligned` asks for no alignment.
        unsafe { bytes.as_ptr().cast::<Sums>().read_unaligned() }
    }
    #[cfg(not(target_endian = "little"))]
    {
        let (words, _) = bytes.as_chunks::<4>();
        core::array::from_fn(|o| f32::from_le_bytes(words[o]))
    }
}
