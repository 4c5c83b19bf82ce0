//! Labels of one group of rows: scores of tiles against blocks of centroids, and the running minimum.

use super::across::{STEP_ROWS, Stage};
use super::ahead::Ahead;
use super::leads::{Compared, leads};
use super::panel::{Block, MAX_BLOCK, Panel};
use super::tile::Tiles;
use crate::kmeans::{Metric, Rows};
use crate::lanes::{LANES, Lanes};

/// Bytes of rows in one group: with the next group on its way they stay in the L2 cache until their sums are made.
const GROUP_BYTES: usize = 64 << 10;

/// Rows in one group. Sums are made group by group, so this, like the grid of chunks, may depend on shapes alone. Each
/// group costs `K` rows' work, hence no fewer than `4·K` rows as long as they fit the L2 cache.
pub(super) fn group_rows(n_columns: usize, k: usize) -> usize {
    const { assert!(GROUP_STEP.is_multiple_of(STEP_ROWS) && GROUP_STEP.is_multiple_of(2 * LANES)) };
    let fit = |bytes: usize| bytes / (4 * n_columns);
    fit(GROUP_BYTES).max(4 * k).min(fit(8 * GROUP_BYTES)).next_multiple_of(GROUP_STEP)
}

/// Whole tiles, and whole steps of rows as they lie.
const GROUP_STEP: usize = 96;

/// What is wanted of the centroid that is second nearest.
pub(super) mod second {
    /// Nothing.
    pub(in super::super) const IGNORED: u8 = 0;
    /// Which it is; found in tiles alone.
    pub(in super::super) const INDEX: u8 = 1;
    /// By how much the row is nearer to its own.
    pub(in super::super) const LEAD: u8 = 2;
}

/// Labels of a group, and the buffers to find them; tiles have `N` registers side by side.
pub(super) struct Group<const N: usize> {
    way: Way<N>,
    /// Nearest centroid of each row, `[R][rows]`.
    labels: Vec<u32>,
    /// Second nearest, likewise; empty unless asked for.
    pub(super) seconds: Vec<u32>,
    /// Leads as they are kept, likewise.
    leads: Vec<u16>,
    /// `1 / ‖x‖` under cosine, `[rows]`; empty otherwise.
    pub(super) inverse_norms: Vec<f32>,
    most_rows: usize,
}

/// What lies side by side in a register.
enum Way<const N: usize> {
    /// Rows.
    Tiles(Tiles<N>, Best),
    /// Centroids.
    Across(Stage),
}

impl<const N: usize> Group<N> {
    /// Room for `most_rows`, whole registers of them, under these panels, and for what is wanted of the second nearest.
    pub(super) fn new(panels: &[Panel], most_rows: usize, wanted: u8) -> Self {
        let (d, metric) = (panels[0].n_columns, panels[0].frame.metric);
        let is_across = wanted != second::INDEX && panels.iter().all(|panel| panel.across.is_some());
        let way = if is_across {
            Way::Across(Stage::new(d))
        } else {
            let tiles = Tiles::new(d);
            let best = Best::new(tiles.n_rows());
            Way::Tiles(tiles, best)
        };
        let labels = vec![0; panels.len() * most_rows];
        let n_norms = if metric == Metric::Cosine { most_rows } else { 0 };
        let seconds = if wanted == second::INDEX { labels.clone() } else { Vec::new() };
        let leads = if wanted == second::LEAD { vec![0; labels.len()] } else { Vec::new() };
        Self { way, seconds, leads, labels, inverse_norms: vec![1.0; n_norms], most_rows }
    }

    /// Labels under a panel, `[rows]`.
    pub(super) fn labels(&self, panel_idx: usize, n_rows: usize) -> &[u32] {
        &self.labels[panel_idx * self.most_rows..][..n_rows]
    }

    /// The same, to be changed.
    pub(super) fn labels_mut(&mut self, panel_idx: usize, n_rows: usize) -> &mut [u32] {
        &mut self.labels[panel_idx * self.most_rows..][..n_rows]
    }

    /// Leads under a panel, `[rows]`.
    pub(super) fn leads(&self, panel_idx: usize, n_rows: usize) -> &[u16] {
        &self.leads[panel_idx * self.most_rows..][..n_rows]
    }

    /// Finds the labels of at most as many rows as there is room for under some of the panels, while `next` is asked for.
    ///
    /// # Safety
    /// `L`'s instructions; the rows have the panels' width, and the panels and what is wanted are those that the group was
    /// made for.
    #[inline(always)]
    pub(super) unsafe fn assign<L: Lanes, const SECOND: u8>(
        &mut self,
        panels: &[Panel],
        some: &[usize],
        rows: Rows<'_>,
        next: &[f32],
    ) {
        assert!(rows.len() <= self.most_rows, "room for the rows");
        if some.is_empty() {
            return;
        }
        let Self { way, labels, seconds, leads: all_leads, inverse_norms, most_rows } = self;
        match way {
            // Rows that are read one after the other the processor fetches of its own accord.
            Way::Across(stage) => {
                for &i in some {
                    let of_rows = i * *most_rows..i * *most_rows + rows.len();
                    let leads = if SECOND == second::LEAD { &mut all_leads[of_rows.clone()] } else { &mut [] };
                    // SAFETY: the caller's promise.
                    unsafe { stage.label::<L, SECOND>(&panels[i], rows, &mut labels[of_rows], leads) };
                }
            }
            Way::Tiles(tiles, best) => {
                let n_tiles = rows.len().div_ceil(Tiles::<N>::WIDTH);
                let mut ahead = Ahead::new(next, some.iter().map(|&i| n_tiles * panels[i].blocks.len()).sum());
                for start in (0..rows.len()).step_by(tiles.n_rows()) {
                    let end = rows.len().min(start + tiles.n_rows());
                    // SAFETY: the part has at most as many rows as the tiles have room for.
                    let n_tiles = unsafe { tiles.fill::<L>(rows.slice(start, end), &panels[0].frame) };
                    if SECOND == second::LEAD {
                        // SAFETY: the tiles are filled.
                        unsafe { tiles.square_norms::<L>(n_tiles) };
                    }
                    for &i in some {
                        // SAFETY: the tiles are filled.
                        unsafe { nearest::<L, N, SECOND>(&panels[i], tiles, n_tiles, best, &mut ahead) };
                        let of_rows = i * *most_rows + start..i * *most_rows + end;
                        if SECOND == second::INDEX {
                            copy_bits(&best.second_index, &mut seconds[of_rows.clone()]);
                        }
                        if SECOND == second::LEAD {
                            let compared = Compared {
                                nearest: best.score.as_ptr(),
                                labels: best.index.as_ptr().cast(),
                                second: best.second_score.as_ptr(),
                                squared_norms: tiles.squared_norms.as_ptr(),
                            };
                            let end = of_rows.start + (end - start).next_multiple_of(LANES);
                            let to = &mut all_leads[of_rows.start..end];
                            // SAFETY: there is room for whole tiles in what was compared, and for whole registers here.
                            unsafe { leads::<L>(&panels[i], compared, to.as_mut_ptr(), to.len()) };
                        }
                        copy_bits(&best.index, &mut labels[of_rows]);
                    }
                    if !inverse_norms.is_empty() {
                        inverse_norms[start..end].copy_from_slice(&tiles.inverse_norms[..end - start]);
                    }
                }
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

    fn clear(&mut self, wanted: u8) {
        self.score.fill(f32::INFINITY);
        self.index.fill(0.0);
        if wanted != second::IGNORED {
            self.second_score.fill(f32::INFINITY);
        }
        if wanted == second::INDEX {
            self.second_index.fill(0.0);
        }
    }
}

/// All blocks against all tiles at hand. Blocks outside, tiles inside: a block is read from its cache once.
///
/// # Safety
/// `L`'s instructions; `tiles` hold `n_tiles` of the panel's width.
#[inline(always)]
unsafe fn nearest<L: Lanes, const N: usize, const SECOND: u8>(
    panel: &Panel,
    tiles: &Tiles<N>,
    n_tiles: usize,
    best: &mut Best,
    ahead: &mut Ahead<'_>,
) {
    best.clear(SECOND);
    for &block in &panel.blocks {
        for t in 0..n_tiles {
            // SAFETY: tile `t` is filled; the block's length is the one that is matched.
            unsafe {
                ahead.step::<L>();
                by_length::<L, N, SECOND>(panel, block, tiles.at(t), best, t * Tiles::<N>::WIDTH);
            }
        }
    }
}

/// # Safety
/// As [`step`]; `at` is the first row of a filled tile.
#[inline(always)]
unsafe fn by_length<L: Lanes, const N: usize, const SECOND: u8>(
    panel: &Panel,
    block: Block,
    tile: *const f32,
    best: &mut Best,
    at: usize,
) {
    const { assert!(MAX_BLOCK == 14, "an arm for each length") };
    // SAFETY: the caller's promise; the block's length is the one that is matched. Only wide sets have long blocks.
    unsafe {
        match block.len {
            1 => step::<L, N, 1, SECOND>(panel, block, tile, best, at),
            2 => step::<L, N, 2, SECOND>(panel, block, tile, best, at),
            3 => step::<L, N, 3, SECOND>(panel, block, tile, best, at),
            4 => step::<L, N, 4, SECOND>(panel, block, tile, best, at),
            5 => step::<L, N, 5, SECOND>(panel, block, tile, best, at),
            6 => step::<L, N, 6, SECOND>(panel, block, tile, best, at),
            7 => step::<L, N, 7, SECOND>(panel, block, tile, best, at),
            8 => step::<L, N, 8, SECOND>(panel, block, tile, best, at),
            9 => step::<L, N, 9, SECOND>(panel, block, tile, best, at),
            10 => step::<L, N, 10, SECOND>(panel, block, tile, best, at),
            11 => step::<L, N, 11, SECOND>(panel, block, tile, best, at),
            12 => step::<L, N, 12, SECOND>(panel, block, tile, best, at),
            13 => step::<L, N, 13, SECOND>(panel, block, tile, best, at),
            _ => step::<L, N, 14, SECOND>(panel, block, tile, best, at),
        }
    }
}

/// Scores of one tile against one block of `C` points: where each starts, and its products with the columns.
///
/// # Safety
/// `L`'s instructions; `tile` holds `D · width` values, and the block has `C` points of the panel.
#[inline(always)]
pub(super) unsafe fn products<L: Lanes, const N: usize, const C: usize>(
    panel: &Panel,
    block: Block,
    tile: *const f32,
) -> [[L; N]; C] {
    // SAFETY: all offsets stay within what the caller promises; a panel's arrays are as long as its blocks say.
    unsafe {
        let packed = panel.packed.as_ptr().add(block.first * panel.n_columns);
        let bias = panel.bias.as_ptr().add(block.first);
        let mut scores = [[L::splat(0.0); N]; C];
        for c in 0..C {
            scores[c] = [L::splat(*bias.add(c)); N];
        }
        for j in 0..panel.n_columns {
            let mut x = [L::splat(0.0); N];
            for r in 0..N {
                x[r] = L::load(tile.add((j * N + r) * LANES));
            }
            for c in 0..C {
                let factor = L::splat(*packed.add(j * C + c));
                for r in 0..N {
                    scores[c][r] = x[r].fma(factor, scores[c][r]);
                }
            }
        }
        scores
    }
}

/// Scores of one tile against one block of `C` centroids, and the running minimum.
///
/// # Safety
/// As [`products`]; `best` has room for a tile at `at`.
#[inline(always)]
unsafe fn step<L: Lanes, const N: usize, const C: usize, const SECOND: u8>(
    panel: &Panel,
    block: Block,
    tile: *const f32,
    best: &mut Best,
    at: usize,
) {
    // SAFETY: the caller's promise; a tile's rows have their places in `best`.
    unsafe {
        let scores = products::<L, N, C>(panel, block, tile);
        for r in 0..N {
            let at = at + r * LANES;
            let mut score = L::load(best.score.as_ptr().add(at));
            let mut index = L::load(best.index.as_ptr().add(at));
            let (mut second_score, mut second_index) = (score, index);
            if SECOND != second::IGNORED {
                second_score = L::load(best.second_score.as_ptr().add(at));
            }
            if SECOND == second::INDEX {
                second_index = L::load(best.second_index.as_ptr().add(at));
            }
            for c in 0..C {
                let this = L::splat(f32::from_bits((block.first + c) as u32));
                let new = scores[c][r];
                if SECOND == second::INDEX {
                    let runner_up = new.where_less(second_score, this, second_index);
                    second_index = new.where_less(score, index, runner_up);
                }
                if SECOND != second::IGNORED {
                    second_score = new.max(score).min(second_score);
                }
                index = new.where_less(score, this, index);
                score = new.min(score);
            }
            score.store(best.score.as_mut_ptr().add(at));
            index.store(best.index.as_mut_ptr().add(at));
            if SECOND != second::IGNORED {
                second_score.store(best.second_score.as_mut_ptr().add(at));
            }
            if SECOND == second::INDEX {
                second_index.store(best.second_index.as_mut_ptr().add(at));
            }
        }
    }
}
