//! One row per (customer, cutoff): features, label, and what they were measured to read.

use rayon::prelude::*;
use tenure_config::{Features, Returns, Sequence, Task};
use tenure_table::{Categories, Column, Role, Sequences, Span, Timestamp, Values};

use super::EventsError;
use super::base::{BaseCounts, CustomerBase};
use super::cutoffs::{ResolvedCutoff, ResolvedCutoffs, TimeRange};
use super::family::{Definition, Family, History, Kind, RowWriter, families};
use super::history::{HistoryRule, RowHistory};
use super::lineage::Reads;
use super::log::{LogSchema, LogView};
use super::purchases::{Histories, between};
use super::retention::RetentionCounts;
use super::sequence::{RowSequences, SequenceRule};
use super::values::value;
use crate::{CutoffInfo, FeatureLineage, Retention};

/// The column of the label: 1 where the customer churned, 0 where not.
pub const TARGET_COLUMN: &str = "churned";
/// The column of the value in the label's window: money.
pub const VALUE_COLUMN: &str = "value";
/// The column of the cutoff.
pub const CUTOFF_COLUMN: &str = "cutoff";

/// Customers per task: their cells in every column stay in a core's own cache.
const CHUNK_CUSTOMERS: usize = 1_024;

/// Rows of all customers and cutoffs.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRows {
    /// Features, then the targets, then the cutoff; rows ascend in (customer, cutoff).
    pub columns: Vec<Column>,
    /// What the classical models know of each row; empty unless [`RowBuilder::with_histories`] asked for it.
    pub histories: Vec<RowHistory>,
    /// The customers whom rows leave out, and everybody's purchases by week; empty like `histories`.
    pub base: CustomerBase,
    /// The last purchases before each row's cutoff; none unless [`RowBuilder::with_sequences`] asked for them.
    pub sequences: Option<Sequences>,
    /// The customer of each row.
    pub customer: Vec<u32>,
    /// One for each cutoff, ascending.
    pub cutoffs: Vec<CutoffInfo>,
    /// One for each feature, in the order of the columns; then one for the sequences, where there are any.
    pub lineage: Vec<FeatureLineage>,
    /// Monthly cohorts over the whole log, also after the cutoffs: it describes the data and is no feature.
    pub retention: Retention,
}

/// Computes rows from a log that arrives in pieces, each with all events of its customers.
pub struct RowBuilder {
    families: Vec<Box<dyn Family>>,
    definitions: Vec<Definition>,
    cutoffs: ResolvedCutoffs,
    lookback: Option<Span>,
    cells: Cells,
    counts: Vec<CutoffCounts>,
    reads: Vec<Reads>,
    retention: RetentionCounts,
    labels: Labels,
    base: Option<BaseCounts>,
    sequences: Option<(SequenceRule, RowSequences)>,
    /// Of each column of role `category`, where sequences read them.
    levels: Vec<Vec<String>>,
    range: TimeRange,
    schema: LogSchema,
}

/// Which labels a row gets.
#[derive(Clone, Copy, Debug)]
struct Labels {
    churn: bool,
    /// What returns do to the value, where there is one.
    value: Option<Returns>,
}

/// Values by column; numeric and level columns apart, each in the order of the definitions.
#[derive(Debug, Default)]
struct Cells {
    numeric: Vec<Vec<f32>>,
    levels: Vec<Vec<u32>>,
    target: Vec<f32>,
    value: Vec<f32>,
    history: Vec<RowHistory>,
    cutoff_us: Vec<i64>,
    customer: Vec<u32>,
}

#[derive(Clone, Copy, Debug, Default)]
struct CutoffCounts {
    n_rows: u64,
    n_positive: u64,
    value_sum: f64,
}

impl RowBuilder {
    /// A builder for logs with these columns and events within `range`, with the labels of churn.
    pub fn new(features: &Features, schema: &LogSchema, cutoffs: &ResolvedCutoffs, range: TimeRange) -> Self {
        let families = families(features, schema);
        let definitions: Vec<_> = families.iter().flat_map(|family| family.describe(schema)).collect();
        let n_numeric = definitions.iter().filter(|d| d.kind == Kind::Numeric).count();
        let test = cutoffs.test();
        Self {
            cells: Cells {
                numeric: vec![Vec::new(); n_numeric],
                levels: vec![Vec::new(); definitions.len() - n_numeric],
                ..Cells::default()
            },
            counts: vec![CutoffCounts::default(); cutoffs.all().len()],
            reads: vec![Reads::NONE; definitions.len()],
            retention: RetentionCounts::new(range),
            lookback: (test.features_from.0 != i64::MIN).then(|| test.cutoff - test.features_from),
            cutoffs: cutoffs.clone(),
            families,
            definitions,
            labels: Labels { churn: true, value: None },
            base: None,
            sequences: None,
            levels: Vec::new(),
            range,
            schema: schema.clone(),
        }
    }

    /// With the labels of this task.
    #[must_use]
    pub fn with_labels(self, task: Task, returns: Returns) -> Self {
        let value = task.predicts_value().then_some(returns);
        Self { labels: Labels { churn: task.predicts_churn(), value }, ..self }
    }

    /// With what the classical models know of each row; a period is as long as the test cutoff's label.
    #[must_use]
    pub fn with_histories(self) -> Self {
        let test = self.cutoffs.test();
        let rule = HistoryRule { has_amount: self.schema.amount.is_some(), horizon: test.label_end - test.label_start };
        let base = BaseCounts::new(rule, &self.cutoffs, self.range);
        Self { base: Some(base), ..self }
    }

    /// With the last purchases of each row, where the plan reads them; the levels of each column of role `category` where
    /// it reads those too.
    #[must_use]
    pub fn with_sequences(self, sequence: &Sequence, levels: Vec<Vec<String>>) -> Self {
        let rule = SequenceRule::new(sequence, &self.schema);
        Self { sequences: rule.map(|rule| (rule.clone(), rule.empty())), levels, ..self }
    }

    /// The number of features.
    pub fn n_features(&self) -> usize {
        self.definitions.len()
    }

    /// Rows so far.
    pub fn n_rows(&self) -> usize {
        self.cells.customer.len()
    }

    /// Appends the rows of every customer of `log`, in their order.
    ///
    /// # Errors
    /// [`EventsError::TooManyRows`] where a 32-bit index would not tell the rows apart.
    ///
    /// # Panics
    /// When the view lacks a column of the schema, or its offsets do not fit its columns.
    pub fn push(&mut self, log: &LogView<'_>) -> Result<(), EventsError> {
        let chunks = self.count_rows(log);
        let n_new: usize = chunks.iter().map(|chunk| chunk.n_rows).sum();
        let n_rows = (self.n_rows() + n_new) as u64;
        if n_rows >= u64::from(u32::MAX) {
            return Err(EventsError::TooManyRows { n_rows });
        }
        let slices = self.cells.grow(&chunks, self.labels, self.base.is_some());
        let (labels, base) = (self.labels, self.base.as_ref());
        let sequences = self.sequences.as_ref().map(|(rule, _)| rule);
        let (families, cutoffs, n_features) = (&self.families, self.cutoffs.all(), self.definitions.len());
        let results: Vec<_> = chunks
            .into_par_iter()
            .zip(slices)
            .map(|(chunk, slices)| {
                let reads = vec![Reads::NONE; n_features];
                let counts = vec![CutoffCounts::default(); cutoffs.len()];
                let base = base.map(BaseCounts::empty);
                let sequences = sequences.map(SequenceRule::empty);
                Worker { log, families, cutoffs, slices, reads, counts, labels, base, sequences }.run(&chunk)
            })
            .collect();
        for described in results {
            self.add(&described.reads, &described.counts);
            if let (Some(all), Some(more)) = (&mut self.base, described.base) {
                all.append(more);
            }
            if let (Some((_, all)), Some(more)) = (&mut self.sequences, &described.sequences) {
                all.append(more);
            }
        }
        self.retention.add(log);
        Ok(())
    }

    fn add(&mut self, reads: &[Reads], counts: &[CutoffCounts]) {
        for (sum, more) in self.reads.iter_mut().zip(reads) {
            *sum = sum.merge(*more);
        }
        for (sum, more) in self.counts.iter_mut().zip(counts) {
            sum.n_rows += more.n_rows;
            sum.n_positive += more.n_positive;
            sum.value_sum += more.value_sum;
        }
    }

    fn count_rows(&self, log: &LogView<'_>) -> Vec<Chunk> {
        let n_customers = log.n_customers();
        let n_chunks = n_customers.div_ceil(CHUNK_CUSTOMERS);
        let count = |chunk_idx: usize| {
            let start = chunk_idx * CHUNK_CUSTOMERS;
            let customers = start..(start + CHUNK_CUSTOMERS).min(n_customers);
            let is_row = |idx: usize, cutoff| usize::from(is_active(log, idx, cutoff));
            let n_rows = customers.clone().map(|idx| self.cutoffs.all().iter().map(|c| is_row(idx, c)).sum::<usize>());
            Chunk { n_rows: n_rows.sum(), customers }
        };
        (0..n_chunks).into_par_iter().map(count).collect()
    }

    /// The rows.
    ///
    /// # Errors
    /// [`EventsError::NoRows`] where a cutoff has no customer.
    pub fn finish(self) -> Result<EventRows, EventsError> {
        let cutoffs = self.cutoff_infos();
        if let Some(empty) = cutoffs.iter().find(|info| info.n_rows == 0) {
            return Err(EventsError::NoRows { cutoff: empty.cutoff });
        }
        let lineage = self.lineage();
        let sequences = self.sequences.map(|(_, rows)| rows.sequences.with_levels(self.levels));
        let Cells { numeric, levels, target, value, history: histories, cutoff_us, customer } = self.cells;
        let (mut numeric, mut levels) = (numeric.into_iter(), levels.into_iter());
        let feature = |definition: Definition| {
            let (role, values) = match definition.kind {
                Kind::Numeric => (Role::Numeric, numeric.next().map(Values::Numeric)),
                Kind::Level(names) => (Role::Category, levels.next().map(|codes| level_values(codes, names))),
            };
            Column::new(definition.name, role, values.expect("one column for each definition"))
        };
        let mut columns: Vec<_> = self.definitions.into_iter().map(feature).collect();
        if self.labels.churn {
            columns.push(Column::new(TARGET_COLUMN, Role::Target, Values::Numeric(target)));
        }
        if self.labels.value.is_some() {
            columns.push(Column::new(VALUE_COLUMN, Role::Value, Values::Numeric(value)));
        }
        columns.push(Column::new(CUTOFF_COLUMN, Role::Time, Values::Time(cutoff_us)));
        let base = self.base.map(BaseCounts::finish).unwrap_or_default();
        let retention = self.retention.finish();
        Ok(EventRows { columns, histories, base, sequences, customer, cutoffs, lineage, retention })
    }

    fn cutoff_infos(&self) -> Vec<CutoffInfo> {
        let test = self.cutoffs.test().cutoff;
        let info = |(c, counts): (&ResolvedCutoff, &CutoffCounts)| CutoffInfo {
            cutoff: c.cutoff,
            label_start: c.label_start,
            label_end: c.label_end,
            n_rows: counts.n_rows,
            n_positive: counts.n_positive,
            value_sum: self.labels.value.map(|_| counts.value_sum),
            is_test: c.cutoff == test,
        };
        self.cutoffs.all().iter().zip(&self.counts).map(info).collect()
    }

    fn lineage(&self) -> Vec<FeatureLineage> {
        let lineage = |(d, reads): (&Definition, &Reads)| {
            let measured: Option<(Timestamp, Span)> = reads.measured();
            FeatureLineage {
                feature: d.name.clone(),
                definition: d.formula.clone(),
                columns: d.sources.clone(),
                window: d.window.into_iter().chain(self.lookback).min(),
                unit: d.unit.to_owned(),
                latest_event: measured.map(|(latest, _)| latest),
                min_slack: measured.map(|(_, slack)| slack),
            }
        };
        let sequence = self.sequences.iter();
        let sequence = sequence.map(|(rule, rows)| rule.lineage(&self.schema, self.lookback, rows.reads));
        self.definitions.iter().zip(&self.reads).map(lineage).chain(sequence).collect()
    }
}

fn level_values(codes: Vec<u32>, names: &[&str]) -> Values {
    Values::Category(Categories { codes, levels: names.iter().map(|&name| name.to_owned()).collect() })
}

fn is_active(log: &LogView<'_>, idx: usize, cutoff: &ResolvedCutoff) -> bool {
    let times = &log.time_us[log.rows(idx)];
    !between(times, |&time_us| time_us, cutoff.active_from.0, cutoff.cutoff.0).is_empty()
}

/// Customers that one task describes.
#[derive(Debug)]
struct Chunk {
    customers: std::ops::Range<usize>,
    n_rows: usize,
}

/// One task's cells in every column.
struct Slices<'c> {
    numeric: Vec<&'c mut [f32]>,
    levels: Vec<&'c mut [u32]>,
    target: &'c mut [f32],
    /// Empty where no value is predicted.
    value: &'c mut [f32],
    /// Empty where nobody asked.
    history: &'c mut [RowHistory],
    cutoff_us: &'c mut [i64],
    customer: &'c mut [u32],
}

impl Cells {
    /// Makes room for the rows of these chunks and hands each chunk its cells.
    fn grow(&mut self, chunks: &[Chunk], labels: Labels, has_history: bool) -> Vec<Slices<'_>> {
        let none: Vec<Chunk> =
            chunks.iter().map(|chunk| Chunk { n_rows: 0, customers: chunk.customers.clone() }).collect();
        let value = extend(&mut self.value, if labels.value.is_some() { chunks } else { &none });
        let history = extend(&mut self.history, if has_history { chunks } else { &none });
        let mut numeric: Vec<_> = self.numeric.iter_mut().map(|column| extend(column, chunks)).collect();
        let mut levels: Vec<_> = self.levels.iter_mut().map(|column| extend(column, chunks)).collect();
        let target = extend(&mut self.target, chunks);
        let cutoff_us = extend(&mut self.cutoff_us, chunks);
        let customer = extend(&mut self.customer, chunks);
        target
            .zip(cutoff_us)
            .zip(customer)
            .zip(value.zip(history))
            .map(|(((target, cutoff_us), customer), (value, history))| Slices {
                numeric: numeric.iter_mut().filter_map(Iterator::next).collect(),
                levels: levels.iter_mut().filter_map(Iterator::next).collect(),
                target,
                value,
                history,
                cutoff_us,
                customer,
            })
            .collect()
    }
}

/// Makes room in one column; one slice for each chunk.
fn extend<'c, T: Clone + Default>(column: &'c mut Vec<T>, chunks: &[Chunk]) -> impl Iterator<Item = &'c mut [T]> {
    let before = column.len();
    column.resize(before + chunks.iter().map(|chunk| chunk.n_rows).sum::<usize>(), T::default());
    let mut rest = &mut column[before..];
    chunks.iter().map(move |chunk| {
        let (front, back) = std::mem::take(&mut rest).split_at_mut(chunk.n_rows);
        rest = back;
        front
    })
}

/// Describes the customers of one chunk.
struct Worker<'a, 'c> {
    log: &'a LogView<'a>,
    families: &'a [Box<dyn Family>],
    cutoffs: &'a [ResolvedCutoff],
    slices: Slices<'c>,
    reads: Vec<Reads>,
    counts: Vec<CutoffCounts>,
    labels: Labels,
    base: Option<BaseCounts>,
    sequences: Option<RowSequences>,
}

/// What a worker leaves beside its cells.
struct Described {
    reads: Vec<Reads>,
    counts: Vec<CutoffCounts>,
    base: Option<BaseCounts>,
    sequences: Option<RowSequences>,
}

impl Worker<'_, '_> {
    fn run(mut self, chunk: &Chunk) -> Described {
        let mut histories = Histories::default();
        let mut scratch = Vec::new();
        let mut row_idx = 0;
        for customer_idx in chunk.customers.clone() {
            histories.read(self.log, customer_idx);
            if let Some(base) = &mut self.base {
                base.count(&histories.purchases);
            }
            for cutoff_idx in 0..self.cutoffs.len() {
                if is_active(self.log, customer_idx, &self.cutoffs[cutoff_idx]) {
                    self.describe(customer_idx, cutoff_idx, &histories, row_idx, &mut scratch);
                    self.label(cutoff_idx, &histories, row_idx);
                    self.slices.customer[row_idx] = self.log.first_customer + customer_idx as u32;
                    row_idx += 1;
                } else if let Some(base) = &mut self.base {
                    base.leave_out(&histories.purchases, cutoff_idx, &self.cutoffs[cutoff_idx]);
                }
            }
        }
        let Self { reads, counts, base, sequences, .. } = self;
        Described { reads, counts, base, sequences }
    }

    fn describe(
        &mut self,
        customer_idx: usize,
        cutoff_idx: usize,
        histories: &Histories,
        row_idx: usize,
        scratch: &mut Vec<u32>,
    ) {
        let cutoff = &self.cutoffs[cutoff_idx];
        let (from, to) = (cutoff.features_from.0, cutoff.cutoff.0);
        let rows = self.log.rows(customer_idx);
        let times = &self.log.time_us[rows.clone()];
        let n_before = times.partition_point(|&time_us| time_us < from);
        let n_seen = between(times, |&time_us| time_us, from, to).len();
        let lines = rows.start + n_before..rows.start + n_before + n_seen;
        let history = History {
            cutoff_us: to,
            purchases: between(&histories.purchases, |p| p.time_us, from, to),
            returns: between(&histories.returns, |r| r.time_us, from, to),
            log: self.log,
            lines: &lines,
        };
        if let Some(sequences) = &mut self.sequences {
            sequences.push(history.purchases, to, self.log, &lines);
        }
        let mut row = RowWriter {
            numeric: &mut self.slices.numeric,
            levels: &mut self.slices.levels,
            reads: &mut self.reads,
            row_idx,
            cutoff_us: to,
            next_numeric: 0,
            next_level: 0,
            scratch,
        };
        for family in self.families {
            family.compute(&history, &mut row);
        }
        let written = (row.next_numeric, row.next_level);
        debug_assert_eq!(written, (row.numeric.len(), row.levels.len()), "a family wrote what it did not describe");
    }

    fn label(&mut self, cutoff_idx: usize, histories: &Histories, row_idx: usize) {
        let cutoff = &self.cutoffs[cutoff_idx];
        let bought = between(&histories.purchases, |p| p.time_us, cutoff.label_start.0, cutoff.label_end.0);
        let churned = bought.is_empty();
        self.slices.target[row_idx] = f32::from(u8::from(churned));
        self.slices.cutoff_us[row_idx] = cutoff.cutoff.0;
        let counts = &mut self.counts[cutoff_idx];
        counts.n_rows += 1;
        counts.n_positive += u64::from(churned);
        if let Some(returns) = self.labels.value {
            let value = value(histories, cutoff, returns);
            counts.value_sum += value;
            self.slices.value[row_idx] = value as f32;
        }
        if let Some(base) = &self.base {
            self.slices.history[row_idx] = base.history(&histories.purchases, cutoff);
        }
    }
}
