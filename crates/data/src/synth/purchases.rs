//! What one customer buys and gives back.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp1, Gamma};
use tenure_table::{Span, Timestamp};

use super::population::{CATEGORIES, Customer, Population, SPEND, choose_cumulative, cumulative, gamma};

/// One purchase in so many is given back.
const PURCHASES_PER_RETURN: f64 = 30.0;
const MEAN_RETURN_DAYS: f64 = 10.0;
/// Small: most customers like few categories.
const TASTE_SHAPE: f64 = 0.4;
const MEAN_EXTRA_UNITS: f64 = 0.7;

/// One line of the log.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Line {
    /// Whole seconds.
    pub(crate) time_us: i64,
    /// Money, to the cent; negative for a return.
    pub(crate) amount: f64,
    /// Units; negative for a return.
    pub(crate) quantity: f64,
    pub(crate) category: u32,
    pub(crate) channel: u32,
}

/// Appends a customer's lines within the span, ascending in time, and returns how many are purchases.
pub(crate) fn lines(
    population: &Population,
    customer: &Customer,
    start: Timestamp,
    rng: &mut ChaCha8Rng,
    out: &mut Vec<Line>,
) -> usize {
    let taste = Taste::draw(rng, customer);
    let first = out.len();
    let mut n_purchases = 0;
    let n_days = population.season.intensity().len() as f64;
    let mut days = customer.arrival_days;
    let mut intensity = population.season.integral(days);
    while days < customer.dropout_days && days < n_days {
        let line = taste.line(rng, at(start, days));
        out.push(line);
        n_purchases += 1;
        if rng.random::<f64>() * PURCHASES_PER_RETURN < 1.0 {
            let wait: f64 = Exp1.sample(rng);
            let back = days + MEAN_RETURN_DAYS * wait;
            if back < n_days {
                out.push(Line { time_us: at(start, back), amount: -line.amount, quantity: -line.quantity, ..line });
            }
        }
        let wait: f64 = Exp1.sample(rng);
        intensity += wait / customer.lambda_per_day;
        let Some(next) = population.season.when(intensity, days as usize) else { break };
        days = next;
    }
    out[first..].sort_by_key(|line| line.time_us);
    n_purchases
}

fn at(start: Timestamp, days: f64) -> i64 {
    start.0 + (days * 86_400.0) as i64 * Span::SECOND.0
}

/// How one customer buys.
struct Taste {
    amount: Gamma<f64>,
    categories: Vec<f64>,
    channels: Vec<f64>,
}

impl Taste {
    fn draw(rng: &mut ChaCha8Rng, customer: &Customer) -> Self {
        let mut weights = |n: usize| cumulative(&(0..n).map(|_| gamma(rng, TASTE_SHAPE) + 1e-9).collect::<Vec<_>>());
        Self {
            amount: Gamma::new(SPEND.0, 1.0 / customer.nu).expect("gamma rates are above 0"),
            categories: weights(CATEGORIES.len()),
            channels: weights(super::population::CHANNELS.len()),
        }
    }

    fn line(&self, rng: &mut ChaCha8Rng, time_us: i64) -> Line {
        let extra: f64 = Exp1.sample(rng);
        Line {
            time_us,
            amount: ((self.amount.sample(rng) * 100.0).round() / 100.0).max(0.01),
            quantity: 1.0 + (extra * MEAN_EXTRA_UNITS).floor(),
            category: choose_cumulative(rng, &self.categories) as u32,
            channel: choose_cumulative(rng, &self.channels) as u32,
        }
    }
}
