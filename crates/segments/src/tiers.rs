//! Customers cut by value: the top 1 %, the next up to 5 %, and so on.

use serde::{Deserialize, Serialize};

/// One tier of value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TierSummary {
    /// `top 1%`, `top 5%` (those not in a higher tier), …, `rest`.
    pub name: String,
    /// Customers in it.
    pub n_customers: usize,
    /// Their share of all customers.
    pub share: f64,
    /// Their value in all.
    pub value: f64,
    /// Its share of everybody's.
    pub value_share: f64,
    /// The least value in it.
    pub least: f64,
}

/// The tier of each customer (0 is the highest) and what is in each.
///
/// `tops` are ascending shares of customers, such as `[.01, .05, .2, .5]`. A tier ends with customer number
/// `ceil(share · n)` in descending order of value; customers of equal value are in the order of their rows. Tiers without a
/// customer are left out of the summaries.
pub fn tiers(value: &[f64], tops: &[f64]) -> (Vec<u32>, Vec<TierSummary>) {
    let n = value.len();
    let mut order: Vec<u32> = (0..n as u32).collect();
    order.sort_unstable_by(|&a, &b| value[b as usize].total_cmp(&value[a as usize]).then(a.cmp(&b)));
    // A share such as .07 of 100 is 7.000000000000001 in binary.
    let ends: Vec<usize> = tops.iter().map(|top| ((top * n as f64 - 1e-9).ceil() as usize).min(n)).chain([n]).collect();
    let total: f64 = value.iter().sum();
    let mut tier_of = vec![0; n];
    let mut summaries = Vec::new();
    let mut start = 0;
    for (tier, &end) in ends.iter().enumerate() {
        let members = &order[start.min(end)..end];
        for &row in members {
            tier_of[row as usize] = tier as u32;
        }
        if let Some(&last) = members.last() {
            let sum: f64 = members.iter().map(|&row| value[row as usize]).sum();
            summaries.push(TierSummary {
                name: tier_name(tops, tier as u32),
                n_customers: members.len(),
                share: members.len() as f64 / n as f64,
                value: sum,
                value_share: if total > 0.0 { sum / total } else { 0.0 },
                least: value[last as usize],
            });
        }
        start = start.max(end);
    }
    (tier_of, summaries)
}

/// The name of tier number `tier`.
pub fn tier_name(tops: &[f64], tier: u32) -> String {
    // Shares are given in percent, mostly whole: 0.07 is 7.000000000000001 of a hundred in binary.
    let percent = |top: f64| (top * 1e8).round() / 1e6;
    tops.get(tier as usize).map_or("rest".into(), |&top| format!("top {}%", percent(top)))
}
