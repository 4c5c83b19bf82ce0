//! What segments of an earlier date, made from what was known then, said about the money spent since.

use tenure_config::Plan;
use tenure_evaluate::{explained, mean_estimate};
use tenure_report::segments::{Later, SegmentMean};
use tenure_segments::{Clusterer, Population, SegmentError, describe, renumber};

use super::customers::Customers;
use super::encode::{self, Encoded, EncodedFigures};
use super::findings::{Findings, scores};
use super::{bootstrap, restarts};
use crate::failure::Failure;
use crate::seeds;

/// Fits the same number of segments to the earlier picture alone, and looks at the spend since; none where there is no
/// earlier date, no money, or where features do not see the whole past (then their difference is not the spend since).
pub fn later(plan: &Plan, customers: &Customers<'_>, findings: &Findings) -> Result<Option<Later>, Failure> {
    let (Some(from), Some(to)) = (customers.earlier_at, customers.at) else { return Ok(None) };
    if plan.time.lookback.is_some() || plan.time.active_within.is_some() {
        return Ok(None);
    }
    let Some(spend) = spend_since(customers)? else { return Ok(None) };
    if spend.iter().all(|&money| money == 0.0) {
        return Ok(None);
    }
    let encoded = encode::fit(plan, customers, &customers.earlier)?;
    let d = encoded.n_columns();
    let cells = findings.driver.directions(plan, encoded.cells.clone(), d)?;
    let found = findings.driver.fit(cells.points(d)?, findings.choice.k, restarts(plan, "segments earlier"))?;
    let log_spend: Vec<f64> = spend.iter().map(|money| money.ln_1p()).collect();
    let mut clusterings = vec![("these segments".to_owned(), found.labels.clone())];
    clusterings
        .extend(scores(customers, &customers.earlier)?.map(|rfm| ("classical RFM segments".to_owned(), rfm.labels())));
    clusterings.push(("random segments".to_owned(), shuffled(&found.labels, plan.experiment.seed)));
    let explained = explained(&log_spend, &clusterings, &bootstrap(plan, "later spend")).map_err(SegmentError::from)?;
    let means = means(plan, customers, &encoded, &found.labels, &spend)?;
    Ok(Some(Later { from, to, n_customers: customers.earlier.len(), explained, means }))
}

/// Money spent since the earlier date by each customer of it: what had been spent by the later date less what had been by
/// the earlier one.
fn spend_since(customers: &Customers<'_>) -> Result<Option<Vec<f64>>, Failure> {
    let Some(now) = customers.figure("spend_sum", &customers.now)? else { return Ok(None) };
    let Some(before) = customers.figure("spend_sum", &customers.earlier)? else { return Ok(None) };
    let mut since: Vec<f64> = before.iter().map(|money| -money).collect();
    for (place, money) in customers.places_earlier().into_iter().zip(now) {
        if let Some(place) = place {
            since[place] += money;
        }
    }
    // Sums are kept in single precision; a difference of nothing may be off by a rounding.
    Ok(Some(since.into_iter().map(|money| if money < 0.005 { 0.0 } else { money }).collect()))
}

/// The same sizes, dealt at random.
fn shuffled(labels: &[u32], seed: u64) -> Vec<u32> {
    let mut order: Vec<(u64, u32)> =
        labels.iter().enumerate().map(|(i, &label)| (seeds::derive(seed, "random segments", i), label)).collect();
    order.sort_unstable();
    order.into_iter().map(|(_, label)| label).collect()
}

fn means(
    plan: &Plan,
    customers: &Customers<'_>,
    encoded: &Encoded,
    labels: &[u32],
    spend: &[f64],
) -> Result<Vec<SegmentMean>, Failure> {
    let figures = EncodedFigures { customers, rows: &customers.earlier, encoded };
    let value = customers.values(&customers.earlier)?;
    let points = encoded.cells.points(encoded.n_columns())?;
    let population = Population { figures: &figures, encoded: points, value: value.as_deref(), outcome: None };
    let (order, segments) = describe(&population, labels)?;
    let labels = renumber(labels, &order);
    let mean = |(place, segment): (usize, &tenure_segments::Segment)| {
        let of_segment = spend.iter().zip(&labels).filter(|(_, label)| **label as usize == place);
        let money: Vec<f64> = of_segment.map(|(money, _)| *money).collect();
        let n_buying = money.iter().filter(|&&money| money > 0.0).count();
        Ok(SegmentMean {
            name: segment.name.clone(),
            n_customers: money.len(),
            mean: mean_estimate(&money, &bootstrap(plan, "mean spend")).map_err(SegmentError::from)?,
            share_buying: n_buying as f64 / money.len().max(1) as f64,
        })
    };
    segments.iter().enumerate().map(mean).collect()
}
