//! Centroids laid out for the kernels: blocks that fit the registers, column after column within a block.

use super::across::Across;
use super::leads::Margin;
use crate::kmeans::Metric;
use crate::lanes::{LANES, Level};

/// One cache line, so that full registers never straddle two.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([f32; 16]);

/// Values that start on a cache line.
pub(super) struct Aligned(Vec<Line>);

impl Aligned {
    pub(super) fn zeros(len: usize) -> Aligned {
        Aligned(vec![Line([0.0; 16]); len.div_ceil(16)])
    }

    pub(super) fn as_ptr(&self) -> *const f32 {
        self.0.as_ptr().cast()
    }

    pub(super) fn as_mut_ptr(&mut self) -> *mut f32 {
        self.0.as_mut_ptr().cast()
    }

    pub(super) fn values(&mut self) -> &mut [f32] {
        // SAFETY: a line is sixteen values.
        unsafe { std::slice::from_raw_parts_mut(self.as_mut_ptr(), 16 * self.0.len()) }
    }

    /// The same memory in double precision, half as many values.
    pub(super) fn as_f64(&self) -> &[f64] {
        // SAFETY: a line is 64 bytes at a multiple of 64, and any bits are an `f64`.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), 8 * self.0.len()) }
    }

    pub(super) fn as_mut_f64_ptr(&mut self) -> *mut f64 {
        self.0.as_mut_ptr().cast()
    }
}

/// Most centroids in a block.
pub(super) const MAX_BLOCK: usize = 14;

/// Most points in a block of [`Panel::points`]: seeding has few.
const MAX_POINTS: usize = 8;

/// Centroids in one block: accumulators for each, a tile's registers and one broadcast fit the register file.
fn most_in_block(level: Level) -> usize {
    match level {
        Level::Portable => 2,
        Level::Avx2 | Level::Neon => 6,
        Level::Avx512 => MAX_BLOCK,
    }
}

/// Consecutive centroids that are held in registers together.
#[derive(Clone, Copy)]
pub(super) struct Block {
    pub(super) first: usize,
    pub(super) len: usize,
}

/// How rows are moved before they are compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// What near means; unit rows under [`Metric::Cosine`].
    pub metric: Metric,
    /// Subtracted from each row, `[D]`, to keep digits far from the origin; empty for nothing.
    pub shift: Vec<f32>,
}

impl Frame {
    fn shift(&self, column: usize) -> f64 {
        self.shift.get(column).map_or(0.0, |&shift| f64::from(shift))
    }
}

/// Points to compare rows with, packed for one instruction set.
///
/// # Shapes
/// From `[K, D]` row-major.
pub struct Panel {
    pub(super) level: Level,
    pub(super) frame: Frame,
    pub(super) k: usize,
    pub(super) n_columns: usize,
    pub(super) blocks: Vec<Block>,
    /// `[block][D][block length]`.
    pub(super) packed: Vec<f32>,
    /// Start of each score, `[K]`.
    pub(super) bias: Vec<f32>,
    /// The same centroids side by side, where that is faster.
    pub(super) across: Option<Across>,
    /// What leads of rows may be off by.
    pub(super) margin: Margin,
    /// How far each cluster has drifted, `[K]` and 0 up to whole registers, where leads are kept.
    pub(super) drift: Vec<f32>,
}

impl Panel {
    /// Centroids as scores: `‖c‖² − 2·x·c` (or `−x·c` for cosine) is a start value and one fused product for each column.
    pub fn scores(level: Level, frame: &Frame, centroids: &[f64], n_columns: usize) -> Panel {
        let factor = if frame.metric == Metric::Cosine { -1.0 } else { -2.0 };
        let factors = scaled(frame, centroids, n_columns, factor);
        let mut panel = Panel::new((level, most_in_block(level)), frame, &factors, n_columns);
        if frame.metric == Metric::SquaredEuclidean {
            panel.bias = squared_norms(frame, centroids, n_columns);
            panel.margin = Margin::new(n_columns, &panel.bias);
        }
        panel.across = Across::new(level, frame, &factors, &panel.bias);
        panel
    }

    /// For rows whose leads are kept: how far each cluster and the farthest-moving other have moved in all, each time with
    /// [`drift_of_scores`](super::drift_of_scores) of the farthest move, `[K]`.
    ///
    /// # Panics
    /// Where there is no drift for each cluster, or under another metric than [`Metric::SquaredEuclidean`].
    #[must_use]
    pub fn drifted(self, mut drift: Vec<f32>) -> Panel {
        assert_eq!((drift.len(), self.frame.metric), (self.k, Metric::SquaredEuclidean), "a drift for each cluster");
        drift.resize(self.k.next_multiple_of(LANES), 0.0);
        Panel { drift, ..self }
    }

    /// Points as they are, for squared distances by differences; a row among them is at distance 0.
    pub fn points(level: Level, frame: &Frame, points: &[f64], n_columns: usize) -> Panel {
        let most = most_in_block(level).min(MAX_POINTS);
        Panel::new((level, most), frame, &scaled(frame, points, n_columns, 1.0), n_columns)
    }

    /// Points as scores under either metric, `‖c‖² − 2·x·c`, which with `‖x‖²` are squared distances.
    pub(super) fn products(level: Level, frame: &Frame, points: &[f64], n_columns: usize) -> Panel {
        let most = most_in_block(level).min(MAX_POINTS);
        let mut panel = Panel::new((level, most), frame, &scaled(frame, points, n_columns, -2.0), n_columns);
        panel.bias = squared_norms(frame, points, n_columns);
        panel
    }

    /// With blocks of at most `most`.
    fn new((level, most): (Level, usize), frame: &Frame, factors: &[f32], n_columns: usize) -> Panel {
        let k = factors.len() / n_columns;
        let blocks = even_blocks(k, most);
        let mut packed = Vec::with_capacity(factors.len());
        for block in &blocks {
            for j in 0..n_columns {
                packed.extend((block.first..block.first + block.len).map(|i| factors[i * n_columns + j]));
            }
        }
        Panel {
            level,
            frame: frame.clone(),
            k,
            n_columns,
            blocks,
            packed,
            bias: vec![0.0; k],
            across: None,
            margin: Margin::default(),
            drift: Vec::new(),
        }
    }
}

/// `factor · (point − shift)`, `[K, D]`.
fn scaled(frame: &Frame, points: &[f64], n_columns: usize, factor: f32) -> Vec<f32> {
    points.iter().enumerate().map(|(i, point)| factor * (point - frame.shift(i % n_columns)) as f32).collect()
}

/// `‖point − shift‖²` of the points as they are packed, `[K]`.
fn squared_norms(frame: &Frame, points: &[f64], n_columns: usize) -> Vec<f32> {
    let squared = |point: &[f64]| -> f64 {
        let moved = point.iter().enumerate().map(|(j, c)| f64::from((c - frame.shift(j)) as f32));
        moved.map(|c| c * c).sum()
    };
    points.chunks_exact(n_columns).map(|point| squared(point) as f32).collect()
}

/// Blocks of at most `most`, as even as can be: 16 in blocks of at most 6 are 6, 5, 5 and not 6, 6, 4.
pub(super) fn even_blocks(k: usize, most: usize) -> Vec<Block> {
    let n_blocks = k.div_ceil(most);
    let first = |i: usize| i * k / n_blocks;
    (0..n_blocks).map(|i| Block { first: first(i), len: first(i + 1) - first(i) }).collect()
}
