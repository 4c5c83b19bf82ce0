//! Sums per cluster: rows of a group are ordered by label, and each cluster's run of rows is summed in registers.
//!
//! Adding each row to its cluster in memory would wait for the row before it whenever they share the cluster, and would
//! read and write a cluster's sums once a row instead of once a group.

use super::panel::Aligned;
use crate::lanes::{Eight, Lanes};

/// Rows of a group in the order of their labels.
pub(super) struct ByLabel {
    order: Vec<u32>,
    /// Where each cluster's rows end.
    ends: Vec<u32>,
}

impl ByLabel {
    pub(super) fn new(most_rows: usize, k: usize) -> ByLabel {
        ByLabel { order: vec![0; most_rows], ends: vec![0; k] }
    }

    /// Counting sort, stable.
    pub(super) fn sort(&mut self, labels: &[u32]) {
        self.ends.fill(0);
        for &label in labels {
            self.ends[label as usize] += 1;
        }
        self.starts_of_counts();
        for (row, &label) in labels.iter().enumerate() {
            self.place(row as u32, label);
        }
    }

    /// The same of some rows alone.
    #[inline(always)]
    pub(super) fn sort_some(&mut self, rows: &[u32], label: impl Fn(usize) -> u32) {
        self.ends.fill(0);
        for &row in rows {
            self.ends[label(row as usize) as usize] += 1;
        }
        self.starts_of_counts();
        for &row in rows {
            self.place(row, label(row as usize));
        }
    }

    fn starts_of_counts(&mut self) {
        let mut start = 0;
        for end in &mut self.ends {
            let count = *end;
            *end = start;
            start += count;
        }
    }

    #[inline(always)]
    fn place(&mut self, row: u32, label: u32) {
        let place = &mut self.ends[label as usize];
        self.order[*place as usize] = row;
        *place += 1;
    }

    /// Rows of each cluster that has some.
    fn runs(&self) -> impl Iterator<Item = (usize, &[u32])> {
        let mut start = 0;
        self.ends.iter().enumerate().filter_map(move |(k, &end)| {
            let run = &self.order[start..end as usize];
            start = end as usize;
            (!run.is_empty()).then_some((k, run))
        })
    }
}

/// Sums of all clusters of one restart, each on cache lines of its own.
pub(super) struct Total {
    sums: Aligned,
    weights: Vec<f64>,
    pitch: usize,
    n_columns: usize,
}

impl Total {
    pub(super) fn new(k: usize, n_columns: usize) -> Total {
        let pitch = n_columns.next_multiple_of(8);
        Total { sums: Aligned::zeros(2 * k * pitch), weights: vec![0.0; k], pitch, n_columns }
    }

    /// Adds the rows of a group, each times its scale; without scales each counts 1.
    ///
    /// # Safety
    /// `L`'s instructions; the order names rows below `x.len() / D`, for each of which there is a weight and a scale, and
    /// clusters of these totals.
    #[inline(always)]
    pub(super) unsafe fn add<L: Lanes>(&mut self, x: &[f32], by_label: &ByLabel, scales: Option<Scales<'_>>) {
        for (k, run) in by_label.runs() {
            self.weights[k] += match scales {
                None => run.len() as f64,
                Some(Scales { weights, .. }) => run.iter().map(|&row| weights[row as usize]).sum(),
            };
            // SAFETY: cluster `k` has `pitch` values; the rest is the caller's promise.
            unsafe {
                let sums = self.sums.as_mut_f64_ptr().add(k * self.pitch);
                match scales {
                    None => add_run::<L, false>(x, self.n_columns, run, &[], sums),
                    Some(Scales { scales, .. }) => add_run::<L, true>(x, self.n_columns, run, scales, sums),
                }
            }
        }
    }

    /// Adds these totals to `sums`, `[K, D]`, and `weights`, `[K]`.
    pub(super) fn add_to(&self, sums: &mut [f64], weights: &mut [f64]) {
        let d = self.n_columns;
        for (out, sums) in sums.chunks_exact_mut(d).zip(self.sums.as_f64().chunks_exact(self.pitch)) {
            out.iter_mut().zip(sums).for_each(|(out, sum)| *out += sum);
        }
        weights.iter_mut().zip(&self.weights).for_each(|(out, weight)| *out += weight);
    }

    /// Takes these totals off.
    pub(super) fn take_from(&self, sums: &mut [f64], weights: &mut [f64]) {
        let d = self.n_columns;
        for (out, sums) in sums.chunks_exact_mut(d).zip(self.sums.as_f64().chunks_exact(self.pitch)) {
            out.iter_mut().zip(sums).for_each(|(out, sum)| *out -= sum);
        }
        weights.iter_mut().zip(&self.weights).for_each(|(out, weight)| *out -= weight);
    }
}

/// What each row of a group counts, `[rows]`.
#[derive(Clone, Copy)]
pub(super) struct Scales<'a> {
    /// In the weights.
    pub(super) weights: &'a [f64],
    /// In the sums: its weight, under cosine over its length.
    pub(super) scales: &'a [f64],
}

/// All columns of one cluster's rows.
///
/// # Safety
/// As [`Total::add`]; `sums` has room for `D`, rounded up to eights.
#[inline(always)]
unsafe fn add_run<L: Lanes, const SCALED: bool>(x: &[f32], d: usize, run: &[u32], scales: &[f64], sums: *mut f64) {
    let n_eights = d / 8;
    // How many sums stay in registers, twice.
    let most = if L::WIDE { 8 } else { 2 };
    let mut eight = 0;
    // SAFETY: `eight` counts whole eights of columns; what is left over is read with its length.
    unsafe {
        while eight < n_eights {
            let (x, sums) = (x.as_ptr().add(8 * eight), sums.add(8 * eight));
            eight += match most.min(n_eights - eight) {
                8.. => add_columns::<L, 8, SCALED>(x, d, run, scales, sums),
                4..8 => add_columns::<L, 4, SCALED>(x, d, run, scales, sums),
                2..4 => add_columns::<L, 2, SCALED>(x, d, run, scales, sums),
                _ => add_columns::<L, 1, SCALED>(x, d, run, scales, sums),
            };
        }
        if d > 8 * n_eights {
            add_last::<L>(x, d, 8 * n_eights, (run, SCALED.then_some(scales)), sums.add(8 * n_eights));
        }
    }
}

/// `8·E` columns; rows in turns to two sums, since one alone would wait for each addition. Returns `E`.
///
/// # Safety
/// As [`add_run`]; `x` and `sums` point to the first of the columns.
#[inline(always)]
unsafe fn add_columns<L: Lanes, const E: usize, const SCALED: bool>(
    x: *const f32,
    d: usize,
    run: &[u32],
    scales: &[f64],
    sums: *mut f64,
) -> usize {
    // SAFETY: the caller's promise.
    unsafe {
        let mut turns = [[L::Eight::splat(0.0); E]; 2];
        let (pairs, last) = run.as_chunks::<2>();
        for pair in pairs {
            for turn in 0..2 {
                add_row::<L, E, SCALED>(x, d, pair[turn], scales, &mut turns[turn]);
            }
        }
        for &row in last {
            add_row::<L, E, SCALED>(x, d, row, scales, &mut turns[0]);
        }
        for e in 0..E {
            let at = sums.add(8 * e);
            L::Eight::load(at).add(turns[0][e].add(turns[1][e])).store(at);
        }
    }
    E
}

/// # Safety
/// As [`add_columns`].
#[inline(always)]
unsafe fn add_row<L: Lanes, const E: usize, const SCALED: bool>(
    x: *const f32,
    d: usize,
    row: u32,
    scales: &[f64],
    sums: &mut [L::Eight; E],
) {
    // SAFETY: the caller's promise.
    unsafe {
        let x = x.add(row as usize * d);
        for e in 0..E {
            let mut term = L::Eight::widen(x.add(8 * e));
            if SCALED {
                term = term.mul(L::Eight::splat(*scales.get_unchecked(row as usize)));
            }
            sums[e] = sums[e].add(term);
        }
    }
}

/// The columns from `first` on, fewer than eight, in the order of [`add_columns`].
///
/// # Safety
/// As [`add_run`]; `sums` points to column `first`.
#[inline(always)]
unsafe fn add_last<L: Lanes>(
    x: &[f32],
    d: usize,
    first: usize,
    (run, scales): (&[u32], Option<&[f64]>),
    sums: *mut f64,
) {
    // SAFETY: eight values lie at the array; the rest is the caller's promise.
    unsafe {
        let mut turns = [L::Eight::splat(0.0); 2];
        let mut padded = [0.0_f32; 8];
        for (i, &row) in run.iter().enumerate() {
            let row = row as usize;
            padded[..d - first].copy_from_slice(&x[row * d + first..(row + 1) * d]);
            let mut term = L::Eight::widen(padded.as_ptr());
            if let Some(scales) = scales {
                term = term.mul(L::Eight::splat(scales[row]));
            }
            turns[i % 2] = turns[i % 2].add(term);
        }
        L::Eight::load(sums).add(turns[0].add(turns[1])).store(sums);
    }
}
