//! Gradients of weights: squares of 32 inputs by 32 outputs, each summed over all rows at hand, in blocks of up to four by
//! four squares a task, so that a panel of activations is read from afar once for several squares.

#![allow(clippy::inline_always)]
// Tasks write disjoint parts of the gradient; each block says why it holds.
#![allow(unsafe_code)]

use std::ops::Range;

use super::activation::apply;
use super::buffers::KeptLayer;
use super::input;
use super::rows::Portion;
use super::{Layer, Network};
use crate::dense::cpu::{CHUNK, Square, add_outer, add_rows};
use crate::dense::{PANEL, padded, panels};
use crate::lanes::{Kernel, LANES, Lanes};
use crate::team::Shared;

/// One task of a portion's gradients.
#[derive(Clone, Copy, Debug)]
pub(super) enum Gradient {
    /// Of a layer's matrix, squares of 32 by 32: panels of inputs and of outputs from these on, `side` of each or what is
    /// left; with the first panel of inputs, also of what has one number for each output.
    Block { layer: usize, row: usize, column: usize, side: usize },
    /// Of each member's part of the last layer.
    Head { slot: usize },
    /// Of what embeds inputs; only when all members are through.
    Inputs { task: usize },
    /// The sum of the rows' losses; likewise.
    Loss,
}

/// Squares along a side of the largest block.
pub(super) const MAX_SIDE: usize = 4;

/// Tasks for `n_members` members at hand and as many threads, the largest first.
pub(super) fn tasks(network: &Network, n_members: usize, n_threads: usize, all_through: bool) -> Vec<Gradient> {
    // Smaller blocks where there would be too few to keep all threads at work; what is summed does not depend on it.
    let count = |side: usize| {
        let blocks = |shape: &Layer| panels(shape.n_in).div_ceil(side) * panels(shape.n_out).div_ceil(side);
        network.layers.iter().map(blocks).sum::<usize>()
    };
    let side = if n_threads == 1 || count(MAX_SIDE) >= 3 * n_threads {
        MAX_SIDE
    } else if count(2) >= 3 * n_threads {
        2
    } else {
        1
    };
    let mut list = Vec::new();
    for (layer, shape) in network.layers.iter().enumerate().rev() {
        for row in (0..panels(shape.n_in)).step_by(side) {
            let columns = (0..panels(shape.n_out)).step_by(side);
            list.extend(columns.map(|column| Gradient::Block { layer, row, column, side }));
        }
    }
    if all_through {
        list.extend((0..input::n_gradient_tasks(network)).map(|task| Gradient::Inputs { task }));
        list.push(Gradient::Loss);
    }
    list.extend((0..n_members).map(|slot| Gradient::Head { slot }));
    list
}

/// A task with what it works on.
pub(super) struct GradientTask<'a> {
    pub(super) portion: &'a Portion<'a>,
    pub(super) task: Gradient,
    /// Sums of a block, and those of one member: this thread's.
    pub(super) squares: &'a mut [Square],
    /// Where the sum of all losses of an epoch grows.
    pub(super) total_loss: &'a Shared<f64>,
}

impl Kernel for GradientTask<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let portion = self.portion;
        // SAFETY: tasks of one phase differ, and each writes gradients of its own.
        unsafe {
            match self.task {
                Gradient::Block { layer, row, column, side } => {
                    let shape = &portion.network.layers[layer];
                    let rows = row..panels(shape.n_in).min(row + side);
                    let columns = column..panels(shape.n_out).min(column + side);
                    block::<L>(portion, layer, [rows, columns.clone()], self.squares);
                    if row == 0 {
                        for column in columns {
                            let work = SquareWork::new(portion, layer, row, column);
                            work.bias::<L>();
                            work.mix::<L>();
                        }
                    }
                }
                Gradient::Head { slot } => head::<L>(portion, slot),
                Gradient::Inputs { task } => input::add_gradients::<L>(portion, task),
                Gradient::Loss => {
                    let sum: f64 = portion.kept.losses.part(0, portion.order.len()).iter().sum();
                    *self.total_loss.at(0) += sum;
                }
            }
        }
    }
}

/// The weights' gradients of a block of squares.
///
/// # Safety
/// These squares' gradients are this task's; the processor has the instructions of `L`.
#[inline(always)]
unsafe fn block<L: Lanes>(
    portion: &Portion<'_>,
    layer: usize,
    [rows, columns]: [Range<usize>; 2],
    squares: &mut [Square],
) {
    let (total, own) = squares.split_at_mut(MAX_SIDE * MAX_SIDE);
    let shape = &portion.network.layers[layer];
    let of = |row, column| SquareWork::new(portion, layer, row, column);
    let places = || rows.clone().flat_map(|row| columns.clone().map(move |column| (row, column))).enumerate();
    let clear = |squares: &mut [Square]| squares.iter_mut().for_each(|square| square.0.fill(0.0));
    let n_squares = rows.len() * columns.len();
    clear(&mut total[..n_squares]);
    // SAFETY: activations and gradients were kept in the phase before, as many rows in each panel as are at hand.
    unsafe {
        for (slot, member) in portion.members.clone().enumerate() {
            if shape.input_scale.is_some() {
                clear(&mut own[..n_squares]);
                add_rows_to::<L>(portion, layer, slot, [rows.clone(), columns.clone()], own);
                for (place, (row, column)) in places() {
                    of(row, column).unscale::<L>(member, &own[place], &mut total[place]);
                }
                continue;
            }
            add_rows_to::<L>(portion, layer, slot, [rows.clone(), columns.clone()], total);
            if shape.own_weight {
                let start = shape.weight + member * shape.n_in * shape.n_out;
                for (place, (row, column)) in places() {
                    of(row, column).write(&total[place], start, portion.fresh);
                }
                clear(&mut total[..n_squares]);
            }
        }
        if !shape.own_weight {
            for (place, (row, column)) in places() {
                let work = of(row, column);
                work.write(&total[place], shape.weight, work.begins());
            }
        }
    }
}

/// Adds one member's `xᵀ g` to a block of squares, chunk of rows after chunk: each is read from afar once.
///
/// # Safety
/// As [`block`].
#[inline(always)]
unsafe fn add_rows_to<L: Lanes>(
    portion: &Portion<'_>,
    layer: usize,
    slot: usize,
    [rows, columns]: [Range<usize>; 2],
    squares: &mut [Square],
) {
    let n_rows = portion.order.len();
    let of = |row, column| SquareWork::new(portion, layer, row, column);
    for start in (0..n_rows).step_by(CHUNK) {
        let n = CHUNK.min(n_rows - start);
        for (i, row) in rows.clone().enumerate() {
            for (j, column) in columns.clone().enumerate() {
                let work = of(row, column);
                let square = &mut squares[i * columns.len() + j];
                // What comes next, in the order of these loops: the gradients of the next column, a part of the next inputs.
                let (last_row, last_column) = (row + 1 == rows.end, column + 1 == columns.end);
                let next_row = if last_row { rows.start } else { row + 1 };
                let next = of(next_row, if last_column { columns.start } else { column + 1 });
                let at = |is_over: bool| (start + if is_over { CHUNK } else { 0 }) * PANEL;
                let share = j * n * PANEL / columns.len();
                let ahead = [
                    next.inputs(slot).wrapping_add(at(last_row) + share),
                    next.gradients(slot).wrapping_add(at(last_row && last_column)),
                ];
                // SAFETY: the chunk lies within the rows that both panels hold.
                unsafe {
                    let panels = [work.inputs(slot).add(start * PANEL), work.gradients(slot).add(start * PANEL)];
                    add_outer::<L>(panels, ahead, n, work.size, square);
                }
            }
        }
    }
}

/// One square of one layer.
struct SquareWork<'a> {
    portion: &'a Portion<'a>,
    shape: &'a Layer,
    kept: &'a KeptLayer,
    layer: usize,
    row: usize,
    column: usize,
    /// Inputs and outputs that are there.
    size: [usize; 2],
}

impl<'a> SquareWork<'a> {
    fn new(portion: &'a Portion<'a>, layer: usize, row: usize, column: usize) -> Self {
        let shape = &portion.network.layers[layer];
        let size = [PANEL.min(shape.n_in - row * PANEL), PANEL.min(shape.n_out - column * PANEL)];
        Self { portion, shape, kept: &portion.kept.layers[layer], layer, row, column, size }
    }

    fn n_rows(&self) -> usize {
        self.portion.order.len()
    }

    /// A panel of a member's kept activations.
    fn panel(&self, buffer: &Shared<f32>, width: usize, slot: usize, panel: usize) -> *const f32 {
        buffer.at((slot * padded(width) + panel * PANEL) * self.portion.cut.pitch)
    }

    /// What went into the layer, without `r`.
    fn inputs(&self, slot: usize) -> *const f32 {
        match self.layer.checked_sub(1) {
            None => self.panel(&self.portion.kept.inputs, 0, 0, self.row),
            Some(before) => self.panel(&self.portion.kept.layers[before].outputs, self.shape.n_in, slot, self.row),
        }
    }

    fn gradients(&self, slot: usize) -> *const f32 {
        self.panel(&self.kept.gradients, self.shape.n_out, slot, self.column)
    }

    /// Whether gradients that members share begin with this portion.
    fn begins(&self) -> bool {
        self.portion.fresh && self.portion.members.start == 0
    }

    /// `dW += r G s`, and this square's parts of `dr = Σ_j W s G` and `ds = Σ_i r W G`.
    ///
    /// # Safety
    /// As [`block`].
    #[inline(always)]
    unsafe fn unscale<L: Lanes>(&self, member: usize, own: &Square, total: &mut Square) {
        let (shape, packed) = (self.shape, &self.portion.packed.layers[self.layer]);
        let (n, filled, k) = (shape.n_in, padded(shape.n_out), self.portion.network.members);
        let has_output_scale = shape.output_scale.is_some();
        // SAFETY: packed rows are filled up to whole panels; parts have a place for every panel and member.
        unsafe {
            let r = packed.input_scale.at(member * padded(n) + self.row * PANEL).cast_const();
            let w = packed.straight.at((self.column * n + self.row * PANEL) * PANEL).cast_const();
            let mut s = [L::splat(1.0); 2];
            if has_output_scale {
                let from = packed.output_scale.at(member * filled + self.column * PANEL).cast_const();
                s = [L::load(from), L::load(from.add(LANES))];
            }
            let mut of_s = [L::splat(0.0); 2];
            let of_r = self.kept.input_scale_parts.at((self.column * k + member) * n + self.row * PANEL);
            for i in 0..self.size[0] {
                let scale = L::splat(*r.add(i));
                let mut sum = L::splat(0.0);
                for v in 0..2 {
                    let place = i * PANEL + v * LANES;
                    let g = L::load(own.0.as_ptr().add(place));
                    let weight = L::load(w.add(place));
                    let (scaled, to) = (g.mul(s[v]), total.0.as_mut_ptr().add(place));
                    scaled.fma(scale, L::load(to)).store(to);
                    sum = scaled.fma(weight, sum);
                    of_s[v] = g.mul(scale).fma(weight, of_s[v]);
                }
                let sum = sum.sum();
                *of_r.add(i) = if self.portion.fresh { sum } else { *of_r.add(i) + sum };
            }
            if has_output_scale {
                let to = self.kept.output_scale_parts.at((self.row * k + member) * filled + self.column * PANEL);
                for (v, of_s) in of_s.into_iter().enumerate() {
                    let to = to.add(v * LANES);
                    if self.portion.fresh { of_s.store(to) } else { of_s.add(L::load(to)).store(to) }
                }
            }
        }
    }

    /// Puts a square into the gradient of the matrix that begins at `start`, or adds it there.
    ///
    /// # Safety
    /// As [`block`].
    #[inline(always)]
    unsafe fn write(&self, square: &Square, start: usize, begins: bool) {
        let factor = self.shape.factor;
        for i in 0..self.size[0] {
            let place = start + (self.row * PANEL + i) * self.shape.n_out + self.column * PANEL;
            let from = &square.0[i * PANEL..i * PANEL + self.size[1]];
            // SAFETY: rows and columns of this square.
            let to = unsafe { self.portion.gradient.part(place, self.size[1]) };
            for (to, from) in to.iter_mut().zip(from) {
                *to = if begins { factor * from } else { *to + factor * from };
            }
        }
    }

    /// # Safety
    /// As [`block`].
    #[inline(always)]
    unsafe fn bias<L: Lanes>(&self) {
        let mut sums = [0.0_f32; PANEL];
        for (slot, member) in self.portion.members.clone().enumerate() {
            // SAFETY: the panel holds `n_rows` rows; these outputs' biases are this task's.
            unsafe {
                add_rows::<L>(self.gradients(slot), self.n_rows(), &mut sums);
                if self.shape.own_bias {
                    self.write_row(&sums, self.shape.bias + member * self.shape.n_out, self.portion.fresh);
                    sums = [0.0; PANEL];
                }
            }
        }
        if !self.shape.own_bias {
            // SAFETY: as above.
            unsafe { self.write_row(&sums, self.shape.bias, self.begins()) };
        }
    }

    /// `Σ d ⊙ (σ(y) − y)`
    ///
    /// # Safety
    /// As [`block`].
    #[inline(always)]
    unsafe fn mix<L: Lanes>(&self) {
        let Some(mix) = self.shape.mix else { return };
        let mut sums = [0.0_f32; PANEL];
        for slot in 0..self.portion.members.len() {
            let sums_of = self.panel(&self.kept.sums, self.shape.n_out, slot, self.column);
            let gradients = self.panel(&self.kept.output_gradients, self.shape.n_out, slot, self.column);
            for row in 0..self.n_rows() {
                for v in (0..PANEL).step_by(LANES) {
                    // SAFETY: both panels hold `n_rows` rows.
                    unsafe {
                        let y = L::load(sums_of.add(row * PANEL + v));
                        let d = L::load(gradients.add(row * PANEL + v));
                        let to = sums.as_mut_ptr().add(v);
                        apply(self.shape.activation, y).sub(y).fma(d, L::load(to)).store(to);
                    }
                }
            }
        }
        // SAFETY: these outputs' mixes are this task's.
        unsafe { self.write_row(&sums, mix, self.begins()) };
    }

    /// # Safety
    /// As [`block`].
    #[inline(always)]
    unsafe fn write_row(&self, sums: &[f32; PANEL], start: usize, begins: bool) {
        // SAFETY: these outputs' part of a parameter with one number for each.
        let to = unsafe { self.portion.gradient.part(start + self.column * PANEL, self.size[1]) };
        to.iter_mut().zip(sums).for_each(|(to, sum)| *to = if begins { *sum } else { *to + sum });
    }
}

/// # Safety
/// The gradients of this member's head are this task's; the processor has the instructions of `L`.
#[inline(always)]
unsafe fn head<L: Lanes>(portion: &Portion<'_>, slot: usize) {
    let (head, cut) = (portion.network.head, portion.cut);
    let (n_in, n_out, n_rows) = (head.n_in, head.n_out, portion.order.len());
    let member = portion.members.start + slot;
    let inputs = match portion.kept.layers.last() {
        None => portion.kept.inputs.at(0),
        Some(layer) => layer.outputs.at(slot * padded(n_in) * cut.pitch),
    };
    // SAFETY: what was kept holds `n_rows` rows of every panel; gradients are of this member.
    unsafe {
        let g = portion.kept.output_gradients.part(slot * cut.rows * n_out, n_rows * n_out);
        let of_weight = portion.gradient.part(head.weight + member * n_in * n_out, n_in * n_out);
        let of_bias = portion.gradient.part(head.bias + member * n_out, n_out);
        for o in 0..n_out {
            for column in (0..n_in).step_by(LANES) {
                let x = inputs.add(column / PANEL * cut.pitch * PANEL + column % PANEL);
                let mut sum = L::splat(0.0);
                for row in 0..n_rows {
                    sum = L::load(x.add(row * PANEL)).fma(L::splat(g[row * n_out + o]), sum);
                }
                let mut sums = [0.0_f32; LANES];
                sum.store(sums.as_mut_ptr());
                for (i, sum) in sums.iter().take(n_in - column).enumerate() {
                    let to = &mut of_weight[(column + i) * n_out + o];
                    *to = if portion.fresh { head.factor * sum } else { *to + head.factor * sum };
                }
            }
            let sum: f32 = g.iter().skip(o).step_by(n_out).sum();
            of_bias[o] = if portion.fresh { sum } else { of_bias[o] + sum };
        }
    }
}

/// Sums the parts of one member's scales of one layer.
///
/// # Safety
/// No other task does the same layer and member; all parts are there.
pub(super) unsafe fn sum_scales(network: &Network, kept: &KeptLayer, gradient: &Shared<f32>, at: [usize; 2]) {
    let [layer, member] = at;
    let shape = &network.layers[layer];
    let k = network.members;
    let sum = |parts: &Shared<f32>, n_parts: usize, pitch: usize, start: usize, n: usize| {
        // SAFETY: this member's scales of this layer are this task's; parts were written in the phase before.
        unsafe {
            let to = gradient.part(start + member * n, n);
            to.copy_from_slice(&parts.read()[member * pitch..member * pitch + n]);
            for part in 1..n_parts {
                let from = &parts.read()[(part * k + member) * pitch..][..n];
                to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
            }
        }
    };
    if let Some(start) = shape.input_scale {
        sum(&kept.input_scale_parts, panels(shape.n_out), shape.n_in, start, shape.n_in);
    }
    if let Some(start) = shape.output_scale {
        sum(&kept.output_scale_parts, panels(shape.n_in), padded(shape.n_out), start, shape.n_out);
    }
}
