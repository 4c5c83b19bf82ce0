//! Columns that may be the label in disguise.
//!
//! A feature that by itself all but tells the outcome was most likely recorded after it: the reason for leaving, the date
//! of the last invoice, a status. The tests here look at one column at a time on training rows and name such columns
//! with the evidence; whether it is leakage only its owner can say. Their bounds lie far beyond honest features, whose
//! single-column AUC seldom passes .9.

mod rank;

use rayon::prelude::*;
use tenure_table::{Categories, Column, MISSING_CODE, Table, Values};

use self::rank::{ClassCounts, auc_of_codes, auc_of_magnitudes};
use crate::EncodeError;
use crate::target::Target;
use crate::transform::check_rows;

/// A column whose AUC alone, in either direction, is at least this is suspected.
pub const MIN_AUC: f64 = 0.985;
/// Fewer rows of either class than this prove nothing.
pub const MIN_CLASS_ROWS: u64 = 20;
/// A level (or missing, or present) whose rows are all of the rarer class is suspected from this many rows on, ...
pub const MIN_PURE_ROWS: u64 = 50;
/// ... if it holds at least this share of that class.
pub const MIN_PURE_SHARE: f64 = 0.2;
/// Numbers of at most this many distinct values are looked at as levels, too.
const MAX_CODES: usize = 64;
/// More rows than this are thinned evenly: the bounds need no more.
const MAX_ROWS: usize = 200_000;

/// A column that may be the label in disguise.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Suspect {
    /// The feature column.
    pub column: String,
    /// What was seen, as a sentence without its full stop.
    pub evidence: String,
    /// The AUC of the column alone, in the direction that gives at least one half.
    pub auc: f64,
}

/// Feature columns that tell the target nearly or wholly by themselves, on these (training) rows; in table order.
///
/// Four tests, of which the first to fire speaks: whether the column is missing ranks the classes; its magnitudes rank
/// them; its levels do, learned on one half of the rows and checked on the other, so that a column of many rare levels is
/// not suspected; and one level, or being missing or present, occurs with the rarer class only. See the constants of
/// this module for the bounds. Columns that are no features, such as ids, are not looked at.
///
/// ```
/// use tenure_encode::leakage;
/// use tenure_table::{Column, Role, Table, Values};
///
/// let churned: Vec<f32> = (0..200).map(|i| f32::from(u8::from(i % 4 == 0))).collect();
/// let final_invoice = churned.iter().map(|&y| if y == 1.0 { 17.5 } else { f32::NAN }).collect();
/// let table = Table::new(vec![
///     Column::new("churned", Role::Target, Values::Numeric(churned)),
///     Column::new("final_invoice", Role::Numeric, Values::Numeric(final_invoice)),
/// ])
/// .unwrap();
/// let rows: Vec<u32> = (0..200).collect();
/// let suspects = leakage::suspects(&table, &rows).unwrap();
/// assert_eq!(suspects[0].column, "final_invoice");
/// assert_eq!(suspects[0].evidence, "whether it is missing tells `churned` with an AUC of 1.0000 on 200 training rows");
/// ```
pub fn suspects(table: &Table, rows: &[u32]) -> Result<Vec<Suspect>, EncodeError> {
    check_rows(table, rows)?;
    let target = Target::of(table)?;
    let rows = thin(rows);
    let sample = Sample {
        positives: target.classes(&rows)?.into_iter().map(|y| y == 1.0).collect(),
        rows,
        target: &target.column().name,
    };
    let features: Vec<&Column> = table.features().collect();
    let found: Vec<Option<Suspect>> = features.par_iter().map(|column| sample.suspect(column)).collect();
    Ok(found.into_iter().flatten().collect())
}

fn thin(rows: &[u32]) -> Vec<u32> {
    if rows.len() <= MAX_ROWS {
        return rows.to_vec();
    }
    (0..MAX_ROWS as u64).map(|i| rows[(i * rows.len() as u64 / MAX_ROWS as u64) as usize]).collect()
}

/// The rows that are looked at.
struct Sample<'a> {
    rows: Vec<u32>,
    /// One for each row.
    positives: Vec<bool>,
    target: &'a str,
}

impl Sample<'_> {
    fn suspect(&self, column: &Column) -> Option<Suspect> {
        let presence = self.presence(&column.values)?;
        let found = self.by_missing(&presence).or_else(|| self.by_value(&column.values)).or_else(|| {
            let levels = self.pure_level(&column.values);
            levels
                .or_else(|| self.pure(presence[0], "it is missing"))
                .or_else(|| self.pure(presence[1], "it is present"))
        });
        found.map(|(evidence, auc)| Suspect { column: column.name.clone(), evidence, auc })
    }

    /// Classes of the rows where the column is missing, and where it is present.
    fn presence(&self, values: &Values) -> Option<[ClassCounts; 2]> {
        let mut counts = [ClassCounts::default(); 2];
        for (&row_idx, &positive) in self.rows.iter().zip(&self.positives) {
            let is_present = match values {
                Values::Numeric(numbers) => numbers[row_idx as usize].is_finite(),
                Values::Category(categories) => categories.codes[row_idx as usize] != MISSING_CODE,
                Values::Text(_) | Values::Time(_) => return None,
            };
            counts[usize::from(is_present)].add(positive);
        }
        Some(counts)
    }

    fn by_missing(&self, presence: &[ClassCounts; 2]) -> Option<(String, f64)> {
        let auc = auc_of_codes(presence)?;
        (auc >= MIN_AUC).then(|| (self.evidence("whether it is missing tells", auc, self.rows.len()), auc))
    }

    fn by_value(&self, values: &Values) -> Option<(String, f64)> {
        let (auc, what) = match values {
            Values::Numeric(numbers) => {
                let ranked = self.auc_of_numbers(numbers);
                let coded = self.slots_of_numbers(numbers).and_then(|slots| self.auc_of_slots(&slots));
                (ranked.into_iter().chain(coded).reduce(f64::max)?, "its values alone tell")
            }
            Values::Category(c) => (self.auc_of_slots(&self.slots_of_levels(c))?, "its levels alone tell"),
            Values::Text(_) | Values::Time(_) => return None,
        };
        (auc >= MIN_AUC).then(|| (self.evidence(what, auc, self.rows.len()), auc))
    }

    fn auc_of_numbers(&self, numbers: &[f32]) -> Option<f64> {
        let pairs = self.rows.iter().map(|&row_idx| numbers[row_idx as usize]).zip(self.positives.iter().copied());
        auc_of_magnitudes(pairs.filter(|(value, _)| value.is_finite()).collect())
    }

    /// For each row the place of its level; missing comes last.
    fn slots_of_levels(&self, categories: &Categories) -> Vec<usize> {
        let n_levels = categories.levels.len();
        self.rows.iter().map(|&row_idx| (categories.codes[row_idx as usize] as usize).min(n_levels)).collect()
    }

    /// The same for numbers of few distinct values, which may be codes in no order; none for others.
    fn slots_of_numbers(&self, numbers: &[f32]) -> Option<Vec<usize>> {
        let mut distinct: Vec<f32> = Vec::new();
        for value in self.rows.iter().map(|&row_idx| numbers[row_idx as usize]).filter(|value| !value.is_nan()) {
            if let Err(place) = distinct.binary_search_by(|known| known.total_cmp(&value)) {
                distinct.insert(place, value);
            }
            if distinct.len() > MAX_CODES {
                return None;
            }
        }
        let slot = |value: f32| distinct.binary_search_by(|known| known.total_cmp(&value)).unwrap_or(distinct.len());
        Some(self.rows.iter().map(|&row_idx| slot(numbers[row_idx as usize])).collect())
    }

    /// The AUC of each slot's share of positives, taken from the other half of the rows.
    fn auc_of_slots(&self, slots: &[usize]) -> Option<f64> {
        let n_slots = slots.iter().max()? + 1;
        let mut halves = [vec![ClassCounts::default(); n_slots], vec![ClassCounts::default(); n_slots]];
        for (place, (&slot, &positive)) in slots.iter().zip(&self.positives).enumerate() {
            halves[half_of(place)][slot].add(positive);
        }
        let shares = halves.map(|half| half.into_iter().map(ClassCounts::share).collect::<Vec<f32>>());
        let scored = slots.iter().zip(&self.positives).enumerate();
        auc_of_magnitudes(scored.map(|(place, (&slot, &y))| (shares[1 - half_of(place)][slot], y)).collect())
    }

    fn pure_level(&self, values: &Values) -> Option<(String, f64)> {
        let Values::Category(categories) = values else { return None };
        let mut counts = vec![ClassCounts::default(); categories.levels.len()];
        for (&row_idx, &positive) in self.rows.iter().zip(&self.positives) {
            if let Some(count) = counts.get_mut(categories.codes[row_idx as usize] as usize) {
                count.add(positive);
            }
        }
        let named = counts.into_iter().zip(&categories.levels);
        let mut found = named.filter_map(|(count, level)| self.pure(count, &format!("it is `{level}`")));
        found.next()
    }

    /// Evidence if these rows are all of the rarer class and hold much of it.
    fn pure(&self, counts: ClassCounts, when: &str) -> Option<(String, f64)> {
        let n_positive = self.positives.iter().filter(|&&positive| positive).count() as u64;
        let n_negative = self.positives.len() as u64 - n_positive;
        let (class, n_class) = match (counts.negative, counts.positive) {
            (0, _) if n_positive <= n_negative => (1, n_positive),
            (_, 0) if n_negative <= n_positive => (0, n_negative),
            _ => return None,
        };
        let n_rows = counts.negative + counts.positive;
        let share = n_rows as f64 / n_class.max(1) as f64;
        (n_rows >= MIN_PURE_ROWS && share >= MIN_PURE_SHARE).then(|| {
            let target = self.target;
            let percent = 100.0 * share;
            let evidence = format!(
                "all {n_rows} training rows where {when} have `{target}` = {class}, {percent:.0} % of all such rows"
            );
            (evidence, 0.5 + share / 2.0)
        })
    }

    fn evidence(&self, what: &str, auc: f64, n_rows: usize) -> String {
        format!("{what} `{}` with an AUC of {auc:.4} on {n_rows} training rows", self.target)
    }
}

/// One of two halves, whatever the order of the rows (the golden-ratio sequence alternates without a period).
const fn half_of(place: usize) -> usize {
    ((place as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 63) as usize
}
