//! Whether the same segments come back from other draws of customers and other seeds.

use serde::{Deserialize, Serialize};
use tenure_evaluate::{Points, adjusted_rand};

use crate::SegmentError;
use crate::choose::stream;
use crate::clusterer::{Clusterer, Restarts};
use rand_chacha::rand_core::Rng;

/// How well segments come back: adjusted Rand indices, 1 where they are the same and 0 where they agree by chance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stability {
    /// Mean over bootstraps.
    pub mean: f64,
    /// Each bootstrap: refitted on as many customers drawn with replacement, then compared on all customers.
    pub bootstraps: Vec<f64>,
    /// Each other seed: one start each, on the same customers.
    pub seeds: Vec<f64>,
}

impl Stability {
    /// The lowest of the bootstraps.
    pub fn lowest(&self) -> f64 {
        self.bootstraps.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// Mean over seeds; none without any.
    pub fn over_seeds(&self) -> Option<f64> {
        (!self.seeds.is_empty()).then(|| self.seeds.iter().sum::<f64>() / self.seeds.len() as f64)
    }
}

/// What is refitted, and how often.
pub(crate) struct Study<'a> {
    pub(crate) cells: &'a [f32],
    pub(crate) n_columns: usize,
    pub(crate) labels: &'a [u32],
    pub(crate) k: usize,
    pub(crate) n_bootstraps: usize,
    pub(crate) n_init: usize,
    pub(crate) seed: u64,
}

impl Study<'_> {
    pub(crate) fn stability(&self, clusterer: &dyn Clusterer) -> Result<Stability, SegmentError> {
        let mut bootstraps = Vec::with_capacity(self.n_bootstraps);
        let mut seeds = Vec::with_capacity(self.n_bootstraps);
        for i in 0..self.n_bootstraps {
            let seed = self.seed.wrapping_add(i as u64 + 1);
            let drawn = self.draw(i);
            let drawn = Points::new(&drawn, self.n_columns)?;
            let refit = clusterer.fit(drawn, self.k, Restarts { n_init: self.n_init, seed });
            let refit = match refit {
                // A draw may leave fewer different customers than segments: that segments do not come back.
                Err(SegmentError::TooFewDistinct { .. }) => {
                    bootstraps.push(0.0);
                    continue;
                }
                other => other?,
            };
            let labels = clusterer.assign(self.cells, self.n_columns, &refit.centroids)?;
            bootstraps.push(adjusted_rand(self.labels, &labels)?);
            let sample = Points::new(self.cells, self.n_columns)?;
            let other = clusterer.fit(sample, self.k, Restarts { n_init: 1, seed })?;
            seeds.push(adjusted_rand(self.labels, &other.labels)?);
        }
        let mean = bootstraps.iter().sum::<f64>() / bootstraps.len().max(1) as f64;
        Ok(Stability { mean, bootstraps, seeds })
    }

    /// As many rows, drawn with replacement.
    fn draw(&self, bootstrap: usize) -> Vec<f32> {
        let mut random = stream(self.seed, bootstrap as u64);
        let n_rows = self.labels.len() as u64;
        let mut drawn = Vec::with_capacity(self.cells.len());
        for _ in 0..n_rows {
            // The bias of the remainder is below 2^-32 for any number of rows that fits in memory here.
            let row = (random.next_u64() % n_rows) as usize * self.n_columns;
            drawn.extend_from_slice(&self.cells[row..row + self.n_columns]);
        }
        drawn
    }
}
