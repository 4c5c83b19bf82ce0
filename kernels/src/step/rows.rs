//! Blocks of rows: all layers forward, the loss, and all gradients of activations.

#![allow(clippy::inline_always)]
// Tasks write disjoint rows of shared buffers; each block says why it holds.
#![allow(unsafe_code)]

use std::ops::Range;

use super::activation::{apply, slope};
use super::buffers::{Cut, Kept, Packed};
use super::gradients::MAX_SIDE;
use super::input::{Rows, gather};
use super::{Activation, Layer, Network};
use crate::dense::cpu::{Finish, Panels, Square, product};
use crate::dense::{PANEL, padded, panels};
use crate::lanes::{Kernel, LANES, Lanes};
use crate::loss::Loss;
use crate::team::Shared;

/// The rows and members of a batch that are at hand.
pub(super) struct Portion<'a> {
    pub(super) network: &'a Network,
    pub(super) packed: &'a Packed,
    pub(super) kept: &'a Kept,
    pub(super) weights: &'a Shared<f32>,
    pub(super) gradient: &'a Shared<f32>,
    pub(super) cut: Cut,
    pub(super) rows: &'a Rows<'a>,
    /// Rows of the table, at most S.
    pub(super) order: &'a [u32],
    /// Place of the first of them in the batch.
    pub(super) first_row: usize,
    /// Rows of the whole batch.
    pub(super) n_batch: usize,
    pub(super) members: Range<usize>,
    /// Whether these rows are the first of the batch, so that gradients begin with them.
    pub(super) fresh: bool,
    /// None where rows are only scored.
    pub(super) loss: Option<&'a Loss>,
    pub(super) dropout: Option<Masks<'a>>,
}

/// The masks of one step: unit `d` of row `b` of member `k` after layer `l` is multiplied by
/// `run[starts[l] + (k·B + b)·D + d]`.
#[derive(Clone, Copy)]
pub(super) struct Masks<'a> {
    pub(super) run: &'a [f32],
    pub(super) starts: &'a [usize],
    /// What a unit that is kept is multiplied by.
    pub(super) kept: f32,
}

/// What a thread needs of its own.
pub(super) struct Scratch {
    /// One row's inputs, filled.
    row: Vec<f32>,
    /// Scaled inputs of a block, and those of the next layer.
    blocks: [Shared<f32>; 2],
    outputs: Vec<f32>,
    /// Sums of a block of weights' gradients, and those of one member.
    pub(super) squares: Vec<Square>,
}

/// Rows of a block at most: a layer's weights are read once for all of them, their activations stay in the L2 cache.
pub(super) const MAX_BLOCK: usize = 64;

impl Scratch {
    pub(super) fn new(network: &Network) -> Self {
        let widest = network.layers.iter().map(|l| l.n_in.max(l.n_out)).max().unwrap_or(1);
        let block = || Shared::zeros(padded(widest) * MAX_BLOCK);
        Self {
            row: vec![0.0; padded(network.inputs.width())],
            blocks: [block(), block()],
            outputs: vec![0.0; 2 * network.head.n_out],
            squares: (0..2 * MAX_SIDE * MAX_SIDE).map(|_| Square::ZERO).collect(),
        }
    }
}

/// One block of rows.
pub(super) struct RowsTask<'a> {
    pub(super) portion: &'a Portion<'a>,
    pub(super) scratch: &'a mut Scratch,
    pub(super) block: Range<usize>,
}

impl Kernel for RowsTask<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let Self { portion, scratch, block } = self;
        let work = Block { portion, first: block.start, n: block.len() };
        // SAFETY: this task's rows of all buffers are touched by no other; the scratch is this thread's.
        unsafe {
            if portion.members.start == 0 {
                gather::<L>(portion, block.start, block.len(), &mut scratch.row);
                work.clear_input_gradients();
            }
            for member in portion.members.clone() {
                let last = work.forward::<L>(member, &scratch.blocks);
                work.head::<L>(member, last, &mut scratch.outputs, &scratch.blocks[0]);
                if portion.loss.is_some() {
                    work.backward::<L>(member, &scratch.blocks);
                }
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Block<'a> {
    portion: &'a Portion<'a>,
    first: usize,
    n: usize,
}

impl Block<'_> {
    /// Floats between panels of what is kept.
    fn pitch(&self) -> usize {
        self.portion.cut.pitch * PANEL
    }

    /// This block's first row of a member's panels.
    fn kept(&self, buffer: &Shared<f32>, member: usize, width: usize) -> *mut f32 {
        if buffer.len() == 0 {
            return std::ptr::null_mut();
        }
        let slot = member - self.portion.members.start;
        buffer.at(slot * padded(width) * self.portion.cut.pitch + self.first * PANEL)
    }

    fn mask(&self, layer: usize, member: usize) -> *const f32 {
        let Some(masks) = self.portion.dropout else { return std::ptr::null() };
        let d = self.portion.network.layers[layer].n_out;
        let row = member * self.portion.n_batch + self.portion.first_row + self.first;
        let start = masks.starts[layer] + row * d;
        // A register of the last row may reach beyond its columns, but not beyond the run.
        assert!(start + (self.n - 1) * d + padded(d) <= masks.run.len());
        // SAFETY: asserted.
        unsafe { masks.run.as_ptr().add(start) }
    }

    fn inputs(&self) -> Panels {
        Panels { at: self.portion.kept.inputs.at(self.first * PANEL), pitch: self.pitch() }
    }

    /// # Safety
    /// This block's rows are this task's.
    #[inline(always)]
    unsafe fn clear_input_gradients(&self) {
        let gradients = &self.portion.kept.input_gradients;
        if gradients.len() == 0 {
            return;
        }
        for panel in 0..panels(self.portion.network.inputs.width()) {
            // SAFETY: this block's rows of every panel.
            unsafe { gradients.part(panel * self.pitch() + self.first * PANEL, self.n * PANEL) }.fill(0.0);
        }
    }

    /// All hidden layers of a member; gives the last one's outputs.
    ///
    /// # Safety
    /// This block's rows are this task's, the blocks this thread's; the processor has the instructions of `L`.
    #[inline(always)]
    unsafe fn forward<L: Lanes>(&self, member: usize, blocks: &[Shared<f32>; 2]) -> Panels {
        let portion = self.portion;
        let layers = &portion.network.layers;
        let scaled = |at: usize| Panels { at: blocks[at % 2].at(0), pitch: self.n * PANEL };
        let mut x = self.inputs();
        for (i, layer) in layers.iter().enumerate() {
            let (packed, kept) = (&portion.packed.layers[i], &portion.kept.layers[i]);
            let next = layers.get(i + 1).filter(|next| next.input_scale.is_some());
            let out = self.kept(&kept.outputs, member, layer.n_out);
            let finish = Forward {
                bias: packed.bias.at(if layer.own_bias { member * padded(layer.n_out) } else { 0 }),
                scale: vector(&packed.output_scale, member, layer.n_out),
                activation: layer.activation,
                mix: vector(&packed.mix, 0, layer.n_out),
                mask: self.mask(i, member),
                width: layer.n_out,
                pitch: self.pitch(),
                sums: self.kept(&kept.sums, member, layer.n_out),
                outputs: out,
                next: if next.is_some() { blocks[(i + 1) % 2].at(0) } else { std::ptr::null_mut() },
                next_scale: next.map_or(std::ptr::null(), |_| {
                    vector(&portion.packed.layers[i + 1].input_scale, member, layer.n_out)
                }),
                next_pitch: self.n * PANEL,
            };
            // SAFETY: the scaled inputs were written by the layer before, or are written here for the first; weights are
            // packed as this layer's shape says; results go to this task's rows.
            unsafe {
                if layer.input_scale.is_some() {
                    if i == 0 {
                        let scale = vector(&packed.input_scale, member, layer.n_in);
                        scale_rows::<L>(x, self.n, layer.n_in, scale, scaled(0));
                    }
                    x = scaled(i);
                }
                product::<L, _>(x, self.n, layer.n_in, straight(portion, i, member), layer.n_out, &finish);
            }
            x = Panels { at: out, pitch: self.pitch() };
        }
        x
    }

    /// Outputs of the head; in training their loss, its gradient, and what it means for the last hidden layer.
    ///
    /// # Safety
    /// As [`Block::forward`]; `outputs` has room for outputs and their gradient.
    #[inline(always)]
    unsafe fn head<L: Lanes>(&self, member: usize, x: Panels, outputs: &mut [f32], scaled: &Shared<f32>) {
        let portion = self.portion;
        let head = portion.network.head;
        let (n_out, width) = (head.n_out, padded(head.n_in));
        let weights = portion.packed.head.at(member * n_out * width).cast_const();
        let (outputs, gradient) = outputs.split_at_mut(n_out);
        let back = self.behind_head(member, scaled);
        for row in 0..self.n {
            // SAFETY: `x` has this row, the head one filled row of weights for each output.
            unsafe {
                let bias = &portion.weights.read()[head.bias + member * n_out..][..n_out];
                for (o, (to, bias)) in outputs.iter_mut().zip(bias).enumerate() {
                    let mut sum = L::splat(0.0);
                    for column in (0..width).step_by(LANES) {
                        let x = L::load(at(x.at, x.pitch, row, column));
                        sum = x.fma(L::load(weights.add(o * width + column)), sum);
                    }
                    *to = sum.sum() + bias;
                }
                match portion.loss {
                    None => self.keep_outputs(member, row, outputs),
                    Some(loss) => {
                        self.loss(loss, member, row, (outputs, gradient));
                        for column in (0..width).step_by(LANES) {
                            let mut sum = L::splat(0.0);
                            for (o, g) in gradient.iter().enumerate() {
                                sum = L::splat(*g).fma(L::load(weights.add(o * width + column)), sum);
                            }
                            back.finish(row, column, sum);
                        }
                    }
                }
            }
        }
    }

    /// # Safety
    /// This block's rows are this task's.
    #[inline(always)]
    unsafe fn keep_outputs(&self, member: usize, row: usize, outputs: &[f32]) {
        let place = (member * self.portion.cut.rows + self.first + row) * outputs.len();
        // SAFETY: this row's place.
        unsafe { self.portion.kept.outputs.part(place, outputs.len()) }.copy_from_slice(outputs);
    }

    /// The loss of a row, and the gradient of the batch's mean in its outputs.
    ///
    /// # Safety
    /// This block's rows are this task's.
    #[inline(always)]
    unsafe fn loss(&self, loss: &Loss, member: usize, row: usize, (outputs, gradient): (&[f32], &mut [f32])) {
        let portion = self.portion;
        let (k, slot) = (portion.network.members as f64, self.first + row);
        let (source, n_targets) = (portion.order[slot] as usize, loss.n_targets());
        let targets = &portion.rows.table.targets[source * n_targets..(source + 1) * n_targets];
        let weight = f64::from(portion.rows.table.weights[source]) / k;
        let value = weight * loss.evaluate(outputs, targets, gradient);
        let scale = (weight / portion.n_batch as f64) as f32;
        for slope in gradient.iter_mut() {
            *slope *= scale;
        }
        let place = (member - portion.members.start) * portion.cut.rows + slot;
        // SAFETY: this row's places.
        unsafe {
            let total = portion.kept.losses.at(slot);
            *total = if member == 0 { value } else { *total + value };
            portion.kept.output_gradients.part(place * gradient.len(), gradient.len()).copy_from_slice(gradient);
        }
    }

    /// What takes the gradient of the head's inputs.
    fn behind_head(&self, member: usize, scaled: &Shared<f32>) -> Behind {
        match self.portion.network.layers.len() {
            0 => Behind::Inputs(self.behind_inputs(std::ptr::null())),
            n => Behind::Layer(self.behind_layer(n - 1, member, std::ptr::null(), scaled.at(0))),
        }
    }

    /// What takes the gradient of a layer's outputs, which `scale` has still to multiply.
    fn behind_layer(&self, i: usize, member: usize, scale: *const f32, scaled: *mut f32) -> Backward {
        let portion = self.portion;
        let layer = &portion.network.layers[i];
        let (packed, kept) = (&portion.packed.layers[i], &portion.kept.layers[i]);
        let mask = self.mask(i, member);
        Backward {
            scale,
            activation: layer.activation,
            mix: vector(&packed.mix, 0, layer.n_out),
            mask,
            kept: portion.dropout.map_or(1.0, |masks| masks.kept),
            width: layer.n_out,
            pitch: self.pitch(),
            sums: self.kept(&kept.sums, member, layer.n_out),
            outputs: self.kept(&kept.outputs, member, layer.n_out),
            output_gradients: self.kept(&kept.output_gradients, member, layer.n_out),
            gradients: self.kept(&kept.gradients, member, layer.n_out),
            next: if layer.output_scale.is_some() { scaled } else { std::ptr::null_mut() },
            next_scale: vector(&packed.output_scale, member, layer.n_out),
            next_pitch: self.n * PANEL,
        }
    }

    fn behind_inputs(&self, scale: *const f32) -> InputGradient {
        let gradients = &self.portion.kept.input_gradients;
        let to = if gradients.len() == 0 { std::ptr::null_mut() } else { gradients.at(self.first * PANEL) };
        InputGradient { scale, to, pitch: self.pitch() }
    }

    /// From the last hidden layer's gradient to the first's, or to the inputs' where something there learns.
    ///
    /// # Safety
    /// As [`Block::forward`].
    #[inline(always)]
    unsafe fn backward<L: Lanes>(&self, member: usize, blocks: &[Shared<f32>; 2]) {
        let portion = self.portion;
        let n_layers = portion.network.layers.len();
        for (i, layer) in portion.network.layers.iter().enumerate().rev() {
            if i == 0 && portion.kept.input_gradients.len() == 0 {
                return;
            }
            // The head wrote the last layer's scaled gradients into the first block.
            let [from, to] = if (n_layers - 1 - i).is_multiple_of(2) { [0, 1] } else { [1, 0] };
            let g = match layer.output_scale {
                Some(_) => Panels { at: blocks[from].at(0), pitch: self.n * PANEL },
                None => Panels {
                    at: self.kept(&portion.kept.layers[i].gradients, member, layer.n_out),
                    pitch: self.pitch(),
                },
            };
            let scale = vector(&portion.packed.layers[i].input_scale, member, layer.n_in);
            let weights = turned(portion, i, member);
            // SAFETY: gradients of this layer were written before; weights are packed as its shape says; results go to this
            // task's rows.
            unsafe {
                if i == 0 {
                    product::<L, _>(g, self.n, layer.n_out, weights, layer.n_in, &self.behind_inputs(scale));
                } else {
                    let finish = self.behind_layer(i - 1, member, scale, blocks[to].at(0));
                    product::<L, _>(g, self.n, layer.n_out, weights, layer.n_in, &finish);
                }
            }
        }
    }
}

/// A member's row of a packed parameter, or null where there is none.
fn vector(packed: &Shared<f32>, member: usize, width: usize) -> *const f32 {
    if packed.len() == 0 { std::ptr::null() } else { packed.at(member * padded(width)) }
}

fn straight(portion: &Portion<'_>, i: usize, member: usize) -> *const f32 {
    let layer: &Layer = &portion.network.layers[i];
    let own = if layer.own_weight { member * padded(layer.n_out) * layer.n_in } else { 0 };
    portion.packed.layers[i].straight.at(own)
}

fn turned(portion: &Portion<'_>, i: usize, member: usize) -> *const f32 {
    let layer: &Layer = &portion.network.layers[i];
    let own = if layer.own_weight { member * padded(layer.n_in) * layer.n_out } else { 0 };
    portion.packed.layers[i].turned.at(own)
}

/// Where a row's columns lie in panels.
///
/// # Safety
/// Row and column are of the panels at `base`.
#[inline(always)]
unsafe fn at(base: *const f32, pitch: usize, row: usize, column: usize) -> *const f32 {
    // SAFETY: by contract.
    unsafe { base.add(column / PANEL * pitch + row * PANEL + column % PANEL) }
}

/// # Safety
/// As [`at`].
#[inline(always)]
unsafe fn at_mut(base: *mut f32, pitch: usize, row: usize, column: usize) -> *mut f32 {
    // SAFETY: by contract.
    unsafe { base.add(column / PANEL * pitch + row * PANEL + column % PANEL) }
}

/// `x ⊙ r` of a block.
///
/// # Safety
/// `x` and `to` hold `n_rows` rows of `width` columns, `scale` a filled row.
#[inline(always)]
unsafe fn scale_rows<L: Lanes>(x: Panels, n_rows: usize, width: usize, scale: *const f32, to: Panels) {
    for column in (0..padded(width)).step_by(LANES) {
        // SAFETY: by contract.
        unsafe {
            let factor = L::load(scale.add(column));
            for row in 0..n_rows {
                let value = L::load(at(x.at, x.pitch, row, column)).mul(factor);
                value.store(at_mut(to.at.cast_mut(), to.pitch, row, column));
            }
        }
    }
}

/// `a = dropout(activation(s ⊙ sum + b))`, kept, and `a ⊙ r` of the next layer.
struct Forward {
    bias: *const f32,
    scale: *const f32,
    activation: Activation,
    mix: *const f32,
    mask: *const f32,
    /// Columns of a row of masks.
    width: usize,
    pitch: usize,
    sums: *mut f32,
    outputs: *mut f32,
    next: *mut f32,
    next_scale: *const f32,
    next_pitch: usize,
}

impl Finish for Forward {
    #[inline(always)]
    unsafe fn finish<L: Lanes>(&self, row: usize, column: usize, sum: L) {
        // SAFETY: parameters are filled rows; the row is of this task's block; null pointers are not followed.
        unsafe {
            let bias = L::load(self.bias.add(column));
            let y = if self.scale.is_null() { sum.add(bias) } else { sum.fma(L::load(self.scale.add(column)), bias) };
            if !self.sums.is_null() {
                y.store(at_mut(self.sums, self.pitch, row, column));
            }
            let mut a = apply(self.activation, y);
            if !self.mix.is_null() {
                a = a.sub(y).fma(L::load(self.mix.add(column)), y);
            }
            if !self.mask.is_null() {
                a = a.mul(L::load(self.mask.add(row * self.width + column)));
            }
            a.store(at_mut(self.outputs, self.pitch, row, column));
            if !self.next.is_null() {
                let scaled = a.mul(L::load(self.next_scale.add(column)));
                scaled.store(at_mut(self.next, self.next_pitch, row, column));
            }
        }
    }
}

/// `g = activation'(…) ⊙ dropout ⊙ r ⊙ sum`, kept, and `g ⊙ s` for the products with this layer's weights.
struct Backward {
    scale: *const f32,
    activation: Activation,
    mix: *const f32,
    mask: *const f32,
    /// What a unit that is kept was multiplied by.
    kept: f32,
    width: usize,
    pitch: usize,
    sums: *const f32,
    outputs: *const f32,
    output_gradients: *mut f32,
    gradients: *mut f32,
    next: *mut f32,
    next_scale: *const f32,
    next_pitch: usize,
}

impl Finish for Backward {
    #[inline(always)]
    unsafe fn finish<L: Lanes>(&self, row: usize, column: usize, sum: L) {
        // SAFETY: as in `Forward`.
        unsafe {
            let mut d = sum;
            if !self.scale.is_null() {
                d = d.mul(L::load(self.scale.add(column)));
            }
            let g = if self.sums.is_null() {
                // After a ReLU an output above 0 was neither cut nor dropped.
                let a = L::load(at(self.outputs, self.pitch, row, column));
                a.where_positive(d.mul(L::splat(self.kept)), L::splat(0.0))
            } else {
                if !self.mask.is_null() {
                    d = d.mul(L::load(self.mask.add(row * self.width + column)));
                }
                let slope = slope(self.activation, L::load(at(self.sums, self.pitch, row, column)));
                if self.mix.is_null() {
                    d.mul(slope)
                } else {
                    d.store(at_mut(self.output_gradients, self.pitch, row, column));
                    let one = L::splat(1.0);
                    d.mul(slope.sub(one).fma(L::load(self.mix.add(column)), one))
                }
            };
            g.store(at_mut(self.gradients, self.pitch, row, column));
            if !self.next.is_null() {
                let scaled = g.mul(L::load(self.next_scale.add(column)));
                scaled.store(at_mut(self.next, self.next_pitch, row, column));
            }
        }
    }
}

/// Adds `r ⊙ sum` to the gradient of the inputs; members come in order.
struct InputGradient {
    scale: *const f32,
    to: *mut f32,
    pitch: usize,
}

impl Finish for InputGradient {
    #[inline(always)]
    unsafe fn finish<L: Lanes>(&self, row: usize, column: usize, sum: L) {
        if self.to.is_null() {
            return;
        }
        // SAFETY: as in `Forward`.
        unsafe {
            let to = at_mut(self.to, self.pitch, row, column);
            let before = L::load(to);
            let after =
                if self.scale.is_null() { before.add(sum) } else { sum.fma(L::load(self.scale.add(column)), before) };
            after.store(to);
        }
    }
}

/// What stands before the head.
enum Behind {
    Layer(Backward),
    Inputs(InputGradient),
}

impl Behind {
    /// # Safety
    /// As [`Finish::finish`].
    #[inline(always)]
    unsafe fn finish<L: Lanes>(&self, row: usize, column: usize, sum: L) {
        // SAFETY: the caller's contract.
        unsafe {
            match self {
                Self::Layer(layer) => layer.finish(row, column, sum),
                Self::Inputs(inputs) => inputs.finish(row, column, sum),
            }
        }
    }
}
