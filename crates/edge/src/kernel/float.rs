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
                sums(layer, source, n_rows, |row, panel, sums| {
                    let first = panel * OUTPUTS_PER_PANEL;
                    let out = &mut logits[row * n_logits + k * layer.n_out..][first..layer.n_out];
                    out.iter_mut().zip(sums).for_each(|(out, sum)| *out = f64::from(*sum));
                });
            } else {
                sums(layer, source, n_rows, |row, panel, sums| {
                    let out = &mut to[row * width + panel * OUTPUTS_PER_PANEL..][..OUTPUTS_PER_PANEL];
                    activate(layer.activation, sums, out);
                });
                core::mem::swap(&mut from, &mut to);
            }
        }
    }
}

#[inline(always)]
fn activate(activation: Option<Activation>, sums: &Sums, out: &mut [f32]) {
    match activation {
        None => out.copy_from_slice(sums),
        Some(Activation::Relu) => {
            out.iter_mut().zip(sums).for_each(|(out, sum)| *out = if *sum > 0.0 { *sum } else { 0.0 });
        }
        Some(other) => out.iter_mut().zip(sums).for_each(|(out, sum)| *out = other.apply(f64::from(*sum)) as f32),
    }
}

/// Hands the sums of every row and panel of a layer to `sink`, as `(row, panel, sums)`.
#[inline(always)]
fn sums(
    layer: &FloatLayer<'_>,
    (values, stride): (&[f32], usize),
    n_rows: usize,
    mut sink: impl FnMut(usize, usize, &Sums),
) {
    let row = |r: usize| &values[r * stride..][..layer.n_in];
    let mut done = 0;
    while n_rows - done >= 4 {
        let rows = [row(done), row(done + 1), row(done + 2), row(done + 3)];
        blocks::<1, 4>(layer, 0, done, rows, &mut sink);
        done += 4;
    }
    for row_idx in done..n_rows {
        let panel = blocks::<4, 1>(layer, 0, row_idx, [row(row_idx)], &mut sink);
        blocks::<1, 1>(layer, panel, row_idx, [row(row_idx)], &mut sink);
    }
}

/// As many blocks of `P` panels by `R` rows as fit behind `panel`; the first panel that is left.
#[inline(always)]
fn blocks<const P: usize, const R: usize>(
    layer: &FloatLayer<'_>,
    mut panel: usize,
    first_row: usize,
    rows: [&[f32]; R],
    sink: &mut impl FnMut(usize, usize, &Sums),
) -> usize {
    let n_panels = layer.bias.len() / OUTPUTS_PER_PANEL;
    let panel_bytes = layer.n_in * ROW_BYTES;
    while n_panels - panel >= P {
        let panels: [&[[u8; ROW_BYTES]]; P] =
            core::array::from_fn(|p| layer.panels.as_bytes()[(panel + p) * panel_bytes..][..panel_bytes].as_chunks().0);
        let bias: [&[f32]; P] =
            core::array::from_fn(|p| &layer.bias[(panel + p) * OUTPUTS_PER_PANEL..][..OUTPUTS_PER_PANEL]);
        let sums = products::<P, R>(panels, bias, rows);
        for (r, row) in sums.iter().enumerate() {
            for (p, sums) in row.iter().enumerate() {
                sink(first_row + r, panel + p, sums);
            }
        }
        panel += P;
    }
    panel
}

/// `bias + Σ x w`, the products added in the order of the inputs.
#[inline(always)]
fn products<const P: usize, const R: usize>(
    panels: [&[[u8; ROW_BYTES]]; P],
    bias: [&[f32]; P],
    rows: [&[f32]; R],
) -> [[Sums; P]; R] {
    let mut sums: [[Sums; P]; R] =
        core::array::from_fn(|_| core::array::from_fn(|p| core::array::from_fn(|o| bias[p][o])));
    let n_in = rows[0].len();
    assert!(panels.iter().all(|panel| panel.len() == n_in) && rows.iter().all(|row| row.len() == n_in));
    for i in 0..n_in {
        for p in 0..P {
            let weights = floats(&panels[p][i]);
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
