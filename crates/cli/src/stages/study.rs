//! What the networks look at: permutation importance and partial dependence, on test rows of the first partition.

use tenure_artifact::Preprocessor;
use tenure_config::Plan;
use tenure_data::Loaded;
use tenure_encode::{Dataset, transform};
use tenure_evaluate::{Bootstrap, DependencePoint, ImportanceStudy, Metric, dependence_grid, dependence_point};
use tenure_report::{DependenceShape, FeatureImportance, PartialDependence};
use tenure_table::{Categories, Table, Values};

use super::learn::{Fold, scored, weights};
use crate::failure::Failure;
use crate::progress::Progress;
use crate::seeds;

/// Rows scored in the whole importance study, features times repeats times rows: what bounds its time.
const IMPORTANCE_BUDGET: usize = 400_000;
/// Rows that the curves of partial dependence average over.
const DEPENDENCE_ROWS: usize = 1_000;
/// Points of a curve.
const DEPENDENCE_POINTS: usize = 20;
/// Levels shown of a category, the most frequent first.
const DEPENDENCE_LEVELS: usize = 12;
/// Bins of the histogram under a curve.
const HISTOGRAM_BINS: usize = 24;
/// Resamples behind an importance interval.
const IMPORTANCE_RESAMPLES: usize = 200;

/// Importance of every feature, most important first.
pub fn importance(
    plan: &Plan,
    loaded: &Loaded,
    fold: &Fold,
    progress: &mut Progress,
) -> Result<Vec<FeatureImportance>, Failure> {
    let n_repeats = plan.evaluate.permutations;
    let inputs = &fold.preprocessor.inputs;
    if n_repeats == 0 || inputs.is_empty() {
        return Ok(Vec::new());
    }
    let n_rows = (IMPORTANCE_BUDGET / (inputs.len() * n_repeats)).clamp(500, 20_000);
    let rows = transform(&fold.preprocessor, &loaded.table, &thin(&fold.partition.test, n_rows))?;
    let bootstrap = Bootstrap {
        resamples: plan.evaluate.bootstrap.min(IMPORTANCE_RESAMPLES),
        confidence: plan.evaluate.confidence,
        seed: seeds::derive(plan.experiment.seed, "importance", 0),
    };
    let unshuffled = scored(&fold.trained.predict(&rows)?, &rows)?;
    let mut study = ImportanceStudy::new(unshuffled, Metric::Auc, inputs.len(), n_repeats, bootstrap)?;
    progress.begin("importance", Some(study.n_tasks() as u64));
    let mut n_done = 0;
    while let Some(task) = study.next_task() {
        let shuffled = shuffle(&rows, &fold.preprocessor, task.feature, &task.permutation);
        study.record(&fold.trained.predict(&shuffled)?)?;
        n_done += 1;
        progress.at(n_done);
    }
    progress.end();
    let mut importance: Vec<FeatureImportance> = study
        .finish()
        .into_iter()
        .map(|one| FeatureImportance { feature: inputs[one.feature].name.clone(), auc_loss: one.loss })
        .collect();
    let value = |one: &FeatureImportance| one.auc_loss.value;
    importance.sort_by(|a, b| value(b).total_cmp(&value(a)).then_with(|| a.feature.cmp(&b.feature)));
    Ok(importance)
}

/// The rows with every encoded cell of one input column taken from another row.
fn shuffle(rows: &Dataset, preprocessor: &Preprocessor, input: usize, permutation: &[u32]) -> Dataset {
    let before = preprocessor.inputs[..input].iter().map(|column| column.encoder.widths());
    let start = before.fold((0, 0, 0), |sum, w| (sum.0 + w.0, sum.1 + w.1, sum.2 + w.2));
    let width = preprocessor.inputs[input].encoder.widths();
    let (f, g, c) = rows.layout.widths();
    let mut shuffled = rows.clone();
    shuffle_block(&rows.continuous, &mut shuffled.continuous, f, start.0, width.0, permutation);
    shuffle_block(&rows.binary, &mut shuffled.binary, g, start.1, width.1, permutation);
    shuffle_block(&rows.categorical, &mut shuffled.categorical, c, start.2, width.2, permutation);
    shuffled
}

/// Columns `start..start + n` of a row-major matrix of `width` columns, row `i` taken from row `permutation[i]`.
fn shuffle_block<T: Copy>(from: &[T], to: &mut [T], width: usize, start: usize, n: usize, permutation: &[u32]) {
    for (row_idx, &source) in permutation.iter().enumerate().filter(|_| n > 0) {
        let (target, source) = (row_idx * width + start, source as usize * width + start);
        to[target..target + n].copy_from_slice(&from[source..source + n]);
    }
}

/// Partial dependence of the given features, in their order.
pub fn dependence(
    plan: &Plan,
    loaded: &Loaded,
    fold: &Fold,
    importance: &[FeatureImportance],
    progress: &mut Progress,
) -> Result<Vec<PartialDependence>, Failure> {
    let features: Vec<&str> = if importance.is_empty() {
        fold.preprocessor.inputs.iter().map(|input| input.name.as_str()).take(plan.report.top_features).collect()
    } else {
        importance.iter().map(|one| one.feature.as_str()).take(plan.report.top_features).collect()
    };
    let rows = loaded.table.take(&thin(&fold.partition.test, DEPENDENCE_ROWS));
    progress.begin("partial dependence", Some(features.len() as u64));
    let mut curves = Vec::with_capacity(features.len());
    for feature in features {
        let shape = dependence_shape(&rows, fold, feature)?;
        curves.push(PartialDependence { feature: feature.to_owned(), shape });
        progress.at(curves.len() as u64);
    }
    progress.end();
    Ok(curves)
}

fn dependence_shape(rows: &Table, fold: &Fold, feature: &str) -> Result<DependenceShape, Failure> {
    match &rows.column(feature).expect("an input is a column of the table").values {
        Values::Category(categories) => by_level(rows, fold, feature, categories),
        Values::Numeric(values) => {
            let values: Vec<f64> = values.iter().map(|&v| f64::from(v)).collect();
            let grid = dependence_grid(&values, DEPENDENCE_POINTS);
            let n_rows = rows.n_rows();
            let points = grid
                .iter()
                .map(|&value| set_and_score(rows, fold, feature, Values::Numeric(vec![value as f32; n_rows])))
                .collect::<Result<_, _>>()?;
            let (edges, counts) = histogram(&values, &grid);
            Ok(DependenceShape::Numeric { values: grid, points, edges, counts })
        }
        _ => unreachable!("features are magnitudes or categories"),
    }
}

fn by_level(rows: &Table, fold: &Fold, feature: &str, categories: &Categories) -> Result<DependenceShape, Failure> {
    let n_levels = categories.levels.len();
    let mut n_rows_of: Vec<u64> = vec![0; n_levels];
    let present = categories.codes.iter().filter(|&&code| (code as usize) < n_levels);
    present.for_each(|&code| n_rows_of[code as usize] += 1);
    let mut shown: Vec<usize> = (0..n_levels).filter(|&level| n_rows_of[level] > 0).collect();
    shown.sort_by_key(|&level| (std::cmp::Reverse(n_rows_of[level]), level));
    shown.truncate(DEPENDENCE_LEVELS);
    let set = |level: usize| {
        Values::Category(Categories { codes: vec![level as u32; rows.n_rows()], levels: categories.levels.clone() })
    };
    Ok(DependenceShape::Category {
        levels: shown.iter().map(|&level| categories.levels[level].clone()).collect(),
        points: shown.iter().map(|&level| set_and_score(rows, fold, feature, set(level))).collect::<Result<_, _>>()?,
        counts: shown.iter().map(|&level| n_rows_of[level]).collect(),
    })
}

/// The calibrated probabilities of all rows with one feature set.
fn set_and_score(rows: &Table, fold: &Fold, feature: &str, values: Values) -> Result<DependencePoint, Failure> {
    let changed = rows.with_values(feature, values).expect("one value for each row");
    let all: Vec<u32> = (0..rows.n_rows() as u32).collect();
    let encoded = transform(&fold.preprocessor, &changed, &all)?;
    let raw = fold.trained.predict(&encoded)?;
    let probabilities: Vec<f64> = raw.into_iter().map(|p| fold.calibration.map.apply(p)).collect();
    Ok(dependence_point(&probabilities, weights(&encoded).as_deref())?)
}

/// Counts of values over equal bins from the first to the last point of the grid.
fn histogram(values: &[f64], grid: &[f64]) -> (Vec<f64>, Vec<u64>) {
    let (Some(&low), Some(&high)) = (grid.first(), grid.last()) else { return (Vec::new(), Vec::new()) };
    let width = (high - low) / HISTOGRAM_BINS as f64;
    if width <= 0.0 {
        return (Vec::new(), Vec::new());
    }
    let edges = (0..=HISTOGRAM_BINS).map(|bin| low + width * bin as f64).collect();
    let mut counts = vec![0; HISTOGRAM_BINS];
    for value in values.iter().filter(|v| (low..=high).contains(*v)) {
        counts[(((value - low) / width) as usize).min(HISTOGRAM_BINS - 1)] += 1;
    }
    (edges, counts)
}

/// At most `n` of these, evenly spaced.
fn thin(rows: &[u32], n: usize) -> Vec<u32> {
    let n = n.min(rows.len());
    (0..n).map(|i| rows[i * rows.len() / n]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_shuffled_and_the_rest_stays() {
        let from = [1, 2, 3, 4, 5, 6];
        let mut to = from;
        shuffle_block(&from, &mut to, 3, 1, 2, &[1, 0]);
        assert_eq!(to, [1, 5, 6, 4, 2, 3]);
    }

    #[test]
    fn thinning_keeps_ends_and_order() {
        assert_eq!(thin(&[3, 5, 7, 9], 2), [3, 7]);
        assert_eq!(thin(&[3, 5], 9), [3, 5]);
    }

    #[test]
    fn a_histogram_counts_what_the_grid_spans() {
        let (edges, counts) = histogram(&[0.0, 1.0, 24.0, 99.0], &[0.0, 24.0]);
        assert_eq!((edges.len(), counts[0], counts[1], counts[23]), (25, 1, 1, 1));
    }
}
