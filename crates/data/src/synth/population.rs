//! Who the customers are: attributes, and what they do to the rates of buying and leaving.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp1, Gamma, StandardNormal};
use tenure_table::Span;

use super::SynthOptions;
use super::season::Season;

/// Shape of the gamma distribution of purchase rates that attributes do not explain.
pub const PURCHASE_SHAPE: f64 = 1.2;
/// Shape of the gamma distribution of dropout rates that attributes do not explain.
pub const DROPOUT_SHAPE: f64 = 1.0;
/// Mean dropout rate times the span.
const DROPOUTS_PER_SPAN: f64 = 1.4;
/// Customers arrive in this share of the time before the truth's horizon, uniformly.
const ARRIVAL_SHARE: f64 = 0.8;
/// Gamma-gamma: shape `p` of amounts, shape `q` and rate `gamma` of `nu`; the mean amount is `p gamma / (q - 1)` = 40.
pub(crate) const SPEND: (f64, f64, f64) = (4.0, 5.0, 40.0);
const N_CITIES: usize = 300;
/// Streams of customers are their numbers; this one is nobody's.
const POPULATION_STREAM: u64 = u64::MAX;

pub(crate) const REGIONS: [&str; 4] = ["north", "east", "south", "west"];
pub(crate) const PLANS: [&str; 3] = ["basic", "plus", "premium"];
pub(crate) const SOURCES: [&str; 4] = ["search", "social", "referral", "store"];
pub(crate) const GENDERS: [&str; 3] = ["female", "male", "other"];
pub(crate) const CATEGORIES: [&str; 12] =
    ["books", "music", "garden", "kitchen", "toys", "sports", "beauty", "office", "pets", "shoes", "tools", "food"];
pub(crate) const CHANNELS: [&str; 3] = ["web", "app", "shop"];

/// Shares of the levels, and what each adds to log lambda and log mu.
struct Effect<const N: usize> {
    share: [f64; N],
    lambda: [f64; N],
    mu: [f64; N],
}

const AGE: (f64, f64) = (-0.15, 0.10);
const INCOME: (f64, f64) = (0.30, -0.20);
const REGION: Effect<4> = Effect { share: [0.25; 4], lambda: [0.0, 0.1, -0.1, 0.2], mu: [0.0; 4] };
const PLAN: Effect<3> = Effect { share: [0.6, 0.3, 0.1], lambda: [0.0, 0.3, 0.6], mu: [0.0, -0.4, -0.9] };
const SOURCE: Effect<4> = Effect { share: [0.4, 0.3, 0.2, 0.1], lambda: [0.0; 4], mu: [0.0, 0.6, -0.5, -0.1] };
/// Deviations of the cities' effects.
const CITY: (f64, f64) = (0.25, 0.40);

/// Everything that customers share.
#[derive(Debug)]
pub(crate) struct Population {
    pub(crate) season: Season,
    pub(crate) cities: Vec<String>,
    /// Cumulative shares, for drawing.
    city_cdf: Vec<f64>,
    city_effects: Vec<(f64, f64)>,
    lambda_0: f64,
    mu_0: f64,
    last_arrival_days: f64,
    seed: u64,
}

/// One customer: what a shop may know, and the truth behind it. Times in days from the start, rates per day.
#[derive(Clone, Debug)]
pub(crate) struct Customer {
    pub(crate) age: f64,
    pub(crate) income: f64,
    pub(crate) region: u32,
    pub(crate) plan: u32,
    pub(crate) source: u32,
    pub(crate) city: u32,
    pub(crate) gender: u32,
    pub(crate) consent: bool,
    pub(crate) arrival_days: f64,
    pub(crate) dropout_days: f64,
    pub(crate) lambda_per_day: f64,
    pub(crate) mu_per_day: f64,
    /// Rate of the gamma distribution of amounts.
    pub(crate) nu: f64,
}

impl Population {
    pub(crate) fn new(options: &SynthOptions) -> Self {
        let n_days = options.span.as_days();
        let mut rng = stream(options.seed, POPULATION_STREAM);
        let weights: Vec<f64> = (0..N_CITIES).map(|rank| 1.0 / (rank as f64 + 4.0)).collect();
        let total: f64 = weights.iter().sum();
        let shares: Vec<f64> = weights.iter().map(|weight| weight / total).collect();
        let city_effects: Vec<_> =
            (0..N_CITIES).map(|_| (normal(&mut rng) * CITY.0, normal(&mut rng) * CITY.1)).collect();
        let mean =
            |of: fn(&(f64, f64)) -> f64| shares.iter().zip(&city_effects).map(|(p, e)| p * of(e).exp()).sum::<f64>();
        let lambda = mean(|e| e.0) * mean_effect(AGE.0, INCOME.0, [&REGION.lambda, &PLAN.lambda, &SOURCE.lambda]);
        let mu = mean(|e| e.1) * mean_effect(AGE.1, INCOME.1, [&REGION.mu, &PLAN.mu, &SOURCE.mu]);
        Self {
            season: Season::new(options.start, n_days as usize),
            cities: (0..N_CITIES).map(|idx| format!("city_{idx:03}")).collect(),
            city_cdf: cumulative(&shares),
            city_effects,
            lambda_0: options.mean_events / n_days / lambda,
            mu_0: DROPOUTS_PER_SPAN / n_days / mu,
            last_arrival_days: ARRIVAL_SHARE * (options.span.0 - options.horizon.0) as f64 / Span::DAY.0 as f64,
            seed: options.seed,
        }
    }

    /// Customer number `idx`, and the rest of their random stream.
    pub(crate) fn customer(&self, idx: u64) -> (Customer, ChaCha8Rng) {
        let mut rng = stream(self.seed, idx);
        let (age, income) = (normal(&mut rng), normal(&mut rng));
        let (region, plan, source) =
            (choose(&mut rng, &REGION.share), choose(&mut rng, &PLAN.share), choose(&mut rng, &SOURCE.share));
        let city = choose_cumulative(&mut rng, &self.city_cdf);
        let (city_lambda, city_mu) = self.city_effects[city];
        let lambda =
            AGE.0 * age + INCOME.0 * income + REGION.lambda[region] + PLAN.lambda[plan] + SOURCE.lambda[source];
        let mu = AGE.1 * age + INCOME.1 * income + REGION.mu[region] + PLAN.mu[plan] + SOURCE.mu[source];
        let lambda_per_day =
            self.lambda_0 * (lambda + city_lambda).exp() * gamma(&mut rng, PURCHASE_SHAPE) / PURCHASE_SHAPE;
        let mu_per_day = self.mu_0 * (mu + city_mu).exp() * gamma(&mut rng, DROPOUT_SHAPE) / DROPOUT_SHAPE;
        let arrival_days = self.last_arrival_days * rng.random::<f64>();
        let lifetime: f64 = Exp1.sample(&mut rng);
        let customer = Customer {
            age: (45.0 + 14.0 * age).round().clamp(18.0, 95.0),
            income: (10.5 + 0.5 * income).exp().round(),
            region: region as u32,
            plan: plan as u32,
            source: source as u32,
            city: city as u32,
            gender: choose(&mut rng, &[0.49, 0.49, 0.02]) as u32,
            consent: rng.random::<f64>() >= 0.02,
            arrival_days,
            dropout_days: arrival_days + lifetime / mu_per_day,
            lambda_per_day,
            mu_per_day,
            nu: gamma(&mut rng, SPEND.1) / SPEND.2,
        };
        (customer, rng)
    }
}

/// The mean of `exp` of all effects but the city's; attributes are independent, so it is a product.
fn mean_effect(age: f64, income: f64, levels: [&[f64]; 3]) -> f64 {
    let shares: [&[f64]; 3] = [&REGION.share, &PLAN.share, &SOURCE.share];
    let mean = |(share, effect): (&&[f64], &&[f64])| share.iter().zip(*effect).map(|(p, b)| p * b.exp()).sum::<f64>();
    let normals = (age * age / 2.0).exp() * (income * income / 2.0).exp();
    normals * shares.iter().zip(&levels).map(mean).product::<f64>()
}

/// The random stream of this number.
pub(crate) fn stream(seed: u64, number: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(number);
    rng
}

/// A standard normal number.
pub(crate) fn normal(rng: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(rng)
}

/// A gamma number of this shape and scale 1.
pub(crate) fn gamma(rng: &mut ChaCha8Rng, shape: f64) -> f64 {
    Gamma::new(shape, 1.0).expect("shapes are constants above 0").sample(rng)
}

/// An index with these probabilities.
pub(crate) fn choose(rng: &mut ChaCha8Rng, shares: &[f64]) -> usize {
    let mut left: f64 = rng.random();
    for (idx, share) in shares.iter().enumerate() {
        left -= share;
        if left < 0.0 {
            return idx;
        }
    }
    shares.len() - 1
}

/// Sums up to and including each.
pub(crate) fn cumulative(weights: &[f64]) -> Vec<f64> {
    let mut sum = 0.0;
    weights
        .iter()
        .map(|weight| {
            sum += weight;
            sum
        })
        .collect()
}

/// An index with the probabilities of these cumulative weights.
pub(crate) fn choose_cumulative(rng: &mut ChaCha8Rng, sums: &[f64]) -> usize {
    let place = rng.random::<f64>() * sums[sums.len() - 1];
    sums.partition_point(|&sum| sum <= place).min(sums.len() - 1)
}
