//! The event log in plain memory: rows in any order in, customers' histories in time order out.

use std::ops::Range;

use rayon::prelude::*;

use super::EventsError;

/// Customers of one bucket have the same `customer >> BUCKET_BITS`: 131,072 customers each, so that a sorted copy of one
/// bucket is small beside the whole log.
const BUCKET_BITS: u32 = 17;

/// Which columns a log has, by the names in the files; lineage quotes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogSchema {
    /// The column of role `time`.
    pub time: String,
    /// The column of role `amount`: money of the line (not a unit price).
    pub amount: Option<String>,
    /// The column of role `quantity`.
    pub quantity: Option<String>,
    /// The columns of role `category`.
    pub categories: Vec<String>,
}

/// Rows as the loader reads them, in any order; every slice has one value for each row.
#[derive(Clone, Copy, Debug)]
pub struct EventBatch<'a> {
    /// The customer's number, from 0.
    pub customer: &'a [u32],
    /// Microseconds since the Unix epoch.
    pub time_us: &'a [i64],
    /// Money of the line, NaN where missing; none where the log has no such column.
    pub amount: Option<&'a [f64]>,
    /// Units of the line, NaN where missing; none where the log has no such column.
    pub quantity: Option<&'a [f32]>,
    /// Level codes of each column of role `category`, or [`tenure_table::MISSING_CODE`].
    pub categories: &'a [&'a [u32]],
}

/// Rows of a contiguous range of customers, not yet sorted.
#[derive(Debug, Default)]
struct Bucket {
    customer: Vec<u32>,
    time_us: Vec<i64>,
    amount: Option<Vec<f64>>,
    quantity: Option<Vec<f32>>,
    categories: Vec<Vec<u32>>,
}

/// The log, collected row by row and split by customer so that it can be sorted, used and freed piece by piece.
#[derive(Debug)]
pub struct EventBuckets {
    schema: LogSchema,
    buckets: Vec<Bucket>,
    n_rows: usize,
}

impl EventBuckets {
    /// An empty log with these columns.
    pub fn new(schema: LogSchema) -> Self {
        Self { schema, buckets: Vec::new(), n_rows: 0 }
    }

    /// Rows so far.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Appends rows.
    pub fn push(&mut self, batch: EventBatch<'_>) -> Result<(), EventsError> {
        self.check(&batch)?;
        let last = batch.customer.iter().copied().max().map_or(0, |customer| (customer >> BUCKET_BITS) as usize + 1);
        while self.buckets.len() < last {
            self.buckets.push(Bucket::empty(&self.schema));
        }
        for (row_idx, &customer) in batch.customer.iter().enumerate() {
            let bucket = &mut self.buckets[(customer >> BUCKET_BITS) as usize];
            bucket.customer.push(customer);
            bucket.time_us.push(batch.time_us[row_idx]);
            push_from(&mut bucket.amount, batch.amount, row_idx);
            push_from(&mut bucket.quantity, batch.quantity, row_idx);
            for (codes, from) in bucket.categories.iter_mut().zip(batch.categories) {
                codes.push(from[row_idx]);
            }
        }
        self.n_rows += batch.customer.len();
        Ok(())
    }

    fn check(&self, batch: &EventBatch<'_>) -> Result<(), EventsError> {
        let expected = batch.customer.len();
        let check = |name: &str, found: usize| {
            if found == expected {
                return Ok(());
            }
            Err(EventsError::Ragged { column: name.to_owned(), expected, found })
        };
        check(&self.schema.time, batch.time_us.len())?;
        if let Some(name) = &self.schema.amount {
            check(name, batch.amount.map_or(0, <[f64]>::len))?;
        }
        if let Some(name) = &self.schema.quantity {
            check(name, batch.quantity.map_or(0, <[f32]>::len))?;
        }
        for (idx, name) in self.schema.categories.iter().enumerate() {
            check(name, batch.categories.get(idx).map_or(0, |codes| codes.len()))?;
        }
        Ok(())
    }

    /// Sorted histories, one bucket of customers at a time, in ascending order of customers; each bucket's rows are
    /// freed as its log is made.
    pub fn into_logs(self) -> impl Iterator<Item = Log> {
        let n_buckets = self.buckets.len();
        self.buckets.into_iter().enumerate().map(move |(idx, bucket)| {
            let first_customer = (idx as u32) << BUCKET_BITS;
            let is_last = idx + 1 == n_buckets;
            let n_customers = if is_last {
                bucket.customer.iter().max().map_or(0, |&customer| (customer - first_customer) as usize + 1)
            } else {
                1 << BUCKET_BITS
            };
            bucket.into_log(first_customer, n_customers)
        })
    }
}

fn push_from<T: Copy>(to: &mut Option<Vec<T>>, from: Option<&[T]>, row_idx: usize) {
    if let (Some(to), Some(from)) = (to, from) {
        to.push(from[row_idx]);
    }
}

/// Events of a contiguous range of customers, ascending in (customer, time).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Log {
    /// The number of the first customer.
    pub first_customer: u32,
    /// Customer `i` of this log has the rows `offsets[i]..offsets[i + 1]`.
    pub offsets: Vec<usize>,
    /// Microseconds since the Unix epoch.
    pub time_us: Vec<i64>,
    /// Money of the line, NaN where missing.
    pub amount: Option<Vec<f64>>,
    /// Units of the line, NaN where missing.
    pub quantity: Option<Vec<f32>>,
    /// Level codes of each column of role `category`.
    pub categories: Vec<Vec<u32>>,
}

impl Log {
    /// The log, borrowed.
    pub fn view(&self) -> LogView<'_> {
        LogView {
            first_customer: self.first_customer,
            offsets: &self.offsets,
            time_us: &self.time_us,
            amount: self.amount.as_deref(),
            quantity: self.quantity.as_deref(),
            categories: self.categories.iter().map(Vec::as_slice).collect(),
        }
    }
}

/// A [`Log`] that somebody else owns; the order of one customer's lines at one instant changes nothing.
#[derive(Clone, Debug)]
pub struct LogView<'a> {
    /// The number of the first customer.
    pub first_customer: u32,
    /// Customer `i` of this view has the rows `offsets[i]..offsets[i + 1]`, ascending in time.
    pub offsets: &'a [usize],
    /// Microseconds since the Unix epoch.
    pub time_us: &'a [i64],
    /// Money of the line, NaN where missing.
    pub amount: Option<&'a [f64]>,
    /// Units of the line, NaN where missing.
    pub quantity: Option<&'a [f32]>,
    /// Level codes of each column of role `category`.
    pub categories: Vec<&'a [u32]>,
}

/// What a line of the log is; see the words of [`super`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineKind {
    /// Something was bought.
    Purchase,
    /// Something was given back.
    Return,
    /// Neither.
    Other,
}

impl LogView<'_> {
    /// The number of customers.
    pub fn n_customers(&self) -> usize {
        self.offsets.len().saturating_sub(1)
    }

    /// The rows of customer `idx` of this view.
    pub fn rows(&self, idx: usize) -> Range<usize> {
        self.offsets[idx]..self.offsets[idx + 1]
    }

    /// Money of a row; NaN where it is not known.
    pub(crate) fn amount(&self, row_idx: usize) -> f64 {
        self.amount.map_or(f64::NAN, |values| values[row_idx])
    }

    /// Units of a row; NaN where they are not known.
    pub(crate) fn quantity(&self, row_idx: usize) -> f64 {
        self.quantity.map_or(f64::NAN, |values| f64::from(values[row_idx]))
    }

    /// What a row is.
    pub(crate) fn kind(&self, row_idx: usize) -> LineKind {
        let (amount, quantity) = (self.amount(row_idx), self.quantity(row_idx));
        if amount < 0.0 || quantity < 0.0 {
            LineKind::Return
        } else if amount > 0.0 || quantity > 0.0 || (amount.is_nan() && quantity.is_nan()) {
            LineKind::Purchase
        } else {
            LineKind::Other
        }
    }
}

impl Bucket {
    fn empty(schema: &LogSchema) -> Self {
        Self {
            amount: schema.amount.as_ref().map(|_| Vec::new()),
            quantity: schema.quantity.as_ref().map(|_| Vec::new()),
            categories: vec![Vec::new(); schema.categories.len()],
            ..Self::default()
        }
    }

    fn into_log(self, first_customer: u32, n_customers: usize) -> Log {
        let offsets = offsets(&self.customer, first_customer, n_customers);
        let order = self.order(first_customer, &offsets);
        Log {
            first_customer,
            time_us: gather(self.time_us, &order),
            amount: self.amount.map(|values| gather(values, &order)),
            quantity: self.quantity.map(|values| gather(values, &order)),
            categories: self.categories.into_iter().map(|codes| gather(codes, &order)).collect(),
            offsets,
        }
    }

    /// Row numbers by customer (a counting sort), then by time.
    fn order(&self, first_customer: u32, offsets: &[usize]) -> Vec<u32> {
        let mut next = offsets.to_vec();
        let mut order = vec![0_u32; self.customer.len()];
        for (row_idx, &customer) in self.customer.iter().enumerate() {
            let slot = &mut next[(customer - first_customer) as usize];
            order[*slot] = row_idx as u32;
            *slot += 1;
        }
        let time = |&row: &u32| self.time_us[row as usize];
        split_by_offsets(&mut order, offsets).into_par_iter().with_min_len(256).for_each(|rows| {
            if !rows.is_sorted_by_key(time) {
                rows.sort_unstable_by_key(time);
            }
        });
        order
    }
}

fn gather<T: Copy + Send + Sync>(values: Vec<T>, order: &[u32]) -> Vec<T> {
    let gathered = order.par_iter().map(|&row| values[row as usize]).collect();
    // Freed before the next column is gathered, so that only one is in memory twice.
    drop(values);
    gathered
}

fn offsets(customer: &[u32], first_customer: u32, n_customers: usize) -> Vec<usize> {
    let mut offsets = vec![0_usize; n_customers + 1];
    for &customer in customer {
        offsets[(customer - first_customer) as usize + 1] += 1;
    }
    for idx in 0..n_customers {
        offsets[idx + 1] += offsets[idx];
    }
    offsets
}

fn split_by_offsets<'a>(mut order: &'a mut [u32], offsets: &[usize]) -> Vec<&'a mut [u32]> {
    offsets
        .windows(2)
        .map(|pair| {
            let (head, tail) = std::mem::take(&mut order).split_at_mut(pair[1] - pair[0]);
            order = tail;
            head
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::LineKind::{Other, Purchase, Return};
    use super::*;

    fn schema() -> LogSchema {
        LogSchema { time: "t".into(), amount: Some("a".into()), quantity: None, categories: vec!["c".into()] }
    }

    fn push(buckets: &mut EventBuckets, customer: &[u32], time_us: &[i64], amount: &[f64], codes: &[u32]) {
        let batch = EventBatch { customer, time_us, amount: Some(amount), quantity: None, categories: &[codes] };
        buckets.push(batch).expect("columns match");
    }

    #[test]
    fn histories_are_sorted_whatever_the_order_of_rows_and_batches() {
        let mut buckets = EventBuckets::new(schema());
        push(&mut buckets, &[1, 0, 1], &[5, 9, 3], &[1.0, 2.0, 3.0], &[7, 8, 9]);
        push(&mut buckets, &[1, 0], &[4, 1], &[0.5, 4.0], &[1, 2]);
        let log = buckets.into_logs().next().expect("one bucket");
        assert_eq!(log.offsets, [0, 2, 5]);
        assert_eq!(log.time_us, [1, 9, 3, 4, 5]);
        assert_eq!(log.amount.expect("has amounts"), [4.0, 2.0, 3.0, 0.5, 1.0]);
        assert_eq!(log.categories, [[2, 8, 9, 1, 7]]);
    }

    #[test]
    fn customers_far_apart_fall_into_buckets_and_keep_their_numbers() {
        let far = (2 << BUCKET_BITS) + 3;
        let mut buckets = EventBuckets::new(schema());
        push(&mut buckets, &[far, 0], &[1, 2], &[1.0, 1.0], &[0, 0]);
        let logs: Vec<_> = buckets.into_logs().collect();
        let n_customers: Vec<_> = logs.iter().map(|log| log.view().n_customers()).collect();
        assert_eq!(n_customers, [1 << BUCKET_BITS, 1 << BUCKET_BITS, 4]);
        assert_eq!(logs[2].first_customer + 3, far);
        assert_eq!(logs[2].view().rows(3), 0..1);
    }

    #[test]
    fn negative_lines_are_returns_and_lines_of_nothing_are_neither() {
        let amount = [5.0, -5.0, 5.0, 0.0, 0.0, f64::NAN, f64::NAN];
        let quantity = [1.0, 1.0, -1.0, 2.0, 0.0, 0.0, f32::NAN];
        let view = LogView {
            first_customer: 0,
            offsets: &[0, 7],
            time_us: &[0; 7],
            amount: Some(&amount),
            quantity: Some(&quantity),
            categories: vec![],
        };
        let found: Vec<_> = (0..7).map(|row_idx| view.kind(row_idx)).collect();
        assert_eq!(found, [Purchase, Return, Return, Purchase, Other, Other, Purchase]);
    }

    #[test]
    fn a_batch_that_lacks_a_column_is_refused() {
        let mut buckets = EventBuckets::new(schema());
        let batch = EventBatch { customer: &[0], time_us: &[0], amount: None, quantity: None, categories: &[&[0]] };
        let error = EventsError::Ragged { column: "a".into(), expected: 1, found: 0 };
        assert_eq!(buckets.push(batch), Err(error));
    }
}
