//! Which rows are customers, which features tell them apart, and what they are worth.

use tenure_config::Plan;
use tenure_data::Loaded;
use tenure_segments::SegmentError;
use tenure_table::{Column, Role, Table, Timestamp, Values};

use super::columns::Columns;
use crate::failure::Failure;

/// The features of a log where the plan names none: how recently, how often, how much, for how long.
const DEFAULT_FEATURES: [&str; 4] = ["recency_days", "n_purchases", "spend_sum", "tenure_days"];
/// Money spent before the date.
const SPEND: &str = "spend_sum";

/// The customers to be segmented.
pub struct Customers<'a> {
    /// The table: ids, what became of customers, and the columns, where those are not in a scratch file.
    pub table: &'a Table,
    /// All columns.
    pub columns: Columns<'a>,
    /// Rows of the picture.
    pub now: Vec<u32>,
    /// Its date; only for events.
    pub at: Option<Timestamp>,
    /// Rows of the earlier picture, with its date; empty where the plan names none.
    pub earlier: Vec<u32>,
    /// The earlier date.
    pub earlier_at: Option<Timestamp>,
    /// Names of the features that are clustered.
    pub features: Vec<String>,
    /// Units of the features, by name.
    pub units: Vec<(String, String)>,
    /// The column of value, where the data have one.
    pub value: Option<String>,
    /// What a reader must know.
    pub caveats: Vec<String>,
}

/// Finds them.
pub fn customers<'a>(plan: &Plan, loaded: &'a Loaded) -> Result<Customers<'a>, Failure> {
    let (table, columns) = (&loaded.table, Columns::of(loaded));
    let mut caveats = Vec::new();
    let (now, at, earlier, earlier_at) = match &loaded.events {
        None => ((0..columns.n_rows() as u32).collect(), None, Vec::new(), None),
        Some(events) => {
            let dates: Vec<Timestamp> = events.cutoffs.iter().map(|cutoff| cutoff.cutoff).collect();
            let at = *dates.last().expect("a picture has a date");
            let earlier_at = (dates.len() > 1).then(|| dates[0]);
            let (now, n_without) = buyers(table, at);
            if n_without > 0 {
                caveats.push(format!(
                    "{n_without} customers without a purchase before the date (with returns only, say) are in no segment."
                ));
            }
            (now, Some(at), earlier_at.map_or(Vec::new(), |earlier| buyers(table, earlier).0), earlier_at)
        }
    };
    let features = features(plan, columns, &now, &mut caveats)?;
    let value = value(plan, columns, &now, &mut caveats)?;
    let lineage = loaded.events.iter().flat_map(|events| &events.lineage);
    let units = lineage.map(|feature| (feature.feature.clone(), feature.unit.clone())).collect();
    Ok(Customers { table, columns, now, at, earlier, earlier_at, features, units, value, caveats })
}

/// Rows of a date whose customer has bought, and how many have not.
fn buyers(table: &Table, at: Timestamp) -> (Vec<u32>, usize) {
    let times = match table.with_role(Role::Time).map(|column| &column.values) {
        Some(Values::Time(times)) => times.as_slice(),
        _ => &[],
    };
    let recency = numbers(table, "recency_days");
    let of_date = (0..times.len() as u32).filter(|&row| times[row as usize] == at.0);
    let has_bought = |row: &u32| recency.is_none_or(|days| !days[*row as usize].is_nan());
    let (bought, without): (Vec<u32>, Vec<u32>) = of_date.partition(has_bought);
    (bought, without.len())
}

/// A numeric column.
fn numbers<'a>(table: &'a Table, name: &str) -> Option<&'a [f32]> {
    match &table.column(name)?.values {
        Values::Numeric(values) => Some(values),
        _ => None,
    }
}

fn features(
    plan: &Plan,
    columns: Columns<'_>,
    rows: &[u32],
    caveats: &mut Vec<String>,
) -> Result<Vec<String>, Failure> {
    let named = &plan.segments.features;
    let present = columns.features();
    for name in named {
        if !present.contains(name) {
            if !columns.has(SPEND) && name.starts_with("spend_") {
                return Err(SegmentError::NoAmounts { what: "a feature of spend in `segments.features`" }.into());
            }
            let (setting, feature) = ("segments.features", name.clone());
            return Err(SegmentError::UnknownFeature { setting, feature, present }.into());
        }
        if let Some(found) = constant(columns, name, rows)? {
            let (feature, n_customers) = (name.clone(), rows.len());
            return Err(SegmentError::ConstantFeature { feature, found, n_customers }.into());
        }
        if too_many_levels(columns, name, plan) {
            let what = format!("`{name}` has more than {} levels", plan.encode.one_hot_max);
            return Err(Failure::usage(
                format!("feature {what}, too many for indicators"),
                "leave it out of `segments.features`, or raise `encode.one_hot_max`",
            ));
        }
    }
    if !named.is_empty() {
        return Ok(named.clone());
    }
    let is_log = columns.has("recency_days");
    let mut kept = Vec::new();
    for name in present.iter().filter(|name| !is_log || DEFAULT_FEATURES.contains(&name.as_str())) {
        if let Some(found) = constant(columns, name, rows)? {
            caveats.push(format!("`{name}` is {found} for all customers and was left out."));
        } else if too_many_levels(columns, name, plan) {
            let most = plan.encode.one_hot_max;
            caveats.push(format!("`{name}` has more than {most} levels and was left out."));
        } else {
            kept.push(name.clone());
        }
    }
    if kept.is_empty() {
        let (feature, n_customers) = (present.join(", "), rows.len());
        return Err(SegmentError::ConstantFeature { feature, found: "the same".into(), n_customers }.into());
    }
    Ok(kept)
}

/// The only value of these rows, where they have one.
fn constant(columns: Columns<'_>, name: &str, rows: &[u32]) -> Result<Option<String>, Failure> {
    Ok(columns.get(name)?.and_then(|column| only_value(&column, rows)))
}

fn only_value(column: &Column, rows: &[u32]) -> Option<String> {
    match &column.values {
        Values::Numeric(values) => {
            let mut of_rows = rows.iter().map(|&row| values[row as usize]);
            let first = of_rows.next()?;
            let same = of_rows.all(|value| value == first || (value.is_nan() && first.is_nan()));
            same.then(|| if first.is_nan() { "missing".into() } else { first.to_string() })
        }
        Values::Category(levels) => {
            let mut of_rows = rows.iter().map(|&row| levels.codes[row as usize]);
            let first = of_rows.next()?;
            let name = levels.get(*rows.first()? as usize).unwrap_or("missing").to_owned();
            of_rows.all(|code| code == first).then_some(name)
        }
        Values::Text(_) | Values::Time(_) => None,
    }
}

fn too_many_levels(columns: Columns<'_>, name: &str, plan: &Plan) -> bool {
    columns.n_levels(name).is_some_and(|n_levels| n_levels > plan.encode.one_hot_max)
}

fn value(
    plan: &Plan,
    columns: Columns<'_>,
    rows: &[u32],
    caveats: &mut Vec<String>,
) -> Result<Option<String>, Failure> {
    let name = match &plan.segments.value {
        Some(name) => name.clone(),
        None if columns.has(SPEND) => SPEND.to_owned(),
        None => return Ok(None),
    };
    let Some(values) = columns.numbers_of(&name, rows)? else {
        if !columns.has(SPEND) && name.starts_with("spend_") {
            return Err(SegmentError::NoAmounts { what: "`segments.value`" }.into());
        }
        let present = columns.numeric_features();
        return Err(SegmentError::UnknownFeature { setting: "segments.value", feature: name, present }.into());
    };
    let n_missing = values.iter().filter(|value| value.is_nan()).count();
    if n_missing > 0 {
        caveats.push(format!("{n_missing} customers have no `{name}`; their value counts as 0."));
    }
    Ok(Some(name))
}

impl Customers<'_> {
    /// The value of these rows; none where the data have none.
    pub fn values(&self, rows: &[u32]) -> Result<Option<Vec<f64>>, Failure> {
        let Some(name) = &self.value else { return Ok(None) };
        let or_zero = |value: f32| if value.is_nan() { 0.0 } else { f64::from(value) };
        let values = self.columns.numbers_of(name, rows)?;
        Ok(values.map(|values| values.into_iter().map(or_zero).collect()))
    }

    /// A numeric column of these rows; none where there is no such column.
    pub fn figure(&self, name: &str, rows: &[u32]) -> Result<Option<Vec<f64>>, Failure> {
        let values = self.columns.numbers_of(name, rows)?;
        Ok(values.map(|values| values.into_iter().map(f64::from).collect()))
    }

    /// Whether the data say what became of customers.
    pub fn has_outcome(&self) -> bool {
        self.table.with_role(Role::Target).is_some()
    }

    /// The unit of a column; `1` where it is not known.
    pub fn unit(&self, name: &str) -> String {
        self.units.iter().find(|(known, _)| known == name).map_or("1".into(), |(_, unit)| unit.clone())
    }

    /// The target and its name, where the data have one: it takes no part in the clustering.
    pub fn outcome(&self, rows: &[u32]) -> Option<(&str, Vec<f64>)> {
        let column = self.table.with_role(Role::Target)?;
        let Values::Numeric(values) = &column.values else { return None };
        Some((column.name.as_str(), rows.iter().map(|&row| f64::from(values[row as usize])).collect()))
    }

    /// For each row of the picture, the place of the same customer among `earlier`.
    pub fn places_earlier(&self) -> Vec<Option<usize>> {
        let Some(Values::Text(ids)) = self.table.with_role(Role::Id).map(|column| &column.values) else {
            return vec![None; self.now.len()];
        };
        let id = |row: &u32| ids.get(*row as usize);
        let known: std::collections::HashMap<&str, usize> =
            self.earlier.iter().enumerate().map(|(place, row)| (id(row), place)).collect();
        self.now.iter().map(|row| known.get(id(row)).copied()).collect()
    }
}
