//! Nearest centroids of rows, and distances to them while the rows are in the cache.

use super::moments::own;
use super::nearest::{Group, group_rows, second};
use super::panel::Panel;
use super::tile::with_tiles;
use crate::kmeans::Rows;
use crate::lanes::{Lanes, Simd};

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
pub(super) fn after<'a>(rows: Rows<'a>, end: usize, group: usize, next: &'a [f32]) -> &'a [f32] {
    let rest = &rows.x[end * rows.n_columns..];
    let wanted = group * rows.n_columns;
    if rest.is_empty() { &next[..next.len().min(wanted)] } else { &rest[..rest.len().min(wanted)] }
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
        let wanted = if self.second.is_some() { second::INDEX } else { second::IGNORED };
        let mut group = Group::<N>::new(panels, at_once, wanted);
        for start in (0..rows.len()).step_by(at_once) {
            let end = rows.len().min(start + at_once);
            let (part, next) = (rows.slice(start, end), after(rows, end, at_once, &[]));
            // SAFETY: `assign` compared the widths.
            unsafe {
                match &mut self.second {
                    None => group.assign::<L, { second::IGNORED }>(panels, &[0], part, next),
                    Some(second) => {
                        group.assign::<L, { second::INDEX }>(panels, &[0], part, next);
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
        let mut group = Group::<N>::new(panels, at_once, second::IGNORED);
        for start in (0..rows.len()).step_by(at_once) {
            let end = rows.len().min(start + at_once);
            let part = rows.slice(start, end);
            let labels = &mut self.labels[start..end];
            // SAFETY: `assign_with_distances` compared the shapes; labels are indices of the panel's centroids.
            unsafe {
                group.assign::<L, { second::IGNORED }>(panels, &[0], part, after(rows, end, at_once, &[]));
                labels.copy_from_slice(group.labels(0, end - start));
                own::<L>(part, labels, self.centroids, metric, &mut self.distances[start..end]);
            }
        }
    }
}

with_tiles!(Measure<'_>, ());
