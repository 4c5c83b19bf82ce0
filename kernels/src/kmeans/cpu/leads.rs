//! By how much a row is nearer to its centroid than to any other, and how long that keeps it there.
//!
//! While a row's own centroid and the farthest-moving other one have moved by less together than the row's lead, it need
//! not be compared again (Hamerly 2010, "Making k-means even faster"). Leads are taken low by more than `f32` products can be
//! off, then and now: a row that is passed over has the label that comparing it would give.

use super::panel::Panel;
use crate::lanes::{LANES, Lanes};

/// What the errors of scores can grow to in an iteration, as a share of the farthest that a centroid moved.
pub fn drift_of_scores(n_columns: usize) -> f64 {
    1.5 * rounding(n_columns)
}

/// Squared distances from `f32` scores are within the square of this share of `‖x‖ + ‖c‖`.
fn rounding(n_columns: usize) -> f64 {
    ((n_columns + 3) as f64 * f64::from(f32::EPSILON) / 2.0).sqrt()
}

/// What is taken off a lead: `share` of the row's distance to its centroid, and `rest`. Two distances, each off by
/// [`rounding`], and the gap of `√2` of it that scores need to be told apart; and `‖x‖` is at most the distance and `‖c‖`.
#[derive(Clone, Copy, Default)]
pub(super) struct Margin {
    share: f32,
    rest: f32,
}

impl Margin {
    /// For centroids with these squared norms.
    pub(super) fn new(n_columns: usize, squared_norms: &[f32]) -> Margin {
        let share = 4.0 * rounding(n_columns);
        let farthest = squared_norms.iter().copied().fold(0.0, f32::max).sqrt();
        Margin { share: share as f32, rest: (2.0 * share * f64::from(farthest)) as f32 }
    }
}

/// What rows are to be known of to find their leads, `[rows]` each, and room for as many as [`LANES`] divides.
#[derive(Clone, Copy)]
pub(super) struct Compared {
    /// Score of the nearest centroid, and which it is.
    pub(super) nearest: *const f32,
    pub(super) labels: *const u32,
    /// Score of the second nearest.
    pub(super) second: *const f32,
    /// `‖x‖²`
    pub(super) squared_norms: *const f32,
}

/// Leads of rows, each with its cluster's drift so far, as halves rounded down.
///
/// # Safety
/// `L`'s instructions; there are as many values at each pointer as `n_rows` rounded up to [`LANES`], and the panel has a
/// drift for each label.
#[inline(always)]
pub(super) unsafe fn leads<L: Lanes>(panel: &Panel, rows: Compared, leads: *mut u16, n_rows: usize) {
    for at in (0..n_rows).step_by(LANES) {
        // SAFETY: the caller's promise.
        unsafe {
            let norms = L::load(rows.squared_norms.add(at));
            let near = L::load(rows.nearest.add(at)).add(norms).max(L::splat(0.0)).sqrt();
            let far = L::load(rows.second.add(at)).add(norms).max(L::splat(0.0)).sqrt();
            let margin = near.fma(L::splat(panel.margin.share), L::splat(panel.margin.rest));
            let drift = L::look_up(&panel.drift, rows.labels.add(at));
            // A little less, so that what is lost in adding up does not count.
            let until = far.sub(near).sub(margin).add(drift).mul(L::splat(1.0 - 1e-6));
            until.max(L::splat(0.0)).store_halves(leads.add(at));
        }
    }
}

/// Numbers of rows that have to be compared, ascending, put into `found`, which has room for [`LANES`] more; how many.
///
/// # Safety
/// `L`'s instructions; the panel has a drift for each label.
#[inline(always)]
pub(super) unsafe fn unsettled<L: Lanes>(panel: &Panel, labels: &[u16], leads: &[u16], found: &mut [u32]) -> usize {
    assert!(labels.len() + LANES <= found.len() && labels.len() == leads.len(), "room for all rows");
    let (registers, last) = labels.as_chunks::<LANES>();
    let mut n = 0;
    for (i, labels) in registers.iter().enumerate() {
        // SAFETY: no more numbers than rows so far, and room for a register after them.
        n += unsafe {
            let (halves, to) = (leads.as_ptr().add(LANES * i), found.as_mut_ptr().add(n));
            L::not_above((LANES * i) as u32, halves, labels.as_ptr(), &panel.drift, to)
        };
    }
    for (row, &label) in (labels.len() - last.len()..).zip(last) {
        found[n] = row as u32;
        n += usize::from(f32::from_bits(u32::from(leads[row]) << 16) <= panel.drift[usize::from(label)]);
    }
    n
}
