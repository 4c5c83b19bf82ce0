//! A customer table whose churn no straight line explains.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp1, Poisson};

use super::SynthOptions;
use super::attributes::Holes;
use super::columns::{Cells, MISSING_ID, MadeColumn};
use super::dirt::{Dirt, DirtCounts, dirt};
use super::measures::{self, Measures};
use super::population::{GENDERS, choose, choose_cumulative, cumulative, gamma, normal, stream};

const CONTRACTS: [&str; 3] = ["monthly", "one_year", "two_years"];
const PAYMENTS: [&str; 4] = ["card", "debit", "transfer", "cash"];
const DEVICES: [&str; 5] = ["phone", "tablet", "laptop", "desktop", "tv"];
const N_CITIES: usize = 500;
const CITY_DEVIATION: f64 = 0.7;
const CITY_STREAM: u64 = u64::MAX;

/// What customers of the table share: where they live and what that does.
#[derive(Debug)]
pub(crate) struct FlatPopulation {
    seed: u64,
    n_measures: usize,
    cities: Vec<String>,
    city_cdf: Vec<f64>,
    city_effects: Vec<f64>,
}

/// One row.
#[derive(Clone, Debug)]
pub(crate) struct FlatCustomer {
    tenure_months: f64,
    monthly_fee: f64,
    support_calls: f64,
    pub(crate) logins_30d: f64,
    days_since_login: f64,
    age: f64,
    contract: usize,
    payment: usize,
    device: usize,
    pub(crate) discount: bool,
    city: usize,
    gender: usize,
    consent: bool,
    measures: Measures,
    pub(crate) churn_probability: f64,
    pub(crate) churned: bool,
}

impl FlatPopulation {
    pub(crate) fn new(options: &SynthOptions) -> Self {
        let mut rng = stream(options.seed, CITY_STREAM);
        let weights: Vec<f64> = (0..N_CITIES).map(|rank| 1.0 / (rank as f64 + 8.0)).collect();
        Self {
            seed: options.seed,
            n_measures: options.n_measures,
            cities: (0..N_CITIES).map(|idx| format!("city_{idx:03}")).collect(),
            city_cdf: cumulative(&weights),
            city_effects: (0..N_CITIES).map(|_| CITY_DEVIATION * normal(&mut rng)).collect(),
        }
    }

    /// Customer number `number`.
    pub(crate) fn customer(&self, number: u64) -> FlatCustomer {
        let mut rng = stream(self.seed, number);
        let measures = Measures::draw(self.seed, number, self.n_measures);
        let mut customer = self.draw(&mut rng, measures);
        customer.churn_probability = 1.0 / (1.0 + (-self.logit(&customer)).exp());
        customer.churned = rng.random::<f64>() < customer.churn_probability;
        customer
    }

    fn draw(&self, rng: &mut ChaCha8Rng, measures: Measures) -> FlatCustomer {
        let exponential = |rng: &mut ChaCha8Rng, mean: f64| -> f64 { mean * Distribution::<f64>::sample(&Exp1, rng) };
        let engagement = gamma(rng, 1.5) / 1.5;
        let logins: f64 = Poisson::new(9.0 * engagement + 1e-9).expect("a mean above 0").sample(rng);
        let calls: f64 = Poisson::new(0.2 + 1.3 * gamma(rng, 0.8)).expect("a mean above 0").sample(rng);
        FlatCustomer {
            tenure_months: exponential(rng, 30.0).floor().min(120.0),
            monthly_fee: (cents(70.0 + 28.0 * normal(rng))).clamp(5.0, 200.0),
            support_calls: calls,
            logins_30d: logins,
            days_since_login: exponential(rng, 10.0 / (0.3 + engagement)).floor().min(365.0),
            age: (45.0 + 15.0 * normal(rng)).round().clamp(18.0, 95.0),
            contract: choose(rng, &[0.5, 0.3, 0.2]),
            payment: choose(rng, &[0.4, 0.3, 0.2, 0.1]),
            device: choose(rng, &[0.4, 0.15, 0.25, 0.15, 0.05]),
            discount: rng.random::<f64>() < 0.4,
            city: choose_cumulative(rng, &self.city_cdf),
            gender: choose(rng, &[0.49, 0.49, 0.02]),
            consent: rng.random::<f64>() >= 0.02,
            measures,
            churn_probability: f64::NAN,
            churned: false,
        }
    }

    /// The log-odds of churn: the sum of
    /// 1.5 where a monthly contract is younger than 12 months, -1 for a two-year contract (two columns must meet);
    /// 1.3 from the fourth support call on (a threshold);
    /// 0.5 min(((fee - 70) / 28)^2, 4) (a bent dose: cheap and dear leave alike);
    /// +0.9 where just one of discount and more than 8 logins holds, else -0.9 (an exclusive-or: neither matters alone);
    /// 0.8 where nobody logged in for 21 days and payment is by hand; the city's own effect; what the measures add; and -1.7.
    fn logit(&self, c: &FlatCustomer) -> f64 {
        let when = |holds: bool, effect: f64| if holds { effect } else { 0.0 };
        let fee = (c.monthly_fee - 70.0) / 28.0;
        let differs = c.discount != (c.logins_30d > 8.0);
        when(c.contract == 0 && c.tenure_months < 12.0, 1.5)
            + when(c.contract == 2, -1.0)
            + when(c.support_calls >= 4.0, 1.3)
            + 0.5 * (fee * fee).min(4.0)
            + if differs { 0.9 } else { -0.9 }
            + when(c.days_since_login >= 21.0 && c.payment >= 2, 0.8)
            + self.city_effects[c.city]
            + c.measures.effect()
            - 1.7
    }
}

fn cents(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// A chunk of the table, and its truth.
pub(crate) fn tables(
    population: &FlatPopulation,
    options: &SynthOptions,
    numbers: std::ops::Range<u64>,
) -> ([Vec<MadeColumn>; 2], DirtCounts, u64) {
    let customers: Vec<_> = numbers.map(|number| (number, population.customer(number))).collect();
    let n_churned = customers.iter().map(|(_, customer)| u64::from(customer.churned)).sum();
    let mut table = FlatColumns { measures: vec![Vec::new(); options.n_measures], ..FlatColumns::default() };
    let mut counts = DirtCounts::default();
    for (number, customer) in &customers {
        counts = counts.plus(table.push_dirty(*number, customer, options));
    }
    let probability = customers.iter().map(|(_, customer)| customer.churn_probability).collect();
    let truth = vec![
        MadeColumn::new("customer_id", Cells::Id(customers.iter().map(|(number, _)| *number).collect())),
        MadeColumn::new("churn_probability", Cells::Number(probability)),
    ];
    ([table.finish(population), truth], counts, n_churned)
}

#[derive(Default)]
struct FlatColumns {
    ids: Vec<u64>,
    numbers: [Vec<f64>; 6],
    levels: [Vec<u32>; 6],
    consent: Vec<u32>,
    measures: Vec<Vec<f64>>,
    churned: Vec<f64>,
}

impl FlatColumns {
    fn push_dirty(&mut self, number: u64, customer: &FlatCustomer, options: &SynthOptions) -> DirtCounts {
        let kinds = [Dirt::MissingId, Dirt::Repeated, Dirt::MissingValue];
        let mut counts = DirtCounts::default();
        let label = f64::from(u8::from(customer.churned));
        let mut push = |id, label| self.push(id, label, customer, Holes::new(options.seed, number, options.missing));
        match dirt(options.seed, number, options.dirty, 1, &kinds)[0] {
            Some(Dirt::MissingId) => {
                push(MISSING_ID, label);
                counts.missing_ids += 1;
            }
            Some(Dirt::MissingValue) => {
                push(number, f64::NAN);
                counts.missing_values += 1;
            }
            Some(Dirt::Repeated) => {
                push(number, label);
                push(number, label);
                counts.repeated_rows += 1;
            }
            Some(Dirt::UnreadableTime) | None => push(number, label),
        }
        counts
    }

    fn push(&mut self, id: u64, label: f64, c: &FlatCustomer, mut holes: Holes) {
        self.ids.push(id);
        let numbers = [c.tenure_months, c.monthly_fee, c.support_calls, c.logins_30d, c.days_since_login, c.age];
        for (column, value) in self.numbers.iter_mut().zip(numbers) {
            column.push(holes.number(value));
        }
        let levels = [c.contract, c.payment, c.device, usize::from(c.discount), c.city, c.gender];
        for (column, code) in self.levels.iter_mut().zip(levels) {
            column.push(holes.level(code as u32));
        }
        for (column, value) in self.measures.iter_mut().zip(c.measures.values()) {
            column.push(holes.number(value));
        }
        self.consent.push(u32::from(c.consent));
        self.churned.push(label);
    }

    fn finish(self, population: &FlatPopulation) -> Vec<MadeColumn> {
        let [tenure, fee, calls, logins, since, age] = self.numbers;
        let [contract, payment, device, discount, city, gender] = self.levels;
        let mut columns = vec![
            MadeColumn::new("customer_id", Cells::Id(self.ids)),
            MadeColumn::new("tenure_months", Cells::Number(tenure)),
            MadeColumn::new("monthly_fee", Cells::Number(fee)),
            MadeColumn::new("support_calls", Cells::Number(calls)),
            MadeColumn::new("logins_30d", Cells::Number(logins)),
            MadeColumn::new("days_since_login", Cells::Number(since)),
            MadeColumn::new("age", Cells::Number(age)),
            MadeColumn::levels("contract", contract, &CONTRACTS),
            MadeColumn::levels("payment", payment, &PAYMENTS),
            MadeColumn::levels("device", device, &DEVICES),
            MadeColumn::levels("discount", discount, &["no", "yes"]),
            MadeColumn::levels("city", city, &population.cities),
            MadeColumn::levels("gender", gender, &GENDERS),
            MadeColumn::levels("consent", self.consent, &["false", "true"]),
        ];
        let measures = self.measures.into_iter().enumerate();
        columns.extend(measures.map(|(j, values)| MadeColumn::new(measures::name(j), Cells::Number(values))));
        columns.push(MadeColumn::new("churned", Cells::Number(self.churned)));
        columns
    }
}
