//! Steps, epochs, and scoring.

// Phases hand buffers from task to task; each block says why it holds.
#![allow(unsafe_code)]

use std::ops::Range;

use super::Network;
use super::buffers::{Cut, Kept, Packed};
use super::gradients::{Gradient, GradientTask, sum_scales, tasks};
use super::input::Rows;
use super::rows::{MAX_BLOCK, Masks, Portion, RowsTask, Scratch};
use super::update::{Update, UpdateTask, updates};
use crate::adamw::AdamW;
use crate::adamw::cpu::squares;
use crate::lanes::{Kernel, Lanes, Simd};
use crate::loss::Loss;
use crate::team::{Gate, Shared};

/// How a network learns.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// What it minimises.
    pub loss: Loss,
    /// The optimiser.
    pub adamw: AdamW,
    /// Norm to which longer gradients are shortened; 0 for none.
    pub clip_norm: f64,
    /// Groups of weights, in order and without gaps.
    pub groups: Vec<Group>,
}

/// Weights that learn at one rate.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Which.
    pub weights: Range<usize>,
    /// The factor on the learning rate.
    pub rate: f64,
    /// Whether weight decay applies.
    pub decays: bool,
}

/// What it runs on.
#[derive(Clone, Copy, Debug)]
pub struct Execution {
    /// The instruction set.
    pub simd: Simd,
    /// Threads of one step; results do not depend on them.
    pub n_threads: usize,
    /// Rows of the largest batch.
    pub batch: usize,
    /// Activations and their gradients that a step keeps at most, in bytes; a batch is cut by members, then by rows.
    pub kept_bytes: usize,
}

impl Execution {
    /// More would leave the last cache level between the phase that writes it and the one that reads it.
    pub const KEPT_BYTES: usize = 24 << 20;
}

/// One step of an epoch.
#[derive(Clone, Debug)]
pub struct Step {
    /// Places in the epoch's order.
    pub rows: Range<usize>,
    /// The learning rate before groups' factors.
    pub learning_rate: f64,
    /// Weight decay.
    pub decay: f64,
    /// Where each layer's masks begin in the run of draws; empty without dropout.
    pub mask_starts: Vec<usize>,
}

/// Draws for the dropout masks of an epoch.
#[derive(Clone, Copy, Debug)]
pub struct Dropout<'a> {
    /// 0 where a unit is dropped, else `kept`; unit `d` of row `b` of member `k` takes draw `start + (k·B + b)·D + d`. A
    /// register may read up to 31 draws beyond the last unit.
    pub run: &'a [f32],
    /// One divided by the share kept.
    pub kept: f32,
}

/// Numbers of the gradient whose squares one task sums.
const NORM_RUN: usize = 8192;

/// A network in training: its weights, their moments, and all buffers.
pub struct Trainer {
    network: Network,
    settings: Settings,
    execution: Execution,
    cut: Cut,
    packed: Packed,
    kept: Kept,
    weights: Shared<f32>,
    first: Shared<f32>,
    second: Shared<f32>,
    gradient: Shared<f32>,
    squares: Shared<f64>,
    total_loss: Shared<f64>,
    steps: u64,
    updates: Vec<Update>,
    /// The group of each update.
    groups: Vec<usize>,
}

impl Trainer {
    /// A network with weights that are all 0, to be set.
    ///
    /// # Panics
    /// Where the loss has another number of outputs than the head, or groups do not cover all weights.
    pub fn new(network: Network, settings: Settings, execution: Execution) -> Self {
        assert_eq!(settings.loss.n_outputs(), network.head.n_out, "outputs of the head");
        let p = network.n_weights;
        let mut end = 0;
        for group in &settings.groups {
            assert_eq!(group.weights.start, end, "a group begins where the one before ends");
            end = group.weights.end;
        }
        assert_eq!(end, p, "groups cover all weights");
        let cut = Cut::new(&network, execution.batch, execution.kept_bytes);
        let updates = updates(&network);
        let group_of = |update: &Update| {
            let holds = |group: &Group| group.weights.contains(&update.start);
            settings.groups.iter().position(holds).expect("groups cover all weights")
        };
        Self {
            groups: updates.iter().map(group_of).collect(),
            packed: Packed::new(&network),
            kept: Kept::new(&network, cut),
            weights: Shared::zeros(p),
            first: Shared::zeros(p),
            second: Shared::zeros(p),
            gradient: Shared::zeros(p),
            squares: Shared::zeros(p.div_ceil(NORM_RUN)),
            total_loss: Shared::zeros(1),
            steps: 0,
            network,
            settings,
            execution,
            cut,
            updates,
        }
    }

    /// The description.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Weights, first and second moments, `[P]` each.
    pub fn state(&mut self) -> [&[f32]; 3] {
        [self.weights.values(), self.first.values(), self.second.values()]
    }

    /// Steps done.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Sets weights, moments and the number of steps done.
    ///
    /// # Panics
    /// Where there are more or fewer than `P` of any.
    pub fn set_state(&mut self, [weights, first, second]: [&[f32]; 3], steps: u64) {
        self.weights.values().copy_from_slice(weights);
        self.first.values().copy_from_slice(first);
        self.second.values().copy_from_slice(second);
        self.steps = steps;
        self.pack();
    }

    /// Sets the weights, with moments of 0.
    ///
    /// # Panics
    /// Where there are more or fewer than `P`.
    pub fn start(&mut self, weights: &[f32]) {
        let zeros = vec![0.0; weights.len()];
        self.set_state([weights, &zeros, &zeros], 0);
    }

    fn pack(&self) {
        Gate::run(1, |gate| gate.phase(self.updates.len(), |task| self.update(task, None)));
    }

    /// Goes through the steps of an epoch, and gives the sum of all rows' weighted losses, each from the weights before its
    /// own step.
    ///
    /// # Panics
    /// Where a step takes more rows than the largest batch, or a row that is not there.
    pub fn epoch(&mut self, rows: &Rows<'_>, order: &[u32], steps: &[Step], dropout: Option<Dropout<'_>>) -> f64 {
        self.check(rows, order, steps);
        self.total_loss.values()[0] = 0.0;
        let whole = Scope { trainer: self, rows, order, dropout, loss: Some(&self.settings.loss) };
        Gate::run(self.execution.n_threads, |gate| {
            let mut scratch = Scratch::new(&self.network);
            for (done, step) in steps.iter().enumerate() {
                whole.gradient(gate, step, &mut scratch);
                let clip = self.clip(gate);
                let t = self.steps + done as u64 + 1;
                gate.phase(self.updates.len(), |task| self.update(task, Some((step, t, clip))));
            }
        });
        self.steps += steps.len() as u64;
        self.total_loss.values()[0]
    }

    /// The gradient of the mean loss over rows in their order, without a step.
    #[cfg(test)]
    pub(super) fn gradient_of(
        &mut self,
        rows: &Rows<'_>,
        dropout: Option<Dropout<'_>>,
        starts: &[usize],
    ) -> (f64, Vec<f32>) {
        let order: Vec<u32> = (0..rows.n_rows() as u32).collect();
        let step = Step { rows: 0..order.len(), learning_rate: 0.0, decay: 0.0, mask_starts: starts.to_vec() };
        self.total_loss.values()[0] = 0.0;
        let whole = Scope { trainer: self, rows, order: &order, dropout, loss: Some(&self.settings.loss) };
        Gate::run(self.execution.n_threads, |gate| whole.gradient(gate, &step, &mut Scratch::new(&self.network)));
        (self.total_loss.values()[0] / order.len() as f64, self.gradient.values().to_vec())
    }

    /// Every member's outputs for every row, without dropout.
    ///
    /// # Shapes
    /// rows `N` → `[K, N, O]`
    pub fn outputs(&mut self, rows: &Rows<'_>) -> Vec<f32> {
        let (k, o, n) = (self.network.members, self.network.head.n_out, rows.n_rows());
        let mut all = vec![0.0; k * n * o];
        let order: Vec<u32> = (0..n as u32).collect();
        for start in (0..n).step_by(self.cut.rows) {
            let end = n.min(start + self.cut.rows);
            let step = Step { rows: start..end, learning_rate: 0.0, decay: 0.0, mask_starts: Vec::new() };
            let whole = Scope { trainer: self, rows, order: &order, dropout: None, loss: None };
            Gate::run(self.execution.n_threads, |gate| {
                whole.gradient(gate, &step, &mut Scratch::new(&self.network));
            });
            for member in 0..k {
                let from = member * self.cut.rows * o;
                let from = &self.kept.outputs.values()[from..from + (end - start) * o];
                all[(member * n + start) * o..][..from.len()].copy_from_slice(from);
            }
        }
        all
    }

    fn check(&self, rows: &Rows<'_>, order: &[u32], steps: &[Step]) {
        assert!(order.iter().all(|row| (*row as usize) < rows.n_rows()), "a row beyond {}", rows.n_rows());
        let n = rows.n_rows();
        assert_eq!(rows.table.targets.len(), n * self.settings.loss.n_targets(), "targets of {n} rows");
        assert_eq!(rows.table.weights.len(), n, "weights of {n} rows");
        for step in steps {
            assert!(step.rows.len() <= self.execution.batch, "{} rows in a batch", step.rows.len());
        }
    }

    /// The factor that shortens the gradient: a phase of sums, then the same few numbers added by every thread.
    fn clip(&self, gate: &Gate) -> f32 {
        if self.settings.clip_norm <= 0.0 {
            return 1.0;
        }
        let p = self.network.n_weights;
        gate.phase(self.squares.len(), |task| {
            let start = task * NORM_RUN;
            let run = SquaresTask { x: self.gradient.at(start), n: NORM_RUN.min(p - start) };
            let sum = self.execution.simd.run(run);
            // SAFETY: each task has a place of its own.
            unsafe { *self.squares.at(task) = sum };
        });
        // SAFETY: the sums are written only in the phase that is over.
        let norm = unsafe { self.squares.read() }.iter().sum::<f64>().sqrt();
        (self.settings.clip_norm / (norm + 1e-6)).min(1.0) as f32
    }

    fn update(&self, task: usize, step: Option<(&Step, u64, f32)>) {
        let group = &self.settings.groups[self.groups[task]];
        let scalars = step.map(|(step, t, clip)| {
            let decay = if group.decays { step.decay } else { 0.0 };
            self.settings.adamw.scalars(t, clip, step.learning_rate * group.rate, decay)
        });
        self.execution.simd.run(UpdateTask {
            network: &self.network,
            packed: &self.packed,
            update: self.updates[task],
            runs: [&self.weights, &self.first, &self.second, &self.gradient],
            scalars,
        });
    }
}

struct SquaresTask {
    x: *const f32,
    n: usize,
}

impl Kernel for SquaresTask {
    type Output = f64;

    #[inline(always)]
    #[allow(clippy::inline_always)]
    unsafe fn run<L: Lanes>(self) -> f64 {
        // SAFETY: a run of the gradient, which nobody writes in this phase.
        unsafe { squares::<L>(self.x, self.n) }
    }
}

/// Rows to go over, for their gradient or their outputs.
struct Scope<'a> {
    trainer: &'a Trainer,
    rows: &'a Rows<'a>,
    order: &'a [u32],
    dropout: Option<Dropout<'a>>,
    loss: Option<&'a Loss>,
}

impl Scope<'_> {
    /// All phases up to the complete gradient of a step; only the first of them where rows are scored.
    fn gradient(&self, gate: &Gate, step: &Step, scratch: &mut Scratch) {
        let (cut, k) = (self.trainer.cut, self.trainer.network.members);
        for start in step.rows.clone().step_by(cut.rows) {
            let end = step.rows.end.min(start + cut.rows);
            for first in (0..k).step_by(cut.members) {
                let members = first..k.min(first + cut.members);
                self.portion(gate, step, start..end, members, scratch);
            }
        }
        if self.loss.is_some() {
            self.sum_scales(gate);
        }
    }

    fn portion(&self, gate: &Gate, step: &Step, rows: Range<usize>, members: Range<usize>, scratch: &mut Scratch) {
        let trainer = self.trainer;
        let (n, all_through) = (rows.len(), members.end == trainer.network.members);
        let portion = Portion {
            network: &trainer.network,
            packed: &trainer.packed,
            kept: &trainer.kept,
            weights: &trainer.weights,
            gradient: &trainer.gradient,
            cut: trainer.cut,
            rows: self.rows,
            first_row: rows.start - step.rows.start,
            fresh: rows.start == step.rows.start,
            order: &self.order[rows],
            n_batch: step.rows.len(),
            members,
            loss: self.loss,
            dropout: self.dropout.map(|d| Masks { run: d.run, starts: &step.mask_starts, kept: d.kept }),
        };
        let simd = trainer.execution.simd;
        let block = n.div_ceil(4 * trainer.execution.n_threads.max(1)).next_multiple_of(8).min(MAX_BLOCK);
        gate.phase(n.div_ceil(block), |task| {
            let block = task * block..n.min((task + 1) * block);
            simd.run(RowsTask { portion: &portion, scratch, block });
        });
        if self.loss.is_some() {
            let n_threads = trainer.execution.n_threads;
            let tasks: Vec<Gradient> = tasks(&trainer.network, portion.members.len(), n_threads, all_through);
            gate.phase(tasks.len(), |task| {
                let (task, squares) = (tasks[task], scratch.squares.as_mut_slice());
                simd.run(GradientTask { portion: &portion, task, squares, total_loss: &trainer.total_loss });
            });
        }
    }

    fn sum_scales(&self, gate: &Gate) {
        let trainer = self.trainer;
        let network = &trainer.network;
        let scaled: Vec<usize> =
            (0..network.layers.len()).filter(|i| network.layers[*i].input_scale.is_some()).collect();
        if scaled.is_empty() {
            return;
        }
        gate.phase(scaled.len() * network.members, |task| {
            let (layer, member) = (scaled[task / network.members], task % network.members);
            // SAFETY: each task has a layer and a member of its own; parts were written in phases that are over.
            unsafe { sum_scales(network, &trainer.kept.layers[layer], &trainer.gradient, [layer, member]) };
        });
    }
}
