//! Many fits in one call: one for each segment of the customers.

use rayon::prelude::*;

use crate::customers::{Customers, UniqueRow, merge_equal};
use crate::fit::{Fit, Search, check};
use crate::{LifetimeError, ModelKind};

/// Fits the model to each segment on its own. `segment` has the segment of each customer, 0 ≤ segment < `n_segments`.
///
/// A segment that cannot be fitted has its error in its place. Segments share one search for a start, which is most of
/// a small fit's work; the estimates are those of [`crate::fit`] on the segment's customers.
pub fn fit_segments(
    kind: ModelKind,
    customers: &Customers,
    segment: &[u32],
    n_segments: usize,
) -> Result<Vec<Result<Fit, LifetimeError>>, LifetimeError> {
    let segments = rows_by_segment(customers, segment, n_segments)?;
    let all = segments.concat();
    // Where all customers together cannot be fitted, no segment can: no start is needed.
    let start = check(kind, &all).map_or_else(|_| Vec::new(), |()| Search::new(kind, &all).first(&all));
    Ok(segments.par_iter().map(|rows| fit_one(kind, rows, &start)).collect())
}

fn fit_one(kind: ModelKind, rows: &[UniqueRow], start: &[f64]) -> Result<Fit, LifetimeError> {
    check(kind, rows)?;
    let search = Search::new(kind, rows);
    let fit = search.run_from(rows, start);
    if fit.convergence.is_clean() {
        return Ok(fit);
    }
    // The common start may lie in the wrong valley for a segment unlike the others.
    let own = search.run(rows);
    Ok(if own.log_likelihood > fit.log_likelihood { own } else { fit })
}

fn rows_by_segment(
    customers: &Customers,
    segment: &[u32],
    n_segments: usize,
) -> Result<Vec<Vec<UniqueRow>>, LifetimeError> {
    let (expected, found) = (customers.n_rows(), segment.len());
    if expected != found {
        return Err(LifetimeError::Lengths { column: "segment".into(), expected, found });
    }
    let mut rows = vec![Vec::new(); n_segments];
    for (row_idx, &segment) in segment.iter().enumerate() {
        let Some(rows) = rows.get_mut(segment as usize) else {
            let expected = "a number below the number of segments";
            return Err(LifetimeError::Value { row_idx, column: "segment".into(), expected, found: segment.into() });
        };
        rows.push(customers.unique_row(row_idx));
    }
    let sorted = rows.into_par_iter().map(|mut rows| {
        rows.sort_unstable_by(UniqueRow::total_cmp);
        merge_equal(rows)
    });
    Ok(sorted.collect())
}
