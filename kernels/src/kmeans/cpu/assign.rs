//! Nearest centroids of a chunk of rows, with what is wanted of the rows while they are in the cache: sums per cluster, or
//! distances.

use super::moments::own;
use super::nearest::{Group, group_rows};
use super::panel::Panel;
use super::sums::{ByLabel, Scales, Total};
use super::tile::with_tiles;
use crate::kmeans::{Rows, Sums};
use crate::lanes::{LANES, Lanes, Simd};

/// Adds a chunk's rows to the sums of their nearest centroids, for each panel (restart) in one read of the rows. `next`
/// are the values that will be read after these: they are asked for ahead of time.
///
/// # Panics
/// If the shapes of panels, rows and sums do not fit, or panels are of several instruction sets.
pub fn accumulate(panels: &[Panel], rows: Rows<'_>, next: &[f32], out: &mut [Sums]) {
    let mut chunk = ChunkSums::new(panels);
    chunk.add_before(rows, next);
    chunk.finish(out);
}

/// The label of a row that has none yet.
pub const UNLABELLED: u16 = u16::MAX;

/// Most clusters that labels can name.
pub const MOST_LABELLED: usize = UNLABELLED as usize;

/// [`accumulate`] of a chunk whose rows come in pieces. Pieces of whole [`piece_rows`](ChunkSums::piece_rows), but for
/// the last, give the bits of the chunk in one piece.
pub struct ChunkSums<'a> {
    panels: &'a [Panel],
    totals: Vec<Total>,
    moves: Option<Moves<'a>>,
}

/// What rows did since they were labelled last.
struct Moves<'a> {
    /// Labels of the chunk's rows, for each panel.
    labels: Vec<&'a mut [u16]>,
    /// Sums of rows that left their cluster.
    left: Vec<Total>,
    /// Rows that came so far.
    n_rows: usize,
}

/// Bytes of rows in one piece: they stay in the L2 cache from where they are read to where they are summed.
const PIECE_BYTES: usize = 256 << 10;

impl<'a> ChunkSums<'a> {
    /// No rows yet.
    pub fn new(panels: &'a [Panel]) -> Self {
        Self { panels, totals: totals(panels), moves: None }
    }

    /// No rows yet, of a chunk whose rows have these labels, [`UNLABELLED`] all or none: rows that change their cluster are
    /// added to the one and taken off the other, and the labels become the new ones. After the first iterations few rows
    /// do, and the rest need not be summed again.
    ///
    /// # Shapes
    /// `labels`: `[R][rows of the chunk]`.
    ///
    /// # Panics
    /// Where there are other than so many labels, or more than [`MOST_LABELLED`] clusters.
    pub fn moves(panels: &'a [Panel], labels: Vec<&'a mut [u16]>) -> Self {
        assert_eq!(panels.len(), labels.len(), "labels for each panel");
        assert!(panels.iter().all(|panel| panel.k <= MOST_LABELLED), "clusters that labels can name");
        Self { panels, totals: totals(panels), moves: Some(Moves { labels, left: totals(panels), n_rows: 0 }) }
    }

    /// Rows of a piece.
    pub fn piece_rows(&self) -> usize {
        let Some(first) = self.panels.first() else { return 1 };
        let group = group_rows(first.n_columns, first.k);
        (PIECE_BYTES / (4 * first.n_columns * group)).max(1) * group
    }

    /// Adds the next piece.
    ///
    /// # Panics
    /// If the shapes of panels and rows do not fit, or panels are of several instruction sets.
    pub fn add(&mut self, rows: Rows<'_>) {
        self.add_before(rows, &[]);
    }

    /// Adds the next piece, before `next` is read.
    pub(super) fn add_before(&mut self, rows: Rows<'_>, next: &[f32]) {
        let Some(first) = self.panels.first() else { return };
        let fits = |panel: &Panel| panel.n_columns == rows.n_columns && panel.level == first.level;
        assert!(self.panels.iter().all(fits), "one width and one instruction set");
        assert!(rows.weights.is_none_or(|weights| weights.len() == rows.len()), "one weight for each row");
        let moves = self.moves.as_mut();
        if let Some(moves) = &moves {
            assert!(
                moves.labels.iter().all(|labels| labels.len() >= moves.n_rows + rows.len()),
                "a label for each row"
            );
        }
        Simd::of(first.level).run(Accumulate { panels: self.panels, rows, next, totals: &mut self.totals, moves });
        if let Some(moves) = &mut self.moves {
            moves.n_rows += rows.len();
        }
    }

    /// Adds the chunk's sums to those of all chunks; with [`moves`](ChunkSums::moves), what changed of them.
    ///
    /// # Panics
    /// If the shapes of panels and sums do not fit.
    pub fn finish(self, out: &mut [Sums]) {
        let fits =
            |(panel, out): (&Panel, &Sums)| (out.weights.len(), out.sums.len()) == (panel.k, panel.k * panel.n_columns);
        assert!(self.panels.len() == out.len() && self.panels.iter().zip(&*out).all(fits), "shapes of panels and sums");
        for (total, out) in self.totals.iter().zip(&mut *out) {
            total.add_to(&mut out.sums, &mut out.weights);
        }
        for (left, out) in self.moves.iter().flat_map(|moves| &moves.left).zip(out) {
            left.take_from(&mut out.sums, &mut out.weights);
        }
    }
}

fn totals(panels: &[Panel]) -> Vec<Total> {
    panels.iter().map(|panel| Total::new(panel.k, panel.n_columns)).collect()
}

/// Nearest centroid of each row: `labels` `[N]`. With `second`, `[N]`, also the second nearest (itself where `K = 1`).
///
/// # Panics
/// If the panel's width differs from the rows'.
pub fn assign(panel: &Panel, rows: Rows<'_>, labels: &mut [u32], second: Option<&mut [u32]>) {
    assert_eq!(panel.n_columns, rows.n_columns, "one width");
    Simd::of(panel.level).run(Assign { panel, rows, labels, second });
}

/// Nearest centroid of each row and the distance to it, as [`own_distances`](super::own_distances) has it, in one read.
///
/// # Shapes
/// `centroids`: `[K, D]`, those of the panel; `labels`, `distances`: `[N]`.
///
/// # Panics
/// If a width or length does not fit.
pub fn assign_with_distances(
    panel: &Panel,
    centroids: &[f64],
    rows: Rows<'_>,
    labels: &mut [u32],
    distances: &mut [f64],
) {
    assert_eq!((panel.n_columns, panel.k * panel.n_columns), (rows.n_columns, centroids.len()), "shapes");
    assert_eq!((labels.len(), distances.len()), (rows.len(), rows.len()), "one label and distance for each row");
    Simd::of(panel.level).run(Measure { panel, centroids, rows, labels, distances });
}

/// Values of the group after `end`: the next rows of the chunk, or what follows it.
fn after<'a>(rows: Rows<'a>, end: usize, group: usize, next: &'a [f32]) -> &'a [f32] {
    let rest = &rows.x[end * rows.n_columns..];
    let wanted = group * rows.n_columns;
    if rest.is_empty() { &next[..next.len().min(wanted)] } else { &rest[..rest.len().min(wanted)] }
}

struct Accumulate<'a, 'b> {
    panels: &'a [Panel],
    rows: Rows<'a>,
    next: &'a [f32],
    totals: &'a mut [Total],
    moves: Option<&'a mut Moves<'b>>,
}

impl Accumulate<'_, '_> {
    /// # Safety
    /// `L`'s instructions.
    #[inline(always)]
    unsafe fn go<L: Lanes, const N: usize>(mut self) {
        let rows = self.rows;
        let at_once = group_rows(rows.n_columns, self.panels[0].k);
        let mut group = Group::<N>::new(self.panels, at_once, false);
        let most_clusters = self.panels.iter().map(|panel| panel.k).max().unwrap_or(0);
        let mut by_label = ByLabel::new(at_once, most_clusters);
        let mut counts = Counts::default();
        let mut changed = Changed::new(at_once);
        for start in (0..rows.len()).step_by(at_once) {
            let end = rows.len().min(start + at_once);
            let part = rows.slice(start, end);
            // SAFETY: `add_before` compared the widths; labels are indices of the panel's centroids and rows of the part.
            unsafe {
                group.assign::<L, false>(self.panels, part, after(rows, end, at_once, self.next));
                let scales = counts.fill(part, &group.inverse_norms);
                for (i, total) in self.totals.iter_mut().enumerate() {
                    let labels = group.labels(i, part.len());
                    let Some(moves) = &mut self.moves else {
                        by_label.sort(labels);
                        total.add::<L>(part.x, &by_label, scales);
                        continue;
                    };
                    let before = &mut moves.labels[i][moves.n_rows + start..moves.n_rows + end];
                    if before[0] == UNLABELLED {
                        by_label.sort(labels);
                        total.add::<L>(part.x, &by_label, scales);
                        before.iter_mut().zip(labels).for_each(|(to, &label)| *to = label as u16);
                        continue;
                    }
                    let rows = changed.find::<L>(before, labels);
                    if rows.is_empty() {
                        continue;
                    }
                    by_label.sort_some(rows, |row| labels[row]);
                    total.add::<L>(part.x, &by_label, scales);
                    by_label.sort_some(rows, |row| u32::from(before[row]));
                    moves.left[i].add::<L>(part.x, &by_label, scales);
                    for &row in rows {
                        before[row as usize] = labels[row as usize] as u16;
                    }
                }
            }
        }
    }
}

with_tiles!(Accumulate<'_, '_>, ());

/// Rows of a group whose label changed.
struct Changed(Vec<u32>);

impl Changed {
    fn new(most_rows: usize) -> Changed {
        // More, since numbers are written by the register.
        Changed(vec![0; most_rows + LANES])
    }

    /// The rows that differ, ascending.
    ///
    /// # Safety
    /// `L`'s instructions.
    #[inline(always)]
    unsafe fn find<L: Lanes>(&mut self, before: &[u16], after: &[u32]) -> &[u32] {
        let (olds, last_olds) = before.as_chunks::<LANES>();
        let (news, last_news) = after.as_chunks::<LANES>();
        assert!(before.len() == after.len() && after.len() + LANES <= self.0.len(), "room for all rows");
        let mut n = 0;
        for (first, (old, new)) in (0..).step_by(LANES).zip(olds.iter().zip(news)) {
            // SAFETY: no more numbers than rows so far, and room for a register after them.
            n += unsafe { L::different(first, new.as_ptr(), old.as_ptr(), self.0.as_mut_ptr().add(n)) };
        }
        for (row, (old, new)) in ((LANES * olds.len()) as u32..).zip(last_olds.iter().zip(last_news)) {
            self.0[n] = row;
            n += usize::from(u32::from(*old) != *new);
        }
        &self.0[..n]
    }
}

/// What each row of a group counts.
#[derive(Default)]
struct Counts {
    weights: Vec<f64>,
    scales: Vec<f64>,
}

impl Counts {
    /// None where every row counts 1.
    fn fill(&mut self, rows: Rows<'_>, inverse_norms: &[f32]) -> Option<Scales<'_>> {
        if rows.weights.is_none() && inverse_norms.is_empty() {
            return None;
        }
        self.weights.clear();
        self.weights.extend((0..rows.len()).map(|i| f64::from(rows.weight(i))));
        self.scales.clone_from(&self.weights);
        for (scale, &inverse) in self.scales.iter_mut().zip(inverse_norms) {
            *scale *= f64::from(inverse);
        }
        Some(Scales { weights: &self.weights, scales: &self.scales })
    }
}

struct Assign<'a> {
    panel: &'a Panel,
    rows: Rows<'a>,
    labels: &'a mut [u32],
    second: Option<&'a mut [u32]>,
}

impl Assign<'_> {
    /// # Safety
    /// `L`'s instructions.
    #[inline(always)]
    unsafe fn go<L: Lanes, const N: usize>(mut self) {
        let (rows, panels) = (self.rows, std::slice::from_ref(self.panel));
        let at_once = group_rows(rows.n_columns, self.panel.k);
        let mut group = Group::<N>::new(panels, at_once, self.second.is_some());
        for start in (0..rows.len()).step_by(at_once) {
            let end = rows.len().min(start + at_once);
            let (part, next) = (rows.slice(start, end), after(rows, end, at_once, &[]));
            // SAFETY: `assign` compared the widths.
            unsafe {
                match &mut self.second {
                    None => group.assign::<L, false>(panels, part, next),
                    Some(second) => {
                        group.assign::<L, true>(panels, part, next);
                        second[start..end].copy_from_slice(&group.seconds[..end - start]);
                    }
                }
            }
            self.labels[start..end].copy_from_slice(group.labels(0, end - start));
        }
    }
}

with_tiles!(Assign<'_>, ());

struct Measure<'a> {
    panel: &'a Panel,
    centroids: &'a [f64],
    rows: Rows<'a>,
    labels: &'a mut [u32],
    distances: &'a mut [f64],
}

impl Measure<'_> {
    /// # Safety
    /// `L`'s instructions.
    #[inline(always)]
    unsafe fn go<L: Lanes, const N: usize>(self) {
        let (rows, metric) = (self.rows, self.panel.frame.metric);
        let panels = std::slice::from_ref(self.panel);
        let at_once = group_rows(rows.n_columns, self.panel.k);
        let mut group = Group::<N>::new(panels, at_once, false);
        for start in (0..rows.len()).step_by(at_once) {
            let end = rows.len().min(start + at_once);
            let part = rows.slice(start, end);
            let labels = &mut self.labels[start..end];
            // SAFETY: `assign_with_distances` compared the shapes; labels are indices of the panel's centroids.
            unsafe {
                group.assign::<L, false>(panels, part, after(rows, end, at_once, &[]));
                labels.copy_from_slice(group.labels(0, end - start));
                own::<L>(part, labels, self.centroids, metric, &mut self.distances[start..end]);
            }
        }
    }
}

with_tiles!(Measure<'_>, ());
