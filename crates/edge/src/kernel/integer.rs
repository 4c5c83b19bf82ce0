//! Integer layers: the loops around [`Lanes::products`].

use tenure_artifact::bundle::OUTPUTS_PER_PANEL;

use super::{Ends, Lanes, Outputs, PanelEnd, Sums, TILE, Tile};
use crate::network::{IntEnd, IntLayer, PanelConstants};

/// 1.5 · 2^23: added to a number within ±2^22, it leaves the number in the low bits, rounded half to even.
const ROUND: f32 = 12_582_912.0;
const MAX: f32 = 127.0;

/// Logits of a tile.
#[inline(always)]
pub(super) fn forward<L: Lanes>(steps: &[f32], layers: &[IntLayer<'_>], n_members: usize, tile: Tile<'_>) {
    let Tile { n_rows, n_inputs, width, n_logits, inputs, quantized, integers, logits, .. } = tile;
    let padded_inputs = n_inputs.next_multiple_of(4);
    let rows = inputs.chunks_exact(n_inputs).zip(quantized.chunks_exact_mut(padded_inputs));
    for (row, quantized) in rows.take(n_rows) {
        quantize::<L>(row, steps, quantized);
    }
    let n_layers = layers.len() / n_members;
    let (mut from, mut to) = integers.split_at_mut(TILE * width);
    for (k, member) in layers.chunks_exact(n_layers).enumerate() {
        for (layer_idx, layer) in member.iter().enumerate() {
            let source: (&[i8], usize) = if layer_idx == 0 { (quantized, padded_inputs) } else { (from, width) };
            match &layer.end {
                IntEnd::Hidden { least, table } => {
                    let sink = Hidden { least: *least, table: table.as_deref(), out: to, stride: width };
                    sums::<L>(layer, source, n_rows, sink);
                    core::mem::swap(&mut from, &mut to);
                }
                IntEnd::Output { scales } => {
                    let sink = Output { scales, out: &mut logits[k * layer.n_out..], stride: n_logits };
                    sums::<L>(layer, source, n_rows, sink);
                }
            }
        }
    }
}

/// Where a layer's outputs go. Not a closure: what is not inlined is not compiled for the kernel.
trait Sink {
    /// Multiplies a block out and takes what comes of it.
    ///
    /// # Safety
    /// That of [`Lanes::products`].
    unsafe fn take<L: Lanes, const P: usize, const R: usize, const SIGNED: bool>(&mut self, block: Block<'_, R>);
}

/// `P` panels by `R` rows.
struct Block<'b, const R: usize> {
    panels: &'b [u8],
    panel_bytes: usize,
    rows: [&'b [i8]; R],
    first_panel: usize,
    first_row: usize,
    /// `P`
    constants: &'b [PanelConstants],
    reads_offset: bool,
}

/// To the inputs of the next layer.
struct Hidden<'s> {
    least: i32,
    table: Option<&'s [i8; 256]>,
    out: &'s mut [i8],
    stride: usize,
}

impl Sink for Hidden<'_> {
    #[inline(always)]
    unsafe fn take<L: Lanes, const P: usize, const R: usize, const SIGNED: bool>(&mut self, block: Block<'_, R>) {
        let Block { panels, panel_bytes, rows, first_panel, first_row, constants, reads_offset } = block;
        let ends = Ends { constants, reads_offset, least: self.least };
        let out = &mut self.out[first_row * self.stride + first_panel * OUTPUTS_PER_PANEL..];
        // SAFETY: the caller's contract; P panels have P constants.
        unsafe { L::hidden::<P, R, SIGNED>(panels, panel_bytes, rows, ends, (out, self.stride)) };
        for r in 0..R {
            let out = &mut out[r * self.stride..][..P * OUTPUTS_PER_PANEL];
            if let Some(table) = self.table {
                for v in &mut *out {
                    *v = table[(i32::from(*v) + 128) as usize];
                }
            }
            // Without a `ReLU` the next layer's inputs may be negative.
            if L::ADDS_OFFSET && self.least < 0 {
                for v in &mut *out {
                    *v ^= flip::<L>();
                }
            }
        }
    }
}

/// To logits.
struct Output<'s> {
    scales: &'s [f64],
    out: &'s mut [f64],
    stride: usize,
}

impl Sink for Output<'_> {
    #[inline(always)]
    unsafe fn take<L: Lanes, const P: usize, const R: usize, const SIGNED: bool>(&mut self, block: Block<'_, R>) {
        let Block { panels, panel_bytes, rows, first_panel, first_row, constants, reads_offset } = block;
        // SAFETY: the caller's contract.
        let products = unsafe { L::products::<P, R, SIGNED>(panels, panel_bytes, rows) };
        for p in 0..P {
            let first = (first_panel + p) * OUTPUTS_PER_PANEL;
            let (scales, start) = (&self.scales[first..], constants[p].start(reads_offset));
            for r in 0..R {
                let out = &mut self.out[(first_row + r) * self.stride + first..];
                for o in 0..scales.len().min(OUTPUTS_PER_PANEL) {
                    out[o] = f64::from(products[r][p][o].wrapping_add(start[o])) * scales[o];
                }
            }
        }
    }
}

/// What turns a signed value into the one that a kernel reads.
#[inline(always)]
const fn flip<L: Lanes>() -> i8 {
    if L::ADDS_OFFSET { i8::MIN } else { 0 }
}

/// `x` times its steps per unit, clamped to ±127 and rounded half to even; zeros behind the last input.
#[inline(always)]
fn quantize<L: Lanes>(row: &[f32], steps: &[f32], out: &mut [i8]) {
    let (out, padding) = out.split_at_mut(row.len());
    for ((out, x), step) in out.iter_mut().zip(row).zip(steps) {
        let y = x * step;
        let y = if y > -MAX { y } else { -MAX };
        let y = if y < MAX { y } else { MAX };
        *out = ((y + ROUND).to_bits().wrapping_sub(ROUND.to_bits())) as i8 ^ flip::<L>();
    }
    padding.fill(flip::<L>());
}

/// [`Lanes::requantize`] for any processor.
///
/// Shifting by 32 takes the upper half of the 64-bit product; shifting that by `s` again rounds down both times, which is
/// the same as shifting once by `32 + s`.
#[inline(always)]
pub(super) fn requantize<const R: usize>(sums: [&Sums; R], end: PanelEnd<'_>) -> [Outputs; R] {
    let mut out = [[0; OUTPUTS_PER_PANEL]; R];
    for r in 0..R {
        for o in 0..OUTPUTS_PER_PANEL {
            let (s, sum) = (end.shifts[o] & 31, sums[r][o].wrapping_add(end.start[o]));
            let product = i64::from(sum) * i64::from(end.multipliers[o]) + (1_i64 << (31 + s));
            let shifted = ((product >> 32) as i32) >> s;
            let raised = if shifted > end.least { shifted } else { end.least };
            out[r][o] = (if raised < 127 { raised } else { 127 }) as i8;
        }
    }
    out
}

/// Hands the sums of every row and panel of a layer to `sink`.
#[inline(always)]
fn sums<L: Lanes>(layer: &IntLayer<'_>, source: (&[i8], usize), n_rows: usize, sink: impl Sink) {
    if layer.is_signed || !L::KNOWS_SIGNS {
        signed_sums::<L, true>(layer, source, n_rows, sink);
    } else {
        signed_sums::<L, false>(layer, source, n_rows, sink);
    }
}

#[inline(always)]
fn signed_sums<L: Lanes, const SIGNED: bool>(
    layer: &IntLayer<'_>,
    (values, stride): (&[i8], usize),
    n_rows: usize,
    mut sink: impl Sink,
) {
    let n_in = layer.n_in;
    let mut done = 0;
    while L::PANELS_OF_FOUR_ROWS > 0 && n_rows - done >= 4 {
        let four = &values[done * stride..];
        let rows = [&four[..n_in], &four[stride..][..n_in], &four[2 * stride..][..n_in], &four[3 * stride..][..n_in]];
        let mut panel = 0;
        if L::PANELS_OF_FOUR_ROWS >= 4 {
            panel = blocks::<L, 4, 4, SIGNED>(layer, panel, done, rows, &mut sink);
        }
        if L::PANELS_OF_FOUR_ROWS >= 2 {
            panel = blocks::<L, 2, 4, SIGNED>(layer, panel, done, rows, &mut sink);
        }
        blocks::<L, 1, 4, SIGNED>(layer, panel, done, rows, &mut sink);
        done += 4;
    }
    for row_idx in done..n_rows {
        let rows = [&values[row_idx * stride..][..n_in]];
        let mut panel = 0;
        if L::PANELS >= 8 {
            panel = blocks::<L, 8, 1, SIGNED>(layer, panel, row_idx, rows, &mut sink);
        }
        if L::PANELS >= 4 {
            panel = blocks::<L, 4, 1, SIGNED>(layer, panel, row_idx, rows, &mut sink);
        }
        if L::PANELS >= 2 {
            panel = blocks::<L, 2, 1, SIGNED>(layer, panel, row_idx, rows, &mut sink);
        }
        blocks::<L, 1, 1, SIGNED>(layer, panel, row_idx, rows, &mut sink);
    }
}

/// As many blocks of `P` panels by `R` rows as fit behind `panel`; the first panel that is left.
#[inline(always)]
fn blocks<L: Lanes, const P: usize, const R: usize, const SIGNED: bool>(
    layer: &IntLayer<'_>,
    mut panel: usize,
    first_row: usize,
    rows: [&[i8]; R],
    sink: &mut impl Sink,
) -> usize {
    let panel_bytes = layer.n_in * OUTPUTS_PER_PANEL;
    // Which of the two is a matter of the layer alone where the kernel reads all inputs alike.
    let reads_offset = L::ADDS_OFFSET && layer.is_signed;
    let constants = &layer.constants;
    while constants.len() - panel >= P {
        let panels = &layer.panels.bytes()[panel * panel_bytes..][..P * panel_bytes];
        let constants = &constants[panel..][..P];
        let block = Block { panels, panel_bytes, rows, first_panel: panel, first_row, constants, reads_offset };
        // SAFETY: the caller runs on a kernel that the processor has; the slice above holds P whole panels of
        // `n_in * 16` bytes, `n_in` a multiple of 4, and every row was cut to `n_in`. Inputs are clamped to ±127 where
        // they are made, weights and tables are checked when the bundle is read, and a layer is unsigned only behind a
        // `ReLU`, whose outputs are clamped from 0.
        unsafe { sink.take::<L, P, R, SIGNED>(block) };
        panel += P;
    }
    panel
}
