//! How far the integers of a layer reach.

use serde::Serialize;

/// Steps on either side of zero.
pub(crate) const TOP: f64 = 127.0;

/// How the largest magnitude that an 8-bit activation stands for is found; what lies beyond is clamped to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RangeMethod {
    /// The largest magnitude seen.
    MinMax,
    /// The magnitude that 999 of 1,000 values stay below.
    Percentile999,
    /// The magnitude that 9,999 of 10,000 values stay below.
    Percentile9999,
    /// The magnitude with the least squared error of rounding and clamping together.
    Mse,
}

impl RangeMethod {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::MinMax, Self::Percentile999, Self::Percentile9999, Self::Mse];

    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MinMax => "min-max",
            Self::Percentile999 => "99.9 %",
            Self::Percentile9999 => "99.99 %",
            Self::Mse => "least squares",
        }
    }

    /// The largest magnitude for these values; 1 where all of them are zero.
    pub fn range(self, values: impl Iterator<Item = f64>) -> f64 {
        let mut magnitudes: Vec<f64> = values.map(f64::abs).filter(|x| *x > 0.0).collect();
        magnitudes.sort_unstable_by(f64::total_cmp);
        let Some(&largest) = magnitudes.last() else { return 1.0 };
        match self {
            Self::MinMax => largest,
            Self::Percentile999 => percentile(&magnitudes, 0.999),
            Self::Percentile9999 => percentile(&magnitudes, 0.9999),
            Self::Mse => least_squares(&magnitudes, largest),
        }
    }
}

fn percentile(ascending: &[f64], share: f64) -> f64 {
    let place = (share * ascending.len() as f64).ceil() as usize;
    ascending[place.clamp(1, ascending.len()) - 1]
}

/// The best of 31 ranges from a quarter of the largest magnitude to all of it.
fn least_squares(ascending: &[f64], largest: f64) -> f64 {
    // A thousand values stand for the rest, each from the middle of its ranks: the largest must not count for a hundred.
    let stride = ascending.len().div_ceil(1_000);
    let error = |range: f64| -> f64 {
        let step = range / TOP;
        let gap = |x: &f64| x - step * (x / step).round().min(TOP);
        ascending.iter().skip(stride / 2).step_by(stride).map(|x| gap(x) * gap(x)).sum()
    };
    let ranges = (10..=40).map(|i| largest * f64::from(i) / 40.0);
    let best = ranges.map(|range| (error(range), range)).min_by(|a, b| a.0.total_cmp(&b.0));
    best.map_or(largest, |(_, range)| range)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1 to 1,000, and one value far beyond.
    fn values() -> impl Iterator<Item = f64> {
        (1..=1_000).map(|i| -f64::from(i)).chain([1_100.0])
    }

    #[test]
    fn each_method_cuts_where_it_says() {
        assert_eq!(RangeMethod::MinMax.range(values()), 1_100.0);
        assert_eq!(RangeMethod::Percentile999.range(values()), 1_000.0);
        assert_eq!(RangeMethod::Percentile9999.range(values()), 1_100.0);
        assert_eq!(RangeMethod::MinMax.range([0.0, 0.0].into_iter()), 1.0);
    }

    #[test]
    fn least_squares_gives_up_an_outlier_for_finer_steps() {
        let many = (0..100_000).map(|i| f64::from(i % 1_000) / 1_000.0);
        let range = RangeMethod::Mse.range(many.chain([4.0]));
        assert!((1.0..1.5).contains(&range), "{range}");
    }
}
