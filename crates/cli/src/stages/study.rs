//! What the networks look at: permutation importance and partial dependence, on test rows of the first partition.

use tenure_artifact::Preprocessor;
use tenure_config::Plan;
use tenure_data::Loaded;
use tenure_encode::{Dataset, transform};
use tenure_evaluate::{
    Bootstrap, DependencePoint, Estimate, ImportanceStudy, Judged, Metric, dependence_grid, dependence_point,
};
use tenure_report::{DependenceShape, PartialDependence};
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

/// What a study asks of a model. `data` are encoded rows, `rows` the rows of the table they were before a feature of theirs
/// was changed.
pub trait Studied {
    /// The encoders before the model.
    fn preprocessor(&self) -> &Preprocessor;
    /// The rows of the table that it was tested on.
    fn test(&self) -> &[u32];
    /// Predictions that put rows in the model's order.
    fn rank(&self, data: &Dataset, rows: &[u32]) -> Result<Vec<f64>, Failure>;
    /// Predictions as a user gets them.
    fn predict(&self, data: &Dataset, rows: &[u32]) -> Result<Vec<f64>, Failure>;
    /// These rankings beside what happened.
    fn judged(&self, ranking: &[f64], data: &Dataset, rows: &[u32]) -> Result<Judged, Failure>;
}

impl Studied for Fold {
    fn preprocessor(&self) -> &Preprocessor {
        &self.preprocessor
    }

    fn test(&self) -> &[u32] {
        &self.partition.test
    }

    fn rank(&self, data: &Dataset, _rows: &[u32]) -> Result<Vec<f64>, Failure> {
        Ok(self.trained.predict(data)?)
    }

    fn predict(&self, data: &Dataset, rows: &[u32]) -> Result<Vec<f64>, Failure> {
        Ok(self.rank(data, rows)?.into_iter().map(|p| self.calibration.map.apply(p)).collect())
    }

    fn judged(&self, ranking: &[f64], data: &Dataset, _rows: &[u32]) -> Result<Judged, Failure> {
        Ok(Judged::Scores(scored(ranking, data)?, Metric::Auc))
    }
}

/// A feature with what the model's metric loses when it is shuffled.
pub type FeatureLoss = (String, Estimate);

/// Importance of every feature, most important first.
pub fn importance(
    plan: &Plan,
    loaded: &Loaded,
    model: &impl Studied,
    progress: &mut Progress,
) -> Result<Vec<FeatureLoss>, Failure> {
    let n_repeats = plan.evaluate.permutations;
    let inputs = &model.preprocessor().inputs;
    if n_repeats == 0 || inputs.is_empty() {
        return Ok(Vec::new());
    }
    let n_rows = (IMPORTANCE_BUDGET / (inputs.len() * n_repeats)).clamp(500, 20_000);
    let rows = thin(model.test(), n_rows);
    let data = transform(model.preprocessor(), &loaded.table, &rows)?;
    let bootstrap = Bootstrap {
        resamples: plan.evaluate.bootstrap.min(IMPORTANCE_RESAMPLES),
        confidence: plan.evaluate.confidence,
        seed: seeds::derive(plan.experiment.seed, "importance", 0),
    };
    let unshuffled = model.judged(&model.rank(&data, &rows)?, &data, &rows)?;
    let mut study = ImportanceStudy::new(unshuffled, inputs.len(), n_repeats, bootstrap)?;
    progress.begin("importance", Some(study.n_tasks() as u64));
    let mut n_done = 0;
    while let Some(task) = study.next_task() {
        let shuffled = shuffle(&data, model.preprocessor(), task.feature, &task.permutation);
        study.record(&model.rank(&shuffled, &rows)?)?;
        n_done += 1;
        progress.at(n_done);
    }
    progress.end();
    let mut importance: Vec<FeatureLoss> =
        study.finish().into_iter().map(|one| (inputs[one.feature].name.clone(), one.loss)).collect();
    importance.sort_by(|a, b| b.1.value.total_cmp(&a.1.value).then_with(|| a.0.cmp(&b.0)));
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
    model: &impl Studied,
    importance: &[FeatureLoss],
    progress: &mut Progress,
) -> Result<Vec<PartialDependence>, Failure> {
    let features: Vec<&str> = if importance.is_empty() {
        model.preprocessor().inputs.iter().map(|input| input.name.as_str()).take(plan.report.top_features).collect()
    } else {
        importance.iter().map(|(feature, _)| feature.as_str()).take(plan.report.top_features).collect()
    };
    let rows = thin(model.test(), DEPENDENCE_ROWS);
    let sweep = Sweep { model, table: &loaded.table.take(&rows), rows: &rows };
    progress.begin("partial dependence", Some(features.len() as u64));
    let mut curves = Vec::with_capacity(features.len());
    for feature in features {
        let shape = sweep.shape(feature)?;
        curves.push(PartialDependence { feature: feature.to_owned(), shape });
        progress.at(curves.len() as u64);
    }
    progress.end();
    Ok(curves)
}

/// Rows whose features are set to one value after the other.
struct Sweep<'a, M> {
    model: &'a M,
    table: &'a Table,
    /// The rows of the whole table that `table` has.
    rows: &'a [u32],
}

impl<M: Studied> Sweep<'_, M> {
    fn shape(&self, feature: &str) -> Result<DependenceShape, Failure> {
        match &self.table.column(feature).expect("an input is a column of the table").values {
            Values::Category(categories) => self.by_level(feature, categories),
            Values::Numeric(values) => {
                let values: Vec<f64> = values.iter().map(|&v| f64::from(v)).collect();
                let grid = dependence_grid(&values, DEPENDENCE_POINTS);
                let at = |&value: &f64| self.set(feature, Values::Numeric(vec![value as f32; values.len()]));
                let points = grid.iter().map(at).collect::<Result<_, _>>()?;
                let (edges, counts) = histogram(&values, &grid);
                Ok(DependenceShape::Numeric { values: grid, points, edges, counts })
            }
            _ => unreachable!("features are magnitudes or categories"),
        }
    }

    fn by_level(&self, feature: &str, categories: &Categories) -> Result<DependenceShape, Failure> {
        let n_levels = categories.levels.len();
        let mut n_rows_of: Vec<u64> = vec![0; n_levels];
        let present = categories.codes.iter().filter(|&&code| (code as usize) < n_levels);
        present.for_each(|&code| n_rows_of[code as usize] += 1);
        let mut shown: Vec<usize> = (0..n_levels).filter(|&level| n_rows_of[level] > 0).collect();
        shown.sort_by_key(|&level| (std::cmp::Reverse(n_rows_of[level]), level));
        shown.truncate(DEPENDENCE_LEVELS);
        let at = |&level: &usize| {
            let codes = vec![level as u32; self.rows.len()];
            self.set(feature, Values::Category(Categories { codes, levels: categories.levels.clone() }))
        };
        Ok(DependenceShape::Category {
            levels: shown.iter().map(|&level| categories.levels[level].clone()).collect(),
            points: shown.iter().map(at).collect::<Result<_, _>>()?,
            counts: shown.iter().map(|&level| n_rows_of[level]).collect(),
        })
    }

    /// The predictions of all rows with one feature set.
    fn set(&self, feature: &str, values: Values) -> Result<DependencePoint, Failure> {
        let changed = self.table.with_values(feature, values).expect("one value for each row");
        let all: Vec<u32> = (0..changed.n_rows() as u32).collect();
        let encoded = transform(self.model.preprocessor(), &changed, &all)?;
        Ok(dependence_point(&self.model.predict(&encoded, self.rows)?, weights(&encoded).as_deref())?)
    }
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
