//! What a customer was worth in the label's window.

use tenure_config::Returns;

use super::cutoffs::ResolvedCutoff;
use super::purchases::{Histories, between};

/// Money of the purchases in the label's window, less that of the returns in it where the plan says so; never below 0.
///
/// A return in the window of something bought before the cutoff counts: the money goes back in the window.
pub(crate) fn value(histories: &Histories, cutoff: &ResolvedCutoff, returns: Returns) -> f64 {
    let (from, to) = (cutoff.label_start.0, cutoff.label_end.0);
    let bought: f64 = between(&histories.purchases, |p| p.time_us, from, to).iter().map(|p| p.spend).sum();
    match returns {
        Returns::Ignore => bought + 0.0,
        Returns::Subtract => {
            let returned: f64 = between(&histories.returns, |r| r.time_us, from, to).iter().map(|r| r.amount).sum();
            (bought - returned).max(0.0)
        }
    }
}
