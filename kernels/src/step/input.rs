//! Rows gathered and embedded into the first layer's panels, and the gradients of what embeds them.

#![allow(clippy::inline_always)]
// Tasks write disjoint places of shared buffers; each block says why it holds.
#![allow(unsafe_code)]

use std::f32::consts::TAU;

use super::bins::{Bins, n_bins};
use super::buffers::{CODE, code_width};
use super::rows::Portion;
use super::{Embedding, Inputs, Network, Periodic, Table};
use crate::dense::{PANEL, padded};
use crate::lanes::Lanes;

/// Rows with what never changes about them: the bin of every magnitude.
#[derive(Debug)]
pub struct Rows<'a> {
    pub(super) table: Table<'a>,
    bins: Bins,
}

impl<'a> Rows<'a> {
    /// Prepares rows for a network.
    ///
    /// # Panics
    /// Where the table's arrays have other sizes than the network's inputs, or a level is beyond its category.
    pub fn new(inputs: &Inputs, table: Table<'a>) -> Self {
        let (f, n, c) = (inputs.n_magnitudes, table.n_rows, inputs.levels.len());
        assert_eq!(table.magnitudes.len(), n * f, "magnitudes of {n} rows");
        assert_eq!(table.binary.len(), n * inputs.n_binary, "indicators of {n} rows");
        assert_eq!(table.categorical.len(), n * c, "categories of {n} rows");
        for row in table.categorical.chunks_exact(c.max(1)) {
            let known = row.iter().zip(&inputs.levels).all(|(level, n_levels)| (*level as usize) < *n_levels);
            assert!(known, "levels {row:?} of categories with {:?}", inputs.levels);
        }
        Self { bins: Bins::new(&inputs.embedding, &table.magnitudes), table }
    }

    /// N
    pub fn n_rows(&self) -> usize {
        self.table.n_rows
    }
}

/// Gathers rows `first..first + n` of a portion.
///
/// # Safety
/// No other task touches these rows of what is kept; weights do not change meanwhile; the processor has the instructions
/// of `L`.
#[inline(always)]
pub(super) unsafe fn gather<L: Lanes>(portion: &Portion<'_>, first: usize, n: usize, row: &mut [f32]) {
    let (network, kept) = (portion.network, portion.kept);
    let pitch = portion.cut.pitch * PANEL;
    let inputs = &network.inputs;
    let width = padded(inputs.width());
    row.fill(0.0);
    for slot in first..first + n {
        let source = portion.order[slot] as usize;
        // SAFETY: weights are only read in this phase; `slot` is one of this task's rows.
        unsafe {
            let weights = portion.weights.read();
            let mut at = magnitudes::<L>(portion, weights, source, slot, row);
            let g = inputs.n_binary;
            row[at..at + g].copy_from_slice(&portion.rows.table.binary[source * g..(source + 1) * g]);
            at += g;
            categories(inputs, weights, &portion.rows.table, source, &mut row[at..]);
            if let Some(scale) = inputs.front_scale {
                to_panels(row, kept.raw_inputs.at(slot * PANEL), pitch, width);
                row.iter_mut().zip(&weights[scale..scale + inputs.width()]).for_each(|(x, scale)| *x *= scale);
            }
            to_panels(row, kept.inputs.at(slot * PANEL), pitch, width);
        }
    }
}

/// # Safety
/// Room for one row of `width` columns in panels at `to`.
#[inline(always)]
unsafe fn to_panels(row: &[f32], to: *mut f32, pitch: usize, width: usize) {
    for panel in 0..width / PANEL {
        let from = &row[panel * PANEL..(panel + 1) * PANEL];
        // SAFETY: by contract.
        unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), to.add(panel * pitch), PANEL) };
    }
}

#[inline(always)]
fn categories(inputs: &Inputs, weights: &[f32], table: &Table<'_>, source: usize, row: &mut [f32]) {
    let (c, e) = (inputs.levels.len(), inputs.category_width);
    let mut start = 0;
    for (i, n_levels) in inputs.levels.iter().enumerate() {
        let level = table.categorical[source * c + i] as usize;
        let from = inputs.category_table + (start + level) * e;
        row[i * e..(i + 1) * e].copy_from_slice(&weights[from..from + e]);
        start += n_levels;
    }
}

/// Embeds the magnitudes of a row, and tells where they end.
///
/// # Safety
/// As [`gather`].
#[inline(always)]
unsafe fn magnitudes<L: Lanes>(
    portion: &Portion<'_>,
    weights: &[f32],
    source: usize,
    slot: usize,
    row: &mut [f32],
) -> usize {
    let inputs = &portion.network.inputs;
    let f = inputs.n_magnitudes;
    let x = &portion.rows.table.magnitudes[source * f..(source + 1) * f];
    match &inputs.embedding {
        Embedding::Plain => row[..f].copy_from_slice(x),
        Embedding::PiecewiseLinear { edges, width, weight, bias } => {
            let (e, n_bins) = (*width, n_bins(edges));
            // SAFETY: sums of ramps' weights are only read in this phase.
            let prefix = unsafe { portion.packed.prefix.read() };
            for (i, x) in x.iter().enumerate() {
                let bin = portion.rows.bins.at(source * f + i);
                let place = portion.packed.ramps[i * n_bins + bin].at(*x);
                let own = &weights[weight + i * (1 + n_bins) * e..];
                let (linear, ramp) = (&own[..e], &own[(1 + bin) * e..(2 + bin) * e]);
                let before = &prefix[(i * n_bins + bin) * e..][..e];
                let bias = &weights[bias + i * e..][..e];
                for (j, to) in row[i * e..(i + 1) * e].iter_mut().enumerate() {
                    *to = bias[j] + before[j] + x * linear[j] + place * ramp[j];
                }
            }
        }
        Embedding::Periodic(periodic) => {
            for (i, x) in x.iter().enumerate() {
                let to = &mut row[i * periodic.width..(i + 1) * periodic.width];
                // SAFETY: the caller's contract.
                unsafe { embed::<L>(portion, periodic, weights, (i, slot), *x, to) };
                for value in to {
                    *value = value.max(0.0);
                }
            }
        }
        Embedding::PhasedPeriodic { periodic, .. } => {
            let e = periodic.width + 1;
            for (i, x) in x.iter().enumerate() {
                // SAFETY: the caller's contract.
                unsafe { embed::<L>(portion, periodic, weights, (i, slot), *x, &mut row[i * e..(i + 1) * e - 1]) };
                row[(i + 1) * e - 1] = *x;
            }
        }
    }
    f * inputs.embedding.width()
}

/// Cosines, sines and the linear layer of one magnitude.
///
/// # Safety
/// As [`gather`].
#[inline(always)]
unsafe fn embed<L: Lanes>(
    portion: &Portion<'_>,
    periodic: &Periodic,
    weights: &[f32],
    (i, slot): (usize, usize),
    x: f32,
    to: &mut [f32],
) {
    let n = code_width(periodic.n_frequencies);
    let f = portion.network.inputs.n_magnitudes;
    // SAFETY: frequencies, phases and turned weights are filled to whole registers; the code's place is this task's row's.
    unsafe {
        let frequency = portion.packed.frequency.at(i * n).cast_const();
        let phase = portion.packed.frequency.at((f + i) * n).cast_const();
        let code = portion.kept.codes.at((i * portion.cut.rows + slot) * 2 * n);
        for j in (0..n).step_by(CODE) {
            let turns = L::load(frequency.add(j)).fma(L::splat(x), L::load(phase.add(j)));
            let (sine, cosine) = sine_cosine(turns);
            cosine.store(code.add(j));
            sine.store(code.add(n + j));
        }
        let bias = &weights[periodic.bias + i * periodic.width..][..periodic.width];
        for (e, (to, bias)) in to.iter_mut().zip(bias).enumerate() {
            let own = portion.packed.periodic.at((i * periodic.width + e) * 2 * n).cast_const();
            let mut sum = L::splat(0.0);
            for j in (0..2 * n).step_by(CODE) {
                sum = L::load(code.add(j)).fma(L::load(own.add(j)), sum);
            }
            *to = sum.sum() + bias;
        }
    }
}

/// Sine and cosine of an angle in turns, within 2e-7: whole turns drop out exactly, and both fold to a quarter turn.
///
/// # Safety
/// The processor has the instructions of `L`.
#[inline(always)]
unsafe fn sine_cosine<L: Lanes>(turns: L) -> (L, L) {
    // SAFETY: the caller's contract.
    unsafe {
        let zero = L::splat(0.0);
        let r = turns.sub(turns.round());
        let a = r.max(zero.sub(r));
        let folded = a.min(L::splat(0.5).sub(a));
        let sine = sine_of_turns(r.where_positive(folded, zero.sub(folded)));
        (sine, sine_of_turns(L::splat(0.25).sub(a)))
    }
}

/// `sin 2πx` for `|x| ≤ ¼` by its Taylor series up to the eleventh power.
///
/// # Safety
/// The processor has the instructions of `L`.
#[inline(always)]
unsafe fn sine_of_turns<L: Lanes>(x: L) -> L {
    // SAFETY: the caller's contract.
    unsafe {
        let z = x.mul(L::splat(TAU));
        let square = z.mul(z);
        let mut p = L::splat(-1.0 / 39_916_800.0);
        for c in [1.0 / 362_880.0, -1.0 / 5_040.0, 1.0 / 120.0, -1.0 / 6.0] {
            p = p.fma(square, L::splat(c));
        }
        p.mul(square).fma(z, z)
    }
}

/// Tasks of [`add_gradients`].
pub(super) fn n_gradient_tasks(network: &Network) -> usize {
    let inputs = &network.inputs;
    let magnitudes = if inputs.embedding == Embedding::Plain { 0 } else { inputs.n_magnitudes };
    magnitudes + inputs.levels.len() + usize::from(inputs.front_scale.is_some())
}

/// The gradient of one magnitude's embedding, one category's rows or the front scale, from all rows of a portion in order.
///
/// With a front scale the gradients of inputs are turned into those before it by the caller first.
///
/// # Safety
/// No other task does the same `task`; gradients of inputs are complete; the processor has the instructions of `L`.
#[inline(always)]
pub(super) unsafe fn add_gradients<L: Lanes>(portion: &Portion<'_>, task: usize) {
    let inputs = &portion.network.inputs;
    let n_magnitudes = if inputs.embedding == Embedding::Plain { 0 } else { inputs.n_magnitudes };
    // SAFETY: each task writes the gradients of its own parameters.
    unsafe {
        if task < n_magnitudes {
            match &inputs.embedding {
                Embedding::Plain => {}
                Embedding::PiecewiseLinear { .. } => piecewise_gradient(portion, task),
                Embedding::Periodic(periodic) => periodic_gradient::<L>(portion, periodic, None, task),
                Embedding::PhasedPeriodic { periodic, phase } => {
                    periodic_gradient::<L>(portion, periodic, Some(*phase), task);
                }
            }
        } else if task < n_magnitudes + inputs.levels.len() {
            category_gradient(portion, task - n_magnitudes);
        } else {
            front_gradient(portion);
        }
    }
}

/// Gradients of inputs `first..first + to.len()` of a row, before the front scale.
///
/// # Safety
/// Gradients of inputs are complete, and only read now.
#[inline(always)]
unsafe fn gradient_of(portion: &Portion<'_>, slot: usize, first: usize, to: &mut [f32]) {
    let pitch = portion.cut.pitch * PANEL;
    // SAFETY: columns below the inputs' width, rows below the portion's.
    unsafe {
        for (j, to) in to.iter_mut().enumerate() {
            let column = first + j;
            *to = *portion.kept.input_gradients.at(column / PANEL * pitch + slot * PANEL + column % PANEL);
        }
        if let Some(scale) = portion.network.inputs.front_scale {
            let scale = &portion.weights.read()[scale + first..];
            to.iter_mut().zip(scale).for_each(|(to, scale)| *to *= scale);
        }
    }
}

/// Rows of a bin add to its ramp by their place, and to all ramps before it by 1: sums by bin, then sums of those.
///
/// # Safety
/// As [`add_gradients`].
#[inline(always)]
unsafe fn piecewise_gradient(portion: &Portion<'_>, i: usize) {
    let inputs = &portion.network.inputs;
    let Embedding::PiecewiseLinear { edges, width, weight, bias } = &inputs.embedding else { return };
    let (e, f, n_bins) = (*width, inputs.n_magnitudes, n_bins(edges));
    let ramps = &portion.packed.ramps[i * n_bins..][..n_bins];
    let mut whole = vec![0.0_f32; n_bins * e];
    let mut own = vec![0.0_f32; n_bins * e];
    let mut linear = vec![0.0_f32; e];
    let mut d = vec![0.0_f32; e];
    for (slot, source) in portion.order.iter().enumerate() {
        let source = *source as usize;
        // SAFETY: the caller's contract.
        unsafe { gradient_of(portion, slot, i * e, &mut d) };
        let (x, bin) = (portion.rows.table.magnitudes[source * f + i], portion.rows.bins.at(source * f + i));
        let place = ramps[bin].at(x);
        for (j, d) in d.iter().enumerate() {
            whole[bin * e + j] += d;
            own[bin * e + j] += place * d;
            linear[j] += x * d;
        }
    }
    // SAFETY: the parameters of this magnitude's embedding are this task's.
    let (of_weight, of_bias) = unsafe {
        let n = (1 + n_bins) * e;
        (portion.gradient.part(weight + i * n, n), portion.gradient.part(bias + i * e, e))
    };
    if portion.fresh {
        of_weight.fill(0.0);
        of_bias.fill(0.0);
    }
    of_weight[..e].iter_mut().zip(&linear).for_each(|(to, sum)| *to += sum);
    let mut after = vec![0.0_f32; e];
    for bin in (0..n_bins).rev() {
        for j in 0..e {
            of_weight[(1 + bin) * e + j] += own[bin * e + j] + after[j];
            after[j] += whole[bin * e + j];
        }
    }
    of_bias.iter_mut().zip(&after).for_each(|(to, sum)| *to += sum);
}

/// # Safety
/// As [`add_gradients`].
#[inline(always)]
unsafe fn periodic_gradient<L: Lanes>(portion: &Portion<'_>, periodic: &Periodic, phase: Option<usize>, i: usize) {
    let (f, e) = (portion.network.inputs.n_magnitudes, periodic.width);
    let (n, filled) = (periodic.n_frequencies, code_width(periodic.n_frequencies));
    let columns = if phase.is_some() { e + 1 } else { e };
    // One after the other: weights turned `[E, 2·filled]`, frequencies, phases, one row's gradient of its code.
    let mut sums = vec![0.0_f32; e * 2 * filled + 4 * filled];
    let mut of_bias = vec![0.0_f32; e];
    let mut d = vec![0.0_f32; e];
    for (slot, source) in portion.order.iter().enumerate() {
        let x = portion.rows.table.magnitudes[*source as usize * f + i];
        // SAFETY: this row's code was made in the phase before; every place lies within `sums` as it is laid out above.
        unsafe {
            gradient_of(portion, slot, i * columns, &mut d);
            if phase.is_none() {
                mask_negative(portion, slot, i * columns, &mut d);
            }
            let code = portion.kept.codes.at((i * portion.cut.rows + slot) * 2 * filled).cast_const();
            let (weights, rest) = sums.split_at_mut(e * 2 * filled);
            let (of_frequency, rest) = rest.split_at_mut(filled);
            let (of_phase, of_code) = rest.split_at_mut(filled);
            for j in (0..2 * filled).step_by(CODE) {
                let value = L::load(code.add(j));
                let mut slope = L::splat(0.0);
                for (k, d) in d.iter().enumerate() {
                    let own = portion.packed.periodic.at((i * e + k) * 2 * filled + j).cast_const();
                    slope = L::splat(*d).fma(L::load(own), slope);
                    let to = weights.as_mut_ptr().add(k * 2 * filled + j);
                    L::splat(*d).fma(value, L::load(to)).store(to);
                }
                slope.store(of_code.as_mut_ptr().add(j));
            }
            for j in (0..filled).step_by(CODE) {
                let (cosine, sine) = (L::load(code.add(j)), L::load(code.add(filled + j)));
                let of_sine = L::load(of_code.as_ptr().add(filled + j));
                let angle = of_sine.mul(cosine).sub(L::load(of_code.as_ptr().add(j)).mul(sine));
                let (frequency, phase) = (of_frequency.as_mut_ptr().add(j), of_phase.as_mut_ptr().add(j));
                angle.fma(L::splat(TAU * x), L::load(frequency)).store(frequency);
                angle.add(L::load(phase)).store(phase);
            }
        }
        of_bias.iter_mut().zip(&d).for_each(|(sum, d)| *sum += d);
    }
    let add = |start: usize, sums: &[f32]| {
        // SAFETY: the parameters of this magnitude's embedding are this task's.
        let to = unsafe { portion.gradient.part(start, sums.len()) };
        if portion.fresh {
            to.fill(0.0);
        }
        to.iter_mut().zip(sums).for_each(|(to, sum)| *to += sum);
    };
    let n_in = if phase.is_some() { n } else { 2 * n };
    let code_place = |j: usize| if j < n { j } else { filled + j - n };
    let straight: Vec<f32> = (0..n_in * e).map(|p| sums[(p % e) * 2 * filled + code_place(p / e)]).collect();
    add(periodic.weight + i * n_in * e, &straight);
    add(periodic.bias + i * e, &of_bias);
    add(periodic.frequency + i * n, &sums[e * 2 * filled..][..n]);
    if let Some(phase) = phase {
        add(phase + i * n, &sums[e * 2 * filled + filled..][..n]);
    }
}

/// `ReLU` after a periodic embedding: what came out as 0 takes no gradient.
///
/// # Safety
/// As [`gradient_of`].
#[inline(always)]
unsafe fn mask_negative(portion: &Portion<'_>, slot: usize, first: usize, d: &mut [f32]) {
    let inputs =
        if portion.network.inputs.front_scale.is_some() { &portion.kept.raw_inputs } else { &portion.kept.inputs };
    let pitch = portion.cut.pitch * PANEL;
    for (j, d) in d.iter_mut().enumerate() {
        let column = first + j;
        // SAFETY: a column of the inputs, a row of the portion.
        let value = unsafe { *inputs.at(column / PANEL * pitch + slot * PANEL + column % PANEL) };
        if value <= 0.0 {
            *d = 0.0;
        }
    }
}

/// # Safety
/// As [`add_gradients`].
#[inline(always)]
unsafe fn category_gradient(portion: &Portion<'_>, i: usize) {
    let inputs = &portion.network.inputs;
    let (c, e) = (inputs.levels.len(), inputs.category_width);
    let before: usize = inputs.levels[..i].iter().sum();
    let column = inputs.n_magnitudes * inputs.embedding.width() + inputs.n_binary + i * e;
    // SAFETY: the rows of this category are this task's.
    let to = unsafe { portion.gradient.part(inputs.category_table + before * e, inputs.levels[i] * e) };
    if portion.fresh {
        to.fill(0.0);
    }
    let mut d = vec![0.0_f32; e];
    for (slot, source) in portion.order.iter().enumerate() {
        // SAFETY: the caller's contract.
        unsafe { gradient_of(portion, slot, column, &mut d) };
        let level = portion.rows.table.categorical[*source as usize * c + i] as usize;
        to[level * e..(level + 1) * e].iter_mut().zip(&d).for_each(|(to, d)| *to += d);
    }
}

/// # Safety
/// As [`add_gradients`].
#[inline(always)]
unsafe fn front_gradient(portion: &Portion<'_>) {
    let inputs = &portion.network.inputs;
    let Some(scale) = inputs.front_scale else { return };
    let pitch = portion.cut.pitch * PANEL;
    // SAFETY: the front scale is this task's; inputs and their gradients are only read in this phase.
    unsafe {
        let to = portion.gradient.part(scale, inputs.width());
        for (column, to) in to.iter_mut().enumerate() {
            let place = column / PANEL * pitch + column % PANEL;
            let term = |slot: usize| {
                let at = place + slot * PANEL;
                *portion.kept.input_gradients.at(at) * *portion.kept.raw_inputs.at(at)
            };
            let sum: f32 = (0..portion.order.len()).map(term).sum();
            *to = if portion.fresh { sum } else { *to + sum };
        }
    }
}
