//! Fitting columns of levels: which levels count, and what becomes of them.

use rand::seq::SliceRandom;
use tenure_artifact::{DropReason, Embedding, Encoder, Levels, OneHot, TargetStatistics};
use tenure_table::{Categories, MISSING_CODE};

use super::{Fitted, Outcome, TrainingRows, numeric};
use crate::seed::{Purpose, stream};

/// How many rows of the prior are added to the rows of a level. `CatBoost` adds one; a network, which unlike a tree reads
/// the statistic as a magnitude, is better off when the noise of the first rows of a level is damped.
const PRIOR_WEIGHT: f64 = 10.0;

pub(super) fn fit(name: &str, categories: &Categories, rows: &TrainingRows<'_>) -> Outcome {
    let counts = Counts::of(categories, rows.rows);
    let min_count = rows.plan.min_level_count.max(1);
    let kept: Vec<usize> = (0..categories.levels.len()).filter(|&code| counts.levels[code] >= min_count).collect();
    let n_kept_rows: usize = kept.iter().map(|&code| counts.levels[code]).sum();
    let missing_indicator = counts.missing > 0;
    match kept.as_slice() {
        [] if counts.missing == rows.rows.len() => return Outcome::Dropped(DropReason::AllMissing),
        [] => return Outcome::Dropped(DropReason::OnlyRareLevels(min_count)),
        [only] if n_kept_rows == rows.rows.len() => {
            return Outcome::Dropped(DropReason::Constant(categories.levels[*only].clone()));
        }
        _ => {}
    }
    if kept.len() >= rows.plan.target_statistics_min && kept.len() > rows.plan.one_hot_max {
        return target_statistics(name, categories, &counts, &kept, rows);
    }
    let levels = Levels::new(kept.iter().map(|&code| categories.levels[code].clone()).collect());
    if levels.len() <= rows.plan.one_hot_max {
        Outcome::plain(Encoder::OneHot(OneHot::new(levels, missing_indicator)))
    } else {
        Outcome::plain(Encoder::Embedding(Embedding::new(levels)))
    }
}

/// Training rows of each level.
struct Counts {
    /// By code.
    levels: Vec<usize>,
    missing: usize,
}

impl Counts {
    fn of(categories: &Categories, rows: &[u32]) -> Self {
        let mut counts = Self { levels: vec![0; categories.levels.len()], missing: 0 };
        for &row_idx in rows {
            match categories.codes[row_idx as usize] {
                MISSING_CODE => counts.missing += 1,
                code => counts.levels[code as usize] += 1,
            }
        }
        counts
    }
}

fn target_statistics(
    name: &str,
    categories: &Categories,
    counts: &Counts,
    kept: &[usize],
    rows: &TrainingRows<'_>,
) -> Outcome {
    let slots = Slots::new(categories, counts, kept, rows.plan.min_level_count.max(1));
    let prior = rows.target.iter().map(|&y| f64::from(y)).sum::<f64>() / rows.target.len() as f64;
    let (ordered, sums) = ordered_means(name, &slots, prior, rows);

    let mut sorted = ordered.clone();
    sorted.sort_unstable_by(f32::total_cmp);
    let scale = numeric::scale(&sorted, rows.plan.numeric);
    let quantiles = numeric::scaled_quantiles(&sorted, &scale);
    let ordered = ordered.into_iter().map(|mean| scale.apply(mean)).collect();

    let statistics = TargetStatistics {
        levels: Levels::new(slots.names.clone()),
        means: (0..slots.names.len()).map(|slot| sums[slot].mean(prior)).collect(),
        missing: slots.missing.map_or(prior as f32, |slot| sums[slot].mean(prior)),
        prior: prior as f32,
        scale,
    };
    let encoder = Encoder::TargetStatistics(statistics);
    Outcome::Kept(Fitted { encoder, quantiles: Some(quantiles), ordered: Some(ordered) })
}

/// A place for each level that counts, in alphabetical order, and one for missing values where they count.
struct Slots<'a> {
    codes: &'a [u32],
    of_code: Vec<Option<usize>>,
    names: Vec<String>,
    missing: Option<usize>,
}

impl<'a> Slots<'a> {
    fn new(categories: &'a Categories, counts: &Counts, kept: &[usize], min_count: usize) -> Self {
        let mut kept: Vec<usize> = kept.to_vec();
        kept.sort_unstable_by_key(|&code| &categories.levels[code]);
        let mut of_code = vec![None; categories.levels.len()];
        for (slot, &code) in kept.iter().enumerate() {
            of_code[code] = Some(slot);
        }
        let names: Vec<String> = kept.iter().map(|&code| categories.levels[code].clone()).collect();
        let missing = (counts.missing >= min_count).then_some(names.len());
        Self { codes: &categories.codes, of_code, names, missing }
    }

    fn of_row(&self, row_idx: u32) -> Option<usize> {
        match self.codes[row_idx as usize] {
            MISSING_CODE => self.missing,
            code => self.of_code[code as usize],
        }
    }
}

/// Targets seen so far in a slot. Sums of zeros and ones are exact.
#[derive(Clone, Copy, Default)]
struct Seen {
    sum: f64,
    n_rows: f64,
}

impl Seen {
    /// The mean, shrunken towards the prior.
    fn mean(self, prior: f64) -> f32 {
        ((self.sum + PRIOR_WEIGHT * prior) / (self.n_rows + PRIOR_WEIGHT)) as f32
    }
}

/// For each training row the mean over the rows that precede it in a random order; and each slot's final sums.
fn ordered_means(name: &str, slots: &Slots<'_>, prior: f64, rows: &TrainingRows<'_>) -> (Vec<f32>, Vec<Seen>) {
    let mut order: Vec<u32> = (0..rows.rows.len() as u32).collect();
    order.shuffle(&mut stream(rows.seed, Purpose::TargetOrder(name)));
    let mut seen = vec![Seen::default(); slots.names.len() + 1];
    let mut means = vec![prior as f32; rows.rows.len()];
    for place in order.into_iter().map(|place| place as usize) {
        if let Some(slot) = slots.of_row(rows.rows[place]) {
            means[place] = seen[slot].mean(prior);
            seen[slot].sum += f64::from(rows.target[place]);
            seen[slot].n_rows += 1.0;
        }
    }
    (means, seen)
}
