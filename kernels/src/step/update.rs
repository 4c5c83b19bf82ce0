//! AdamW on runs of weights, each packed for the next step's products while it is at hand.

#![allow(clippy::inline_always)]
// Tasks write disjoint runs of weights; each block says why it holds.
#![allow(unsafe_code)]

use std::f32::consts::TAU;

use super::bins::n_bins;
use super::buffers::{Packed, code_width};
use super::{Embedding, Network};
use crate::adamw::Scalars;
use crate::adamw::cpu::{Run, step};
use crate::dense::cpu::pack;
use crate::dense::{PANEL, padded};
use crate::lanes::{Kernel, Lanes};
use crate::team::Shared;

/// Weights of one task where nothing has to be packed.
const RUN: usize = 16_384;

/// A run of weights, and what it becomes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Update {
    pub(super) start: usize,
    n: usize,
    packs: Packs,
}

#[derive(Clone, Copy, Debug)]
enum Packs {
    Nothing,
    /// Rows from `first` of a layer's matrix, of a member where each has its own.
    Matrix {
        layer: usize,
        member: usize,
        first: usize,
    },
    InputScale {
        layer: usize,
    },
    OutputScale {
        layer: usize,
    },
    Bias {
        layer: usize,
    },
    Mix {
        layer: usize,
    },
    Head,
    /// Sums of a magnitude's ramps.
    Ramps {
        magnitude: usize,
    },
    Frequency,
    Phase,
    Periodic,
}

/// Tasks that together update and pack all weights.
pub(super) fn updates(network: &Network) -> Vec<Update> {
    let mut list = Vec::new();
    let k = network.members;
    for (layer, shape) in network.layers.iter().enumerate() {
        let (n, d) = (shape.n_in, shape.n_out);
        for member in 0..if shape.own_weight { k } else { 1 } {
            for first in (0..n).step_by(PANEL) {
                let start = shape.weight + (member * n + first) * d;
                let packs = Packs::Matrix { layer, member, first };
                list.push(Update { start, n: PANEL.min(n - first) * d, packs });
            }
        }
        let mut whole = |start: Option<usize>, n: usize, packs: Packs| {
            list.extend(start.map(|start| Update { start, n, packs }));
        };
        whole(shape.input_scale, k * n, Packs::InputScale { layer });
        whole(shape.output_scale, k * d, Packs::OutputScale { layer });
        whole(Some(shape.bias), if shape.own_bias { k * d } else { d }, Packs::Bias { layer });
        whole(shape.mix, d, Packs::Mix { layer });
    }
    let head = network.head;
    list.push(Update { start: head.weight, n: k * head.n_in * head.n_out, packs: Packs::Head });
    list.push(Update { start: head.bias, n: k * head.n_out, packs: Packs::Nothing });
    push_inputs(network, &mut list);
    list
}

fn push_inputs(network: &Network, list: &mut Vec<Update>) {
    let inputs = &network.inputs;
    let f = inputs.n_magnitudes;
    let mut whole = |start: usize, n: usize, packs: Packs| {
        if n > 0 {
            list.push(Update { start, n, packs });
        }
    };
    match &inputs.embedding {
        Embedding::Plain => {}
        Embedding::PiecewiseLinear { edges, width, weight, bias } => {
            let n = (1 + n_bins(edges)) * width;
            (0..f).for_each(|magnitude| whole(weight + magnitude * n, n, Packs::Ramps { magnitude }));
            whole(*bias, f * width, Packs::Nothing);
        }
        Embedding::Periodic(p) | Embedding::PhasedPeriodic { periodic: p, .. } => {
            let mut n_in = 2 * p.n_frequencies;
            whole(p.frequency, f * p.n_frequencies, Packs::Frequency);
            if let Embedding::PhasedPeriodic { phase, .. } = &inputs.embedding {
                n_in = p.n_frequencies;
                whole(*phase, f * p.n_frequencies, Packs::Phase);
            }
            whole(p.weight, f * n_in * p.width, Packs::Periodic);
            whole(p.bias, f * p.width, Packs::Nothing);
        }
    }
    let n_table = inputs.levels.iter().sum::<usize>() * inputs.category_width;
    for start in (0..n_table).step_by(RUN) {
        whole(inputs.category_table + start, RUN.min(n_table - start), Packs::Nothing);
    }
    if let Some(scale) = inputs.front_scale {
        whole(scale, inputs.width(), Packs::Nothing);
    }
}

/// An update with what it works on.
pub(super) struct UpdateTask<'a> {
    pub(super) network: &'a Network,
    pub(super) packed: &'a Packed,
    pub(super) update: Update,
    /// Weights, first and second moments, gradient, `[P]` each.
    pub(super) runs: [&'a Shared<f32>; 4],
    /// None where weights are only to be packed.
    pub(super) scalars: Option<Scalars>,
}

impl Kernel for UpdateTask<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let Update { start, n, packs } = self.update;
        // SAFETY: the tasks' runs are disjoint, and so is what they pack.
        unsafe {
            if let Some(scalars) = &self.scalars {
                let [weights, first, second, gradient] = self.runs.map(|run| run.at(start));
                step::<L>(Run { weights, first, second }, gradient, n, scalars);
            }
            let weights = self.runs[0].part(start, n);
            self.pack(packs, weights);
        }
    }
}

impl UpdateTask<'_> {
    /// # Safety
    /// What these weights are packed to is this task's.
    #[inline(always)]
    unsafe fn pack(&self, packs: Packs, weights: &[f32]) {
        let layers = &self.packed.layers;
        // SAFETY: the caller's word, for each of the arms.
        unsafe {
            match packs {
                Packs::Nothing => {}
                Packs::Matrix { layer, member, first } => self.pack_matrix(layer, member, first),
                Packs::InputScale { layer } => {
                    fill_rows(weights, self.network.layers[layer].n_in, &layers[layer].input_scale);
                }
                Packs::OutputScale { layer } => {
                    fill_rows(weights, self.network.layers[layer].n_out, &layers[layer].output_scale);
                }
                Packs::Bias { layer } => fill_rows(weights, self.network.layers[layer].n_out, &layers[layer].bias),
                Packs::Mix { layer } => fill_rows(weights, self.network.layers[layer].n_out, &layers[layer].mix),
                Packs::Head => self.pack_head(weights),
                Packs::Ramps { magnitude } => self.pack_ramps(magnitude, weights),
                Packs::Frequency => self.pack_turns(weights, 0, 1.0),
                Packs::Phase => self.pack_turns(weights, 1, 1.0 / TAU),
                Packs::Periodic => self.pack_periodic(weights),
            }
        }
    }

    /// # Safety
    /// As [`UpdateTask::pack`].
    #[inline(always)]
    unsafe fn pack_matrix(&self, layer: usize, member: usize, first: usize) {
        let (shape, packed) = (&self.network.layers[layer], &self.packed.layers[layer]);
        let (n, d) = (shape.n_in, shape.n_out);
        let weights = self.runs[0].at(shape.weight + member * n * d).cast_const();
        let to = [packed.straight.at(member * padded(d) * n), packed.turned.at(member * padded(n) * d)];
        // SAFETY: the member's matrix and its packed places; rows of other tasks are not touched.
        unsafe { pack(weights, [n, d], [first, PANEL.min(n - first)], shape.factor, to) };
    }

    /// # Safety
    /// As [`UpdateTask::pack`].
    #[inline(always)]
    unsafe fn pack_head(&self, weights: &[f32]) {
        let head = self.network.head;
        let filled = padded(head.n_in);
        // SAFETY: the head is one task.
        let to = unsafe { self.packed.head.part(0, self.packed.head.len()) };
        for (place, weight) in weights.iter().enumerate() {
            let (member, i, o) = (place / (head.n_in * head.n_out), place / head.n_out % head.n_in, place % head.n_out);
            to[(member * head.n_out + o) * filled + i] = head.factor * weight;
        }
    }

    /// # Safety
    /// As [`UpdateTask::pack`].
    #[inline(always)]
    unsafe fn pack_ramps(&self, magnitude: usize, weights: &[f32]) {
        let Embedding::PiecewiseLinear { edges, width, .. } = &self.network.inputs.embedding else { return };
        let n = n_bins(edges) * width;
        // SAFETY: the sums of this magnitude's ramps are this task's.
        let to = unsafe { self.packed.prefix.part(magnitude * n, n) };
        for place in 0..n {
            to[place] = if place < *width { 0.0 } else { to[place - width] + weights[place] };
        }
    }

    /// # Safety
    /// As [`UpdateTask::pack`].
    #[inline(always)]
    unsafe fn pack_turns(&self, values: &[f32], part: usize, factor: f32) {
        let f = self.network.inputs.n_magnitudes;
        let n = values.len() / f;
        let filled = code_width(n);
        // SAFETY: frequencies and phases are one task each.
        let to = unsafe { self.packed.frequency.part(part * f * filled, f * filled) };
        for (place, value) in values.iter().enumerate() {
            to[place / n * filled + place % n] = factor * value;
        }
    }

    /// # Safety
    /// As [`UpdateTask::pack`].
    #[inline(always)]
    unsafe fn pack_periodic(&self, weights: &[f32]) {
        let (Embedding::Periodic(p) | Embedding::PhasedPeriodic { periodic: p, .. }) = &self.network.inputs.embedding
        else {
            return;
        };
        let (n, filled) = (p.n_frequencies, code_width(p.n_frequencies));
        let n_in = weights.len() / self.network.inputs.n_magnitudes / p.width;
        // SAFETY: the embeddings' weights are one task.
        let to = unsafe { self.packed.periodic.part(0, self.packed.periodic.len()) };
        for (place, weight) in weights.iter().enumerate() {
            let (magnitude, i, e) = (place / (n_in * p.width), place / p.width % n_in, place % p.width);
            let code = if i < n { i } else { filled + i - n };
            to[(magnitude * p.width + e) * 2 * filled + code] = *weight;
        }
    }
}

/// Copies rows of `width` into filled rows.
///
/// # Safety
/// All of `to` is the caller's.
#[inline(always)]
unsafe fn fill_rows(rows: &[f32], width: usize, to: &Shared<f32>) {
    let filled = padded(width);
    // SAFETY: the caller's word.
    let to = unsafe { to.part(0, rows.len() / width * filled) };
    for (from, to) in rows.chunks_exact(width).zip(to.chunks_exact_mut(filled)) {
        to[..width].copy_from_slice(from);
    }
}
