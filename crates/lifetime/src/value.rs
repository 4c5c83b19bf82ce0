//! Expected value: transactions times spend.

use crate::forecast::{Discount, Window};
use crate::{Customers, GammaGamma, LifetimeError, PurchaseModel};

/// For each customer, the expected spend in the window: expected transactions times expected spend per transaction, which
/// Gamma-Gamma takes to be independent. `N` values, in units of money.
pub fn expected_value(
    purchases: &PurchaseModel,
    spend: &GammaGamma,
    customers: &Customers,
    window: Window,
) -> Result<Vec<f64>, LifetimeError> {
    let per_purchase = spend.conditional_spend(customers)?;
    Ok(times(purchases.conditional_expected(customers, window), &per_purchase))
}

/// For each customer, the expected spend after the end of observation, discounted: residual lifetime value. `N` values.
pub fn discounted_value(
    purchases: &PurchaseModel,
    spend: &GammaGamma,
    customers: &Customers,
    discount: Discount,
) -> Result<Vec<f64>, LifetimeError> {
    let per_purchase = spend.conditional_spend(customers)?;
    Ok(times(purchases.discounted_expected(customers, discount), &per_purchase))
}

fn times(mut transactions: Vec<f64>, spend: &[f64]) -> Vec<f64> {
    transactions.iter_mut().zip(spend).for_each(|(n, amount)| *n *= amount);
    transactions
}
