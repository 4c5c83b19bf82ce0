//! Further numbers of a customer: many, correlated, and half of them idle, as usage metrics are.
//!
//! Measure `j` follows trait `j mod 4` of the customer, `z_j = .7 t + .71 e` with standard normal `t` and `e`. Every fourth
//! bends the log-odds of churn (`.5 tanh z`, its sign alternating), every fourth has a threshold (`.6` where `z > 1`), the
//! other half does nothing. What is written is `e^z`, `z`, or `z` in whole tenths, so scales differ.

use rand_chacha::ChaCha8Rng;

use super::population::{normal, stream};

const TRAITS: usize = 4;
const LOADING: f64 = 0.7;
/// Measures are drawn apart, so that a table is the same with and without them but for who leaves.
const SEED_SHIFT: u64 = 0x6d65_6173_7572_6573;

/// The measures of one customer.
#[derive(Clone, Debug)]
pub(crate) struct Measures {
    z: Vec<f64>,
}

impl Measures {
    pub(crate) fn draw(seed: u64, number: u64, n: usize) -> Self {
        if n == 0 {
            return Self { z: Vec::new() };
        }
        let mut rng: ChaCha8Rng = stream(seed ^ SEED_SHIFT, number);
        let traits: [f64; TRAITS] = std::array::from_fn(|_| normal(&mut rng));
        let alone = (1.0 - LOADING * LOADING).sqrt();
        Self { z: (0..n).map(|j| LOADING * traits[j % TRAITS] + alone * normal(&mut rng)).collect() }
    }

    /// What they add to the log-odds of churn.
    pub(crate) fn effect(&self) -> f64 {
        let of_one = |(j, z): (usize, &f64)| match j % TRAITS {
            0 if j % (2 * TRAITS) == 0 => 0.5 * z.tanh(),
            0 => -0.5 * z.tanh(),
            1 if *z > 1.0 => 0.6,
            _ => 0.0,
        };
        self.z.iter().enumerate().map(of_one).sum()
    }

    /// As they are written.
    pub(crate) fn values(&self) -> impl Iterator<Item = f64> {
        self.z.iter().enumerate().map(|(j, z)| match j % 3 {
            0 => (1e4 * z.exp()).round() / 1e4,
            1 => (1e4 * z).round() / 1e4,
            _ => (10.0 * z).round() / 10.0,
        })
    }
}

/// The name of measure `j`, from 0.
pub(crate) fn name(j: usize) -> String {
    format!("measure_{:02}", j + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_follow_their_traits_and_half_do_nothing() {
        let customers: Vec<_> = (0..20_000).map(|number| Measures::draw(3, number, 12).z).collect();
        let mean = |f: &dyn Fn(&[f64]) -> f64| customers.iter().map(|z| f(z)).sum::<f64>() / customers.len() as f64;
        assert!(mean(&|z| z[0]).abs() < 0.03 && (mean(&|z| z[0] * z[0]) - 1.0).abs() < 0.03);
        assert!((mean(&|z| z[0] * z[4]) - 0.49).abs() < 0.03, "one trait");
        assert!(mean(&|z| z[0] * z[1]).abs() < 0.03, "two traits");
        let mut idle = Measures { z: vec![0.0; 12] };
        for j in [2, 3, 6, 7, 10, 11] {
            idle.z[j] = 5.0;
        }
        assert_eq!(idle.effect(), 0.0);
        idle.z[1] = 1.5;
        idle.z[4] = 0.3;
        assert!((idle.effect() - (0.6 - 0.5 * 0.3_f64.tanh())).abs() < 1e-12);
    }
}
