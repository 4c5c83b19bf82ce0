//! Labels of one group of rows: scores of tiles against blocks of centroids, and the running minimum.

use super::ahead::Ahead;
use super::panel::{Block, Panel};
use super::tile::{REGISTERS, Tiles, tiles_together, width};
use super::vector::{MAX_BLOCK, Vector};
use crate::kmeans::{Metric, Rows};

/// Bytes of rows in one group: with the next group on its way they stay in the L2 cache until their sums are made.
const GROUP_BYTES: usize = 64 << 10;

/// Rows in one group. Sums are made group by group, so this, like the grid of chunks, may depend on shapes alone. Each
/// group costs `K` rows' work, hence no fewer than `4·K` rows as long as they fit the L2 cache.
pub(super) fn group_rows(n_columns: usize, k: usize) -> usize {
    let fit = |bytes: usize| bytes / (4 * n_columns);
    fit(GROUP_BYTES).max(4 * k).min(fit(8 * GROUP_BYTES)).max(32) / 32 * 32
}

/// Labels of a group, and the buffers to find them.
pub(super) struct Group {
    tiles: Tiles,
    n_tiles: usize,
    best: Best,
    /// Nearest centroid of each row, `[R][rows]`.
    labels: Vec<u32>,
    /// Second nearest, likewise; empty unless asked for.
    pub(super) seconds: Vec<u32>,
    /// `1 / ‖x‖` under cosine, `[rows]`; empty otherwise.
    pub(super) inverse_norms: Vec<f32>,
    most_rows: usize,
}

impl Group {
    /// Room for `most_rows` under `n_panels`.
    pub(super) fn new<V: Vector>(panel: &Panel, n_panels: usize, most_rows: usize) -> Self {
        let n_tiles = tiles_together(width::<V>(), panel.n_columns);
        let n_norms = if panel.frame.metric == Metric::Cosine { most_rows } else { 0 };
        Self {
            tiles: Tiles::new(n_tiles, width::<V>(), panel.n_columns),
            n_tiles,
            best: Best::new(n_tiles * width::<V>()),
            labels: vec![0; n_panels * most_rows],
            seconds: Vec::new(),
            inverse_norms: vec![1.0; n_norms],
            most_rows,
        }
    }

    /// Labels under a panel, `[rows]`.
    pub(super) fn labels(&self, panel_idx: usize, n_rows: usize) -> &[u32] {
        &self.labels[panel_idx * self.most_rows..][..n_rows]
    }

    /// Finds the labels of at most as many rows as there is room for, while `next` is asked for.
    ///
    /// # Safety
    /// `V`'s instructions; the rows have the panels' width.
    #[inline(always)]
    pub(super) unsafe fn assign<V: Vector, const SECOND: bool>(
        &mut self,
        panels: &[Panel],
        rows: Rows<'_>,
        next: &[f32],
    ) {
        let at_once = self.n_tiles * width::<V>();
        let n_steps: usize = panels.iter().map(|panel| rows.len().div_ceil(width::<V>()) * panel.blocks.len()).sum();
        let mut ahead = Ahead::new(next, n_steps);
        if SECOND {
            self.seconds.resize(self.labels.len(), 0);
        }
        for start in (0..rows.len()).step_by(at_once) {
            let end = rows.len().min(start + at_once);
            // SAFETY: the part has at most as many rows as the tiles have room for.
            unsafe {
                let n_tiles = self.tiles.fill::<V>(rows.slice(start, end), &panels[0].frame);
                for (i, panel) in panels.iter().enumerate() {
                    nearest::<V, SECOND>(panel, &self.tiles, n_tiles, &mut self.best, &mut ahead);
                    let of_rows = i * self.most_rows + start..i * self.most_rows + end;
                    if SECOND {
                        copy_bits(&self.best.second_index, &mut self.seconds[of_rows.clone()]);
                    }
                    copy_bits(&self.best.index, &mut self.labels[of_rows]);
                }
            }
            if !self.inverse_norms.is_empty() {
                self.inverse_norms[start..end].copy_from_slice(&self.tiles.inverse_norms[..end - start]);
            }
        }
    }
}

fn copy_bits(from: &[f32], to: &mut [u32]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = from.to_bits());
}

/// Lowest scores so far and whose they are, `[tile][width]`; indices as the bits of an `f32`.
struct Best {
    score: Vec<f32>,
    index: Vec<f32>,
    second_score: Vec<f32>,
    second_index: Vec<f32>,
}

impl Best {
    fn new(len: usize) -> Best {
        let (score, index) = (vec![f32::INFINITY; len], vec![0.0; len]);
        Best { second_score: score.clone(), second_index: index.clone(), score, index }
    }

    fn clear(&mut self) {
        self.score.fill(f32::INFINITY);
        self.index.fill(0.0);
        self.second_score.fill(f32::INFINITY);
        self.second_index.fill(0.0);
    }
}

/// All blocks against all tiles at hand. Blocks outside, tiles inside: a block is read from its cache once.
///
/// # Safety
/// `V`'s instructions; `tiles` hold `n_tiles` of the panel's width.
#[inline(always)]
unsafe fn nearest<V: Vector, const SECOND: bool>(
    panel: &Panel,
    tiles: &Tiles,
    n_tiles: usize,
    best: &mut Best,
    ahead: &mut Ahead<'_>,
) {
    best.clear();
    for &block in &panel.blocks {
        for t in 0..n_tiles {
            // SAFETY: tile `t` is filled; the block's length is the one that is matched.
            unsafe {
                ahead.step::<V>();
                step_by_length::<V, SECOND>(panel, block, tiles, t * width::<V>(), best);
            }
        }
    }
}

/// # Safety
/// As [`step`]; `at` is the first row of a filled tile.
#[inline(always)]
unsafe fn step_by_length<V: Vector, const SECOND: bool>(
    panel: &Panel,
    block: Block,
    tiles: &Tiles,
    at: usize,
    best: &mut Best,
) {
    const { assert!(MAX_BLOCK == 14, "an arm for each length") };
    // SAFETY: the caller's promise; the block's length is the one that is matched.
    unsafe {
        let tile = tiles.values.as_ptr().add(at * panel.n_columns);
        match block.len {
            1 => step::<V, 1, SECOND>(panel, block, tile, best, at),
            2 => step::<V, 2, SECOND>(panel, block, tile, best, at),
            3 => step::<V, 3, SECOND>(panel, block, tile, best, at),
            4 => step::<V, 4, SECOND>(panel, block, tile, best, at),
            5 => step::<V, 5, SECOND>(panel, block, tile, best, at),
            6 => step::<V, 6, SECOND>(panel, block, tile, best, at),
            7 => step::<V, 7, SECOND>(panel, block, tile, best, at),
            8 => step::<V, 8, SECOND>(panel, block, tile, best, at),
            9 => step::<V, 9, SECOND>(panel, block, tile, best, at),
            10 => step::<V, 10, SECOND>(panel, block, tile, best, at),
            11 => step::<V, 11, SECOND>(panel, block, tile, best, at),
            12 => step::<V, 12, SECOND>(panel, block, tile, best, at),
            13 => step::<V, 13, SECOND>(panel, block, tile, best, at),
            _ => step::<V, 14, SECOND>(panel, block, tile, best, at),
        }
    }
}

/// Scores of one tile against one block of `C` centroids, and the running minimum.
///
/// # Safety
/// `V`'s instructions; `tile` holds `D · width` values, `packed` `D · C`, `bias` `C`, and `best` a tile at `at`.
#[inline(always)]
unsafe fn step<V: Vector, const C: usize, const SECOND: bool>(
    panel: &Panel,
    block: Block,
    tile: *const f32,
    best: &mut Best,
    at: usize,
) {
    // SAFETY: all offsets stay within what the caller promises; a panel's arrays are as long as its blocks say.
    unsafe {
        let packed = panel.packed.as_ptr().add(block.first * panel.n_columns);
        let bias = panel.bias.as_ptr().add(block.first);
        let mut scores = [[V::splat(0.0); REGISTERS]; C];
        for c in 0..C {
            scores[c] = [V::splat(*bias.add(c)); REGISTERS];
        }
        for j in 0..panel.n_columns {
            let x: [V; REGISTERS] = load_registers(tile.add(j * width::<V>()));
            for c in 0..C {
                let factor = V::splat(*packed.add(j * C + c));
                for r in 0..REGISTERS {
                    scores[c][r] = x[r].fma(factor, scores[c][r]);
                }
            }
        }
        for r in 0..REGISTERS {
            let at = at + r * V::LANES;
            let mut score = V::load(best.score.as_ptr().add(at));
            let mut index = V::load(best.index.as_ptr().add(at));
            let mut second_score = V::load(best.second_score.as_ptr().add(at));
            let mut second_index = V::load(best.second_index.as_ptr().add(at));
            for c in 0..C {
                let this = V::splat(f32::from_bits((block.first + c) as u32));
                let new = scores[c][r];
                if SECOND {
                    let runner_up = new.where_less(second_score, this, second_index);
                    second_index = new.where_less(score, index, runner_up);
                    second_score = new.where_less(score, score, new.min(second_score));
                }
                index = new.where_less(score, this, index);
                score = new.min(score);
            }
            score.store(best.score.as_mut_ptr().add(at));
            index.store(best.index.as_mut_ptr().add(at));
            if SECOND {
                second_score.store(best.second_score.as_mut_ptr().add(at));
                second_index.store(best.second_index.as_mut_ptr().add(at));
            }
        }
    }
}

/// # Safety
/// `V`'s instructions; a tile's row of registers lies at `from`.
#[inline(always)]
unsafe fn load_registers<V: Vector>(from: *const f32) -> [V; REGISTERS] {
    // SAFETY: the caller's promise.
    unsafe { [V::load(from), V::load(from.add(V::LANES))] }
}
