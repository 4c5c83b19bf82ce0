//! What the plots of a report need of many customers, thinned to what an eye can see.

use tenure_evaluate::{ClusteringError, Labelled, PrincipalAxes, Silhouette, principal_axes};
use tenure_report::segments::{Projected, Projection, SilhouetteStrip};
use tenure_segments::SegmentError;

/// Customers drawn.
const MAX_POINTS: usize = 1_200;
/// Lines of one segment's silhouettes.
const MAX_LINES: usize = 100;

/// Silhouettes by segment, descending, as evenly spaced quantiles.
pub fn strips(silhouette: &Silhouette, n_segments: usize) -> Vec<SilhouetteStrip> {
    let strip = |segment: usize| {
        let of_segment = silhouette.rows.iter().filter(|row| row.label as usize == segment);
        let mut widths: Vec<f64> = of_segment.map(|row| row.width).collect();
        widths.sort_by(|a, b| b.total_cmp(a));
        let n = widths.len();
        let n_lines = n.min(MAX_LINES);
        SilhouetteStrip {
            n_customers: n,
            mean: widths.iter().sum::<f64>() / n.max(1) as f64,
            share_negative: widths.iter().filter(|&&width| width < 0.0).count() as f64 / n.max(1) as f64,
            widths: (0..n_lines).map(|line| rounded(widths[(2 * line + 1) * n / (2 * n_lines)])).collect(),
        }
    };
    (0..n_segments).map(strip).collect()
}

/// Customers along two principal axes; none with fewer than two columns or rows.
pub fn projection(labelled: &Labelled<'_>, columns: &[String]) -> Result<Option<Projection>, SegmentError> {
    let points = &labelled.points;
    if points.n_columns() < 2 {
        return Ok(None);
    }
    let axes = match principal_axes(points) {
        Ok(axes) => axes,
        Err(error @ ClusteringError::Read { .. }) => return Err(error.into()),
        Err(_undefined) => return Ok(None),
    };
    let step = points.n_rows().div_ceil(MAX_POINTS).max(1);
    let drawn: Vec<u32> = (0..points.n_rows() as u32).step_by(step).collect();
    let cells = points.take(&drawn)?;
    let rows = drawn.iter().zip(cells.chunks_exact(points.n_columns()));
    let drawn = rows.map(|(&row_idx, row)| {
        let found = axes.project(row, 2);
        Projected { at: [rounded(found[0]), rounded(found[1])], segment: labelled.labels[row_idx as usize] }
    });
    // A mean of projections is the projection of the mean.
    let centre = |segment: usize| -> [f64; 2] {
        let found = axes.project(labelled.mean(segment), 2);
        [found[0], found[1]]
    };
    let total: f64 = axes.variances.iter().sum();
    let share = |axis: usize| if total > 0.0 { axes.variances[axis] / total } else { 0.0 };
    Ok(Some(Projection {
        shares: [share(0), share(1)],
        meaning: [meaning(&axes, 0, columns), meaning(&axes, 1, columns)],
        points: drawn.collect(),
        centres: (0..labelled.sizes.len()).map(centre).collect(),
    }))
}

/// `more spend_sum, less recency_days`: the columns that weigh most on an axis.
fn meaning(axes: &PrincipalAxes, axis: usize, columns: &[String]) -> String {
    let d = columns.len();
    let weights = &axes.axes[axis * d..(axis + 1) * d];
    let mut order: Vec<usize> = (0..d).collect();
    order.sort_by(|&a, &b| weights[b].abs().total_cmp(&weights[a].abs()));
    let largest = weights[order[0]].abs();
    let heavy = order.into_iter().take(3).filter(|&column| weights[column].abs() >= 0.5 * largest);
    let words = heavy.map(|column| {
        let word = if weights[column] > 0.0 { "more" } else { "less" };
        format!("{word} {}", columns[column])
    });
    words.collect::<Vec<_>>().join(", ")
}

/// To a thousandth: finer than a pixel.
fn rounded(value: f64) -> f64 {
    (value * 1e3).round() / 1e3
}
