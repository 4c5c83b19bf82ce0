//! What a shop knows about its customers, with holes.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tenure_table::MISSING_CODE;

use super::columns::{Cells, MadeColumn};
use super::population::{Customer, GENDERS, PLANS, Population, REGIONS, SOURCES, stream};

/// Holes have streams of their own, so that more of them change no value that is left.
const MISSING_STREAMS: u64 = 1 << 62;

/// Puts holes into one customer's values.
pub(crate) struct Holes {
    rng: ChaCha8Rng,
    share: f64,
}

impl Holes {
    /// The holes of customer `number`.
    pub(crate) fn new(seed: u64, number: u64, share: f64) -> Self {
        Self { rng: stream(seed, MISSING_STREAMS | number), share }
    }

    /// The value, or NaN.
    pub(crate) fn number(&mut self, value: f64) -> f64 {
        if self.rng.random::<f64>() < self.share { f64::NAN } else { value }
    }

    /// The code, or [`MISSING_CODE`].
    pub(crate) fn level(&mut self, code: u32) -> u32 {
        if self.rng.random::<f64>() < self.share { MISSING_CODE } else { code }
    }
}

/// The table of attributes: one row for each customer. Neither id nor consent is ever missing.
pub(crate) fn attributes(population: &Population, customers: &[(u64, Customer)], holes: (u64, f64)) -> Vec<MadeColumn> {
    let (seed, share) = holes;
    let mut numbers = [const { Vec::new() }; 2];
    let mut levels = [const { Vec::new() }; 5];
    for (number, customer) in customers {
        let mut holes = Holes::new(seed, *number, share);
        for (column, value) in numbers.iter_mut().zip([customer.age, customer.income]) {
            column.push(holes.number(value));
        }
        let codes = [customer.region, customer.plan, customer.source, customer.city, customer.gender];
        for (column, code) in levels.iter_mut().zip(codes) {
            column.push(holes.level(code));
        }
    }
    let [age, income] = numbers;
    let [region, plan, source, city, gender] = levels;
    let consent = customers.iter().map(|(_, customer)| u32::from(customer.consent)).collect();
    vec![
        MadeColumn::new("customer_id", Cells::Id(customers.iter().map(|(number, _)| *number).collect())),
        MadeColumn::new("age", Cells::Number(age)),
        MadeColumn::new("income", Cells::Number(income)),
        MadeColumn::levels("region", region, &REGIONS),
        MadeColumn::levels("plan", plan, &PLANS),
        MadeColumn::levels("source", source, &SOURCES),
        MadeColumn::levels("city", city, &population.cities),
        MadeColumn::levels("gender", gender, &GENDERS),
        MadeColumn::levels("consent", consent, &["false", "true"]),
    ]
}
