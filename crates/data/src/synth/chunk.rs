//! One chunk of customers: their log, attributes and truth, before any file.

use std::ops::Range;

use tenure_config::SyntheticKind;

use super::SynthOptions;
use super::attributes::attributes;
use super::columns::{Cells, MadeColumn};
use super::dirt::{DirtCounts, soil};
use super::flat::{self, FlatPopulation};
use super::population::{CATEGORIES, CHANNELS, Customer, Population};
use super::purchases::{Line, lines};
use super::truth::{Truth, truth};

/// Customers of a chunk: a row group of some hundred thousand lines, two of which are in memory for each thread.
pub(crate) const CHUNK_CUSTOMERS: u64 = 16_384;

/// What was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SynthCounts {
    /// Customers.
    pub n_customers: u64,
    /// Rows of the log or of the customer table, dirty ones included.
    pub n_rows: u64,
    /// Purchases; 0 for a customer table.
    pub n_purchases: u64,
    /// Customers who have arrived and not left where the truth's horizon begins; 0 for a customer table.
    pub n_alive: u64,
    /// Customers without a purchase in the horizon, or with the label 1.
    pub n_churned: u64,
    /// Dirty rows.
    pub dirt: DirtCounts,
}

impl SynthCounts {
    /// Both.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            n_customers: self.n_customers + other.n_customers,
            n_rows: self.n_rows + other.n_rows,
            n_purchases: self.n_purchases + other.n_purchases,
            n_alive: self.n_alive + other.n_alive,
            n_churned: self.n_churned + other.n_churned,
            dirt: self.dirt.plus(other.dirt),
        }
    }
}

/// Makes chunks; the same customers give the same rows, whatever the chunk.
#[derive(Debug)]
pub(crate) struct Maker {
    options: SynthOptions,
    population: Kind,
}

#[derive(Debug)]
enum Kind {
    Events(Population),
    Customers(FlatPopulation),
}

/// The tables of a chunk, in the order of [`Maker::names`].
#[derive(Debug)]
pub(crate) struct Chunk {
    pub(crate) tables: Vec<Vec<MadeColumn>>,
    pub(crate) counts: SynthCounts,
}

impl Maker {
    pub(crate) fn new(options: &SynthOptions) -> Self {
        let population = match options.kind {
            SyntheticKind::Events => Kind::Events(Population::new(options)),
            SyntheticKind::Customers => Kind::Customers(FlatPopulation::new(options)),
        };
        Self { options: options.clone(), population }
    }

    /// The tables that each chunk has; the data come first, the truth last.
    pub(crate) fn names(&self) -> &'static [&'static str] {
        match self.population {
            Kind::Events(_) => &["events", "attributes", "truth"],
            Kind::Customers(_) => &["customers", "truth"],
        }
    }

    /// Ranges of customers, one for each chunk.
    pub(crate) fn ranges(&self) -> Vec<Range<u64>> {
        let n = self.options.n_customers;
        (0..n).step_by(CHUNK_CUSTOMERS as usize).map(|first| first..(first + CHUNK_CUSTOMERS).min(n)).collect()
    }

    /// The tables of these customers.
    pub(crate) fn chunk(&self, numbers: Range<u64>) -> Chunk {
        match &self.population {
            Kind::Events(population) => self.events(population, numbers),
            Kind::Customers(population) => {
                let n_customers = numbers.end - numbers.start;
                let (tables, dirt, n_churned) = flat::tables(population, &self.options, numbers);
                let n_rows = tables[0][0].len() as u64;
                let counts = SynthCounts { n_customers, n_rows, n_churned, dirt, ..SynthCounts::default() };
                Chunk { tables: tables.into(), counts }
            }
        }
    }

    fn events(&self, population: &Population, numbers: Range<u64>) -> Chunk {
        let options = &self.options;
        let mut counts = SynthCounts { n_customers: numbers.end - numbers.start, ..SynthCounts::default() };
        let (mut ids, mut rows, mut own) = (Vec::new(), Vec::new(), Vec::new());
        let (mut customers, mut truths) = (Vec::new(), Vec::new());
        for number in numbers {
            let (customer, mut rng) = population.customer(number);
            own.clear();
            counts.n_purchases += lines(population, &customer, options.start, &mut rng, &mut own) as u64;
            counts.n_churned += u64::from(self.churned(&own));
            counts.dirt = counts.dirt.plus(soil((options.seed, options.dirty), number, &own, (&mut ids, &mut rows)));
            truths.push(self.truth(population, &customer));
            customers.push((number, customer));
        }
        counts.n_rows = rows.len() as u64;
        counts.n_alive = truths.iter().map(|t| u64::from(t.alive)).sum();
        let holes = (options.seed, options.missing);
        let attributes = attributes(population, &customers, holes);
        Chunk { tables: vec![self.log(ids, &rows), attributes, self.truths(&customers, &truths)], counts }
    }

    fn churned(&self, lines: &[Line]) -> bool {
        let from = self.options.reference().0;
        !lines.iter().any(|line| line.time_us >= from && line.amount > 0.0)
    }

    fn truth(&self, population: &Population, customer: &Customer) -> Truth {
        let from_day = (self.options.reference() - self.options.start).as_days() as usize;
        truth(customer, &population.season, from_day, self.options.horizon.as_days() as usize)
    }

    fn log(&self, ids: Vec<u64>, rows: &[Line]) -> Vec<MadeColumn> {
        let times = rows.iter().map(|row| row.time_us).collect();
        // A typed column cannot hold a time that is none.
        let times = if self.options.dirty > 0.0 { Cells::TimeText(times) } else { Cells::Time(times) };
        vec![
            MadeColumn::new("customer_id", Cells::Id(ids)),
            MadeColumn::new("time", times),
            MadeColumn::new("amount", Cells::Number(rows.iter().map(|row| row.amount).collect())),
            MadeColumn::new("quantity", Cells::Number(rows.iter().map(|row| row.quantity).collect())),
            MadeColumn::levels("category", rows.iter().map(|row| row.category).collect(), &CATEGORIES),
            MadeColumn::levels("channel", rows.iter().map(|row| row.channel).collect(), &CHANNELS),
        ]
    }

    fn truths(&self, customers: &[(u64, Customer)], truths: &[Truth]) -> Vec<MadeColumn> {
        let number = |name, of: fn(&Customer) -> f64| {
            MadeColumn::new(name, Cells::Number(customers.iter().map(|(_, customer)| of(customer)).collect()))
        };
        let truth = |name, of: fn(&Truth) -> f64| MadeColumn::new(name, Cells::Number(truths.iter().map(of).collect()));
        let dropout = |c: &Customer| self.options.start.0.saturating_add((c.dropout_days * 86_400e6) as i64);
        vec![
            MadeColumn::new("customer_id", Cells::Id(customers.iter().map(|(number, _)| *number).collect())),
            number("lambda_per_day", |c| c.lambda_per_day),
            number("mu_per_day", |c| c.mu_per_day),
            // Far beyond the span for customers who hardly ever leave; capped at what every calendar can write.
            MadeColumn::new(
                "dropout_time",
                Cells::Time(customers.iter().map(|(_, c)| dropout(c).min(LAST_TIME_US)).collect()),
            ),
            number("mean_amount", |c| super::population::SPEND.0 / c.nu),
            truth("alive", |t| f64::from(u8::from(t.alive))),
            truth("expected_purchases", |t| t.expected_purchases),
            truth("expected_value", |t| t.expected_value),
            truth("churn_probability", |t| t.churn_probability),
        ]
    }
}

/// 9999-12-31T00:00:00Z.
const LAST_TIME_US: i64 = tenure_table::Span::days(2_932_896).0;
