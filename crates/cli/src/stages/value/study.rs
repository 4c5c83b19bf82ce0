//! What a value network looks at, and where it errs: importance, partial dependence, groups and cohorts.

use tenure_artifact::Preprocessor;
use tenure_config::Plan;
use tenure_data::Loaded;
use tenure_encode::Dataset;
use tenure_evaluate::{Judged, ValueMetric, ValueSliceSettings, ValueSliceTable, Valued, defined_for, slice_values_by};
use tenure_report::PartialDependence;
use tenure_report::value::ValueImportance;
use tenure_table::{Column, Span, Table, Timestamp};

use super::forecast::Forecasts;
use super::judge::bootstrap;
use super::learn::{ValueFold, ValueNetwork, actual, cutoffs};
use crate::facts;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::stages::groups;
use crate::stages::learn::weights;
use crate::stages::study::{self, Studied};

/// Length of `2011-06` in an ISO 8601 date.
const MONTH: usize = 7;

/// Importance of the features and dependence on the most important ones; empty where a purchase model predicts, or where
/// too few of the test rows bought for a Gini.
pub fn explain(
    plan: &Plan,
    loaded: &Loaded,
    forecasts: &Forecasts,
    fold: &ValueFold,
    progress: &mut Progress,
) -> Result<(Vec<ValueImportance>, Vec<PartialDependence>), Failure> {
    let Some(network) = &fold.network else { return Ok((Vec::new(), Vec::new())) };
    let (table, test) = (&loaded.table, fold.partition.test.as_slice());
    let model = Asked { network, table, test, offset: forecasts.offset(plan.model.offset) };
    let known = actual(table, test);
    let (defined, _) = defined_for(&[ValueMetric::NormalizedGini], &[&Valued::new(&known, &known, None)?]);
    if defined.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let importance = study::importance(plan, loaded, &model, progress)?;
    let dependence = study::dependence(plan, loaded, &model, &importance, progress)?;
    let loss = |(feature, gini_loss)| ValueImportance { feature, gini_loss };
    Ok((importance.into_iter().map(loss).collect(), dependence))
}

/// A value network on test rows. Features change, the forecast that it corrects does not.
struct Asked<'a> {
    network: &'a ValueNetwork,
    table: &'a Table,
    test: &'a [u32],
    offset: Option<Vec<f64>>,
}

impl Studied for Asked<'_> {
    fn preprocessor(&self) -> &Preprocessor {
        &self.network.preprocessor
    }

    fn test(&self) -> &[u32] {
        self.test
    }

    /// Values before the lowest are pooled: pooled rows have no order.
    fn rank(&self, data: &Dataset, rows: &[u32]) -> Result<Vec<f64>, Failure> {
        let offset = self.offset.as_deref();
        let alone = self.network.expected(data, rows, offset)?;
        let money = |(value, &row): (f64, &u32)| self.network.blend(value, offset, row) * self.network.scale;
        Ok(alone.into_iter().zip(rows).map(money).collect())
    }

    fn predict(&self, data: &Dataset, rows: &[u32]) -> Result<Vec<f64>, Failure> {
        self.rank(data, rows)
    }

    fn judged(&self, ranking: &[f64], data: &Dataset, rows: &[u32]) -> Result<Judged, Failure> {
        let valued = Valued::new(ranking, &actual(self.table, rows), weights(data).as_deref())?;
        Ok(Judged::Values(valued, ValueMetric::NormalizedGini))
    }
}

/// The model on each group of the columns that the plan names.
pub fn slices(plan: &Plan, loaded: &Loaded, model: &Valued, rows: &[u32]) -> Result<Vec<ValueSliceTable>, Failure> {
    let judge = |column: &Column| slice(plan, model, &column.name, &groups::levels(column, rows));
    groups::columns(plan, &loaded.table).map(judge).collect()
}

/// The model on customers who first bought in the same month; none without events.
pub fn cohorts(plan: &Plan, loaded: &Loaded, model: &Valued, rows: &[u32]) -> Result<Option<ValueSliceTable>, Failure> {
    let Some(events) = &loaded.events else { return Ok(None) };
    let first = |(&row, cutoff): (&u32, i64)| {
        let age = events.histories[row as usize].age_days;
        let first = Timestamp(cutoff) - Span((age * Span::DAY.0 as f64) as i64);
        (age > 0.0).then(|| facts::date(first)[..MONTH].to_owned())
    };
    let months: Vec<Option<String>> = rows.iter().zip(cutoffs(&loaded.table, rows)).map(first).collect();
    slice(plan, model, "first purchase", &months).map(Some)
}

fn slice(plan: &Plan, model: &Valued, name: &str, levels: &[Option<String>]) -> Result<ValueSliceTable, Failure> {
    let settings = ValueSliceSettings { bootstrap: bootstrap(plan), min_rows: plan.evaluate.min_slice_rows };
    let levels: Vec<Option<&str>> = levels.iter().map(Option::as_deref).collect();
    Ok(slice_values_by(model, name, &levels, &settings)?)
}
