//! The same encoders in fewer bytes: scales of many quantiles become lines with a few bends.
//!
//! A student reads through these. A quantile scale keeps up to a thousand numbers a column, which is more than the whole
//! network that reads them, and a search among them for every value; a line keeps eighteen at most, and many columns are
//! scaled at once. The line follows the scale it stands for, so it needs no training rows of its own.

use tenure_artifact::math::normal_quantile;
use tenure_artifact::{Encoder, InputColumn, Magnitude, Piecewise, Preprocessor, Scale, TargetStatistics};
use tenure_table::Table;

use crate::{Dataset, EncodeError, transform};

/// A line that is nowhere farther than this from its scale needs no further bend.
const CLOSE: f64 = 0.01;
/// Scores of a fitted scale lie within ±5.2; a line through these points is the identity there.
const IDENTITY: [f32; 2] = [-8.0, 8.0];

/// These encoders with a [`Piecewise`] in place of every quantile scale. What they write differs a little, what they read
/// and how many inputs they write does not.
///
/// Target statistics keep the scaled mean of each level, so what they write stays the same but for rounding. The layout's
/// quantiles are taken over from the scales that the lines follow. A scale that no line in single precision can follow
/// stays. Events before a row are left out: a single row comes without them.
///
/// ```
/// use tenure_artifact::{Encoder, InputColumn, Magnitude, Preprocessor, Scale};
///
/// let knots: Vec<f32> = (0..500).map(|i| (i * i) as f32).collect();
/// let scale = Scale::quantile(knots);
/// let spend = Magnitude { scale: scale.clone(), min: 0.0, max: 249_001.0, missing_indicator: false };
/// let inputs = vec![InputColumn::new("spend", Encoder::Magnitude(spend))];
/// let compact = tenure_encode::compact(&Preprocessor::new(inputs, vec![vec![]], vec![]));
/// let Encoder::Magnitude(Magnitude { scale: Scale::Piecewise(line), .. }) = &compact.inputs[0].encoder else {
///     unreachable!()
/// };
/// // Eight segments follow a heavy tail to a quarter of a standard deviation.
/// assert!((line.apply(62_500.0) - scale.apply(62_500.0)).abs() < 0.25);
/// ```
pub fn compact(prep: &Preprocessor) -> Preprocessor {
    let column = |input: &InputColumn| InputColumn::new(input.name.clone(), compact_encoder(&input.encoder));
    let inputs = prep.inputs.iter().map(column).collect();
    let whole = Preprocessor { inputs, ..prep.clone() };
    whole.without_sequence()
}

/// Rows that `prep` has encoded as `data`, encoded by `compact(prep)`: target statistics are taken from `data`, where
/// training rows have ordered ones.
pub fn recode(compact: &Preprocessor, data: &Dataset, table: &Table, rows: &[u32]) -> Result<Dataset, EncodeError> {
    let mut recoded = transform(compact, table, rows)?;
    let f = recoded.layout.continuous.len();
    let continuous = compact.inputs.iter().filter(|input| input.encoder.widths().0 == 1);
    for (column, input) in continuous.enumerate() {
        if matches!(input.encoder, Encoder::TargetStatistics(_)) {
            let cells = recoded.continuous.iter_mut().skip(column).step_by(f);
            cells.zip(data.continuous.iter().skip(column).step_by(f)).for_each(|(cell, kept)| *cell = *kept);
        }
    }
    Ok(recoded)
}

fn compact_encoder(encoder: &Encoder) -> Encoder {
    match encoder {
        Encoder::Magnitude(magnitude) => {
            Encoder::Magnitude(Magnitude { scale: compact_scale(&magnitude.scale), ..magnitude.clone() })
        }
        Encoder::TargetStatistics(statistics) if matches!(statistics.scale, Scale::Quantile { .. }) => {
            let scaled = |mean: f32| statistics.scale.apply(mean);
            let identity = Piecewise::new(IDENTITY.into(), IDENTITY.into()).expect("a line with two ends");
            Encoder::TargetStatistics(TargetStatistics {
                levels: statistics.levels.clone(),
                means: statistics.means.iter().map(|mean| scaled(*mean)).collect(),
                missing: scaled(statistics.missing),
                prior: scaled(statistics.prior),
                scale: Scale::Piecewise(identity),
            })
        }
        other => other.clone(),
    }
}

fn compact_scale(scale: &Scale) -> Scale {
    let Scale::Quantile { knots } = scale else { return scale.clone() };
    line(knots, scale).map_or_else(|| scale.clone(), Scale::Piecewise)
}

/// The line with a bend wherever the one so far is farthest from the scale, until it is close or has all its bends
/// (Ramer 1972, Douglas and Peucker 1973).
fn line(knots: &[f32], scale: &Scale) -> Option<Piecewise> {
    // The outermost training values stand for half a step of shares, as far out as so many quantiles can tell.
    let farthest = -normal_quantile(0.5 / (knots.len() - 1) as f64);
    let mut points: Vec<(f64, f64)> = Vec::with_capacity(knots.len());
    for &knot in knots {
        if points.last().is_none_or(|(x, _)| *x < f64::from(knot)) {
            points.push((f64::from(knot), f64::from(scale.apply(knot)).clamp(-farthest, farthest)));
        }
    }
    let mut bends = vec![0, points.len().checked_sub(1)?];
    while bends.len() <= Piecewise::MAX_SEGMENTS {
        match farthest_from_line(&points, &bends) {
            Some((point, error)) if error > CLOSE => bends.insert(bends.partition_point(|bend| *bend < point), point),
            _ => break,
        }
    }
    let of = |f: fn((f64, f64)) -> f64| bends.iter().map(|bend| f(points[*bend]) as f32).collect();
    Piecewise::new(of(|point| point.0), of(|point| point.1))
}

/// The first of the points that are farthest from the line through the bends, and how far it is.
fn farthest_from_line(points: &[(f64, f64)], bends: &[usize]) -> Option<(usize, f64)> {
    let mut found: Option<(usize, f64)> = None;
    for pair in bends.windows(2) {
        let ((x0, y0), (x1, y1)) = (points[pair[0]], points[pair[1]]);
        for (point, (x, y)) in points.iter().enumerate().take(pair[1]).skip(pair[0] + 1) {
            let error = (y - (y0 + (y1 - y0) * (x - x0) / (x1 - x0))).abs();
            if found.is_none_or(|(_, worst)| error > worst) {
                found = Some((point, error));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use tenure_config::{Encode, NumericEncoding};
    use tenure_table::{Column, Role, Values};

    use super::*;
    use crate::fit_transform;

    fn of(values: impl Fn(usize) -> f32, n: usize) -> (Scale, Piecewise) {
        let scale = Scale::quantile((0..n).map(values).collect());
        let Scale::Piecewise(found) = compact_scale(&scale) else { panic!("a line follows it") };
        (scale, found)
    }

    #[test]
    fn nine_values_are_kept_to_the_score_and_a_heavy_tail_closely() {
        let (scale, few) = of(|i| (i / 100) as f32, 900);
        for value in 1..8 {
            let value = value as f32;
            assert!((few.apply(value) - scale.apply(value)).abs() < 0.02, "{value}");
        }
        let (scale, tail) = of(|i| (10.0 * i as f32 / 999.0).exp(), 1_000);
        let worst = (20..980).map(|i| (10.0 * i as f32 / 999.0).exp());
        let worst = worst.map(|value| (tail.apply(value) - scale.apply(value)).abs()).fold(0.0, f32::max);
        assert!(worst < 0.25, "{worst}");
        assert_eq!(tail.knots().len(), Piecewise::MAX_SEGMENTS + 1);
    }

    #[test]
    fn a_scale_that_single_precision_cannot_follow_stays() {
        let scale = Scale::quantile(vec![f32::MIN, 0.0, f32::MAX]);
        assert_eq!(compact_scale(&scale), scale);
        let robust = Scale::Robust { median: 0.0, width: 1.0 };
        assert_eq!(compact_scale(&robust), robust);
    }

    /// 900 rows with a heavy-tailed magnitude and a column of 300 levels.
    fn table() -> Table {
        let n = 900_u32;
        let level = |i: u32| format!("shop {}", i * 7 % 300);
        let levels: Vec<String> = (0..n).map(level).collect();
        Table::new(vec![
            Column::new("churned", Role::Target, Values::Numeric((0..n).map(|i| ((i / 7) % 2) as f32).collect())),
            Column::new("spend", Role::Numeric, Values::Numeric((0..n).map(|i| (i as f32 / 90.0).exp()).collect())),
            Column::new("shop", Role::Category, Values::categories(levels.iter().map(|name| Some(name.as_str())))),
        ])
        .expect("a table")
    }

    #[test]
    fn training_rows_keep_their_ordered_statistics() {
        let plan = Encode {
            numeric: NumericEncoding::Quantile,
            one_hot_max: 9,
            target_statistics_min: 50,
            min_level_count: 2,
        };
        let (table, rows) = (table(), (0..900).collect::<Vec<u32>>());
        let (prep, train) = fit_transform(&table, &rows, &plan, 3).expect("it fits");
        let small = compact(&prep);
        let recoded = recode(&small, &train, &table, &rows).expect("the same columns");
        assert_eq!(recoded.layout.widths(), train.layout.widths());
        let plain = transform(&prep, &table, &rows).expect("the same columns");
        let line = transform(&small, &table, &rows).expect("the same columns");
        let mut n_ordered = 0;
        for row in 0..900 {
            let [kept, exact, found] = [&recoded, &plain, &line].map(|data| data.continuous_row(row));
            // Thirty quantiles say nothing of the outermost rows.
            assert!(exact[0].abs() > 1.8 || (kept[0] - exact[0]).abs() < 0.3, "{kept:?} {exact:?}");
            assert_eq!(kept[1].to_bits(), train.continuous_row(row)[1].to_bits());
            n_ordered += usize::from((kept[1] - exact[1]).abs() > 1e-3);
            assert!((found[1] - exact[1]).abs() < 2e-6);
        }
        assert!(n_ordered > 100, "statistics of training rows are not those of the level");
    }
}
