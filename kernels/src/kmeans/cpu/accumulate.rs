//! Sums of a chunk's rows per cluster, in one read of the rows; of rows that have labels, what changed of the sums.

use std::ops::Range;

use super::assign::after;
use super::leads::unsettled;
use super::nearest::{Group, group_rows, second};
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

/// Rows as a restart gave them to clusters last.
pub struct Labelled<'a> {
    /// [`UNLABELLED`] all or none, `[rows]`.
    pub labels: &'a mut [u16],
    /// Where that is kept, by how much each is nearer to its centroid than to any other, plus its cluster's drift at that
    /// time, `[rows]`: the upper half of an `f32`, rounded down; 0 where the row has to be compared.
    pub leads: Option<&'a mut [u16]>,
}

impl<'a> Labelled<'a> {
    /// These rows of them.
    pub fn part(&mut self, rows: Range<usize>) -> Labelled<'_> {
        let leads = self.leads.as_mut().map(|leads| &mut leads[rows.clone()]);
        Labelled { labels: &mut self.labels[rows], leads }
    }

    /// Chunk by chunk.
    fn chunks(self, chunk_rows: usize) -> impl Iterator<Item = Labelled<'a>> {
        let mut leads = self.leads.map(|leads| leads.chunks_mut(chunk_rows));
        let labels = self.labels.chunks_mut(chunk_rows);
        labels.map(move |labels| Labelled { labels, leads: leads.as_mut().and_then(Iterator::next) })
    }

    /// Those of all restarts, chunk by chunk: `[chunk][R]`.
    pub fn by_chunk(all: Vec<Labelled<'a>>, chunk_rows: usize) -> Vec<Vec<Labelled<'a>>> {
        let n_chunks = all.first().map_or(0, |first| first.labels.len().div_ceil(chunk_rows));
        let mut of_chunks: Vec<Vec<Labelled<'a>>> = Vec::new();
        of_chunks.resize_with(n_chunks, || Vec::with_capacity(all.len()));
        for of_restart in all {
            of_chunks.iter_mut().zip(of_restart.chunks(chunk_rows)).for_each(|(chunk, part)| chunk.push(part));
        }
        of_chunks
    }
}

/// What rows did since they were labelled last.
struct Moves<'a> {
    /// The chunk's rows, for each panel.
    labelled: Vec<Labelled<'a>>,
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

    /// No rows yet, of a chunk whose rows have labels: rows that change their cluster are added to the one and taken off the
    /// other, and the labels become the new ones. After the first iterations few rows do, and the rest need not be summed
    /// again; where leads are kept, most need not even be compared.
    ///
    /// # Shapes
    /// `labelled`: `[R]`, rows of the chunk.
    ///
    /// # Panics
    /// Where there are other than so many restarts, or more than [`MOST_LABELLED`] clusters; where leads are kept of some
    /// alone, or under a panel that has not [`drifted`](Panel::drifted).
    pub fn moves(panels: &'a [Panel], labelled: Vec<Labelled<'a>>) -> Self {
        assert_eq!(panels.len(), labelled.len(), "labels for each panel");
        assert!(panels.iter().all(|panel| panel.k <= MOST_LABELLED), "clusters that labels can name");
        let has_leads = labelled.iter().any(|of| of.leads.is_some());
        let fits = |(panel, of): (&Panel, &Labelled<'_>)| match &of.leads {
            None => !has_leads,
            Some(leads) => leads.len() == of.labels.len() && panel.drift.len() >= panel.k,
        };
        assert!(panels.iter().zip(&labelled).all(fits), "leads for all panels or none");
        Self { panels, totals: totals(panels), moves: Some(Moves { labelled, left: totals(panels), n_rows: 0 }) }
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
                moves.labelled.iter().all(|of| of.labels.len() >= moves.n_rows + rows.len()),
                "a label for each row"
            );
        }
        let (panels, totals, simd) = (self.panels, &mut self.totals, Simd::of(first.level));
        // Two kernels: in one, the compiler would make less of either.
        if moves.as_ref().is_some_and(|moves| moves.labelled.iter().all(|of| of.leads.is_some())) {
            simd.run(Accumulate::<{ second::LEAD }> { panels, rows, next, totals, moves });
        } else {
            simd.run(Accumulate::<{ second::IGNORED }> { panels, rows, next, totals, moves });
        }
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

/// With [`second::LEAD`] leads are kept.
struct Accumulate<'a, 'b, const SECOND: u8> {
    panels: &'a [Panel],
    rows: Rows<'a>,
    next: &'a [f32],
    totals: &'a mut [Total],
    moves: Option<&'a mut Moves<'b>>,
}

impl<const SECOND: u8> Accumulate<'_, '_, SECOND> {
    /// # Safety
    /// `L`'s instructions.
    #[inline(always)]
    unsafe fn go<L: Lanes, const N: usize>(self) {
        let Self { panels, rows, next, totals, mut moves } = self;
        let at_once = group_rows(rows.n_columns, panels[0].k);
        let mut group = Group::<N>::new(panels, at_once, SECOND);
        let mut few = (SECOND == second::LEAD).then(|| Few::<N>::new(panels, at_once));
        let most_clusters = panels.iter().map(|panel| panel.k).max().unwrap_or(0);
        let mut by_label = ByLabel::new(at_once, most_clusters);
        let mut counts = Counts::default();
        let mut changed = Changed::new(at_once);
        let mut compared: Vec<usize> = (0..panels.len()).collect();
        for start in (0..rows.len()).step_by(at_once) {
            let end = rows.len().min(start + at_once);
            let part = rows.slice(start, end);
            if let (Some(few), Some(moves)) = (&mut few, &mut moves) {
                compared.clear();
                for (i, of) in moves.labelled.iter_mut().enumerate() {
                    let of = of.part(moves.n_rows + start..moves.n_rows + end);
                    // SAFETY: `L`'s instructions; labels are indices of the panel's centroids.
                    if unsafe { few.find::<L>(i, &panels[i], &of) } {
                        compared.push(i);
                    }
                }
            }
            // SAFETY: `add_before` compared the widths; labels are indices of the panel's centroids and rows of the part.
            unsafe {
                group.assign::<L, SECOND>(panels, &compared, part, after(rows, end, at_once, next));
                let scales = counts.fill(part, &group.inverse_norms);
                for (i, total) in totals.iter_mut().enumerate() {
                    let Some(moves) = &mut moves else {
                        by_label.sort(group.labels(i, part.len()));
                        total.add::<L>(part.x, &by_label, scales);
                        continue;
                    };
                    let now = moves.labelled[i].part(moves.n_rows + start..moves.n_rows + end);
                    let Labelled { labels: before, leads: mut kept } = now;
                    if before[0] == UNLABELLED {
                        let labels = group.labels(i, part.len());
                        by_label.sort(labels);
                        total.add::<L>(part.x, &by_label, scales);
                        before.iter_mut().zip(labels).for_each(|(to, &label)| *to = label as u16);
                        if SECOND == second::LEAD {
                            keep(&mut kept, group.leads(i, part.len()));
                        }
                        continue;
                    }
                    let rows = match &mut few {
                        Some(few) if !compared.contains(&i) => {
                            few.compare::<L>(i, &panels[i], part);
                            few.keep_leads(i, &mut kept);
                            changed.find_among(few.rows(i), before, few.labels(i), group.labels_mut(i, part.len()))
                        }
                        _ => {
                            let labels = group.labels(i, part.len());
                            if SECOND == second::LEAD {
                                keep(&mut kept, group.leads(i, part.len()));
                            }
                            changed.find::<L>(before, labels)
                        }
                    };
                    if rows.is_empty() {
                        continue;
                    }
                    let labels = group.labels(i, part.len());
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

with_tiles!(Accumulate<'_, '_, { second::IGNORED }>, ());
with_tiles!(Accumulate<'_, '_, { second::LEAD }>, ());

/// Keeps new leads of all rows.
fn keep(kept: &mut Option<&mut [u16]>, leads: &[u16]) {
    if let Some(kept) = kept {
        kept.copy_from_slice(leads);
    }
}

/// Rows of a group that have to be compared, where most need not be.
struct Few<const N: usize> {
    group: Group<N>,
    /// Room for the numbers of a restart's rows.
    pitch: usize,
    /// Their numbers, `[R][rows]`, and how many, `[R]`.
    rows: Vec<u32>,
    n_rows: Vec<usize>,
    /// Those of one restart, row after row.
    x: Vec<f32>,
}

impl<const N: usize> Few<N> {
    /// Room for `most_rows` in a group.
    fn new(panels: &[Panel], most_rows: usize) -> Self {
        let group = Group::new(&panels[..1], most_rows, second::LEAD);
        let pitch = most_rows + LANES;
        Self { group, pitch, rows: vec![0; pitch * panels.len()], n_rows: vec![0; panels.len()], x: Vec::new() }
    }

    /// Finds the rows of a restart that have to be compared. Whether it is better to compare all: they are most.
    ///
    /// # Safety
    /// `L`'s instructions; labels are those of the panel's centroids.
    #[inline(always)]
    unsafe fn find<L: Lanes>(&mut self, i: usize, panel: &Panel, labelled: &Labelled<'_>) -> bool {
        let Some(leads) = &labelled.leads else { return true };
        // No lead has been kept yet.
        if labelled.labels[0] == UNLABELLED || panel.drift.iter().all(|&drift| drift == 0.0) {
            return true;
        }
        let found = &mut self.rows[i * self.pitch..(i + 1) * self.pitch];
        // SAFETY: the caller's promise.
        self.n_rows[i] = unsafe { unsettled::<L>(panel, labelled.labels, leads, found) };
        2 * self.n_rows[i] > labelled.labels.len()
    }

    /// The rows found for a restart, ascending.
    fn rows(&self, i: usize) -> &[u32] {
        &self.rows[i * self.pitch..][..self.n_rows[i]]
    }

    /// Compares them with the restart's centroids.
    ///
    /// # Safety
    /// `L`'s instructions; the panel is restart `i`'s, and the rows were found among these.
    #[inline(always)]
    unsafe fn compare<L: Lanes>(&mut self, i: usize, panel: &Panel, rows: Rows<'_>) {
        let mut x = std::mem::take(&mut self.x);
        x.clear();
        for &row in self.rows(i) {
            x.extend_from_slice(rows.row(row as usize));
        }
        let some = Rows { x: &x, weights: None, n_columns: rows.n_columns };
        if !x.is_empty() {
            let panel = std::slice::from_ref(panel);
            // SAFETY: the caller's promise.
            unsafe { self.group.assign::<L, { second::LEAD }>(panel, &[0], some, &[]) };
        }
        self.x = x;
    }

    /// Labels of a restart's rows, which were compared last.
    fn labels(&self, i: usize) -> &[u32] {
        self.group.labels(0, self.n_rows[i])
    }

    /// Keeps their leads.
    fn keep_leads(&self, i: usize, kept: &mut Option<&mut [u16]>) {
        let Some(kept) = kept else { return };
        for (&row, &lead) in self.rows(i).iter().zip(self.group.leads(0, self.n_rows[i])) {
            kept[row as usize] = lead;
        }
    }
}

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

    /// Those of `rows` that differ from what they were `before`; `labels` are theirs, and are put into those of all rows.
    #[inline(always)]
    fn find_among(&mut self, rows: &[u32], before: &[u16], labels: &[u32], all: &mut [u32]) -> &[u32] {
        let mut n = 0;
        for (&row, &label) in rows.iter().zip(labels) {
            all[row as usize] = label;
            self.0[n] = row;
            n += usize::from(u32::from(before[row as usize]) != label);
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
