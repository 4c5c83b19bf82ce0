//! What contacting customers costs and brings, and the threshold that follows.

use serde::{Deserialize, Serialize};

use crate::flagged::Confusion;
use crate::thin::thin;
use crate::{EvaluateError, Sample};

/// What contacting one customer costs and brings: `y · success_rate · customer_value − contact_cost`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profit {
    /// Cost of contacting one customer.
    pub contact_cost: f64,
    /// Value of a customer who stays.
    pub customer_value: f64,
    /// Probability that a contacted churner stays.
    pub success_rate: f64,
}

impl Profit {
    /// Refuses costs and values that are negative or not finite, and rates outside 0..=1.
    pub fn check(&self) -> Result<(), EvaluateError> {
        let amount = |setting, found: f64| {
            let sound = found.is_finite() && found >= 0.0;
            sound.then_some(()).ok_or(EvaluateError::Setting { setting, expected: "an amount of at least 0", found })
        };
        amount("contact_cost", self.contact_cost)?;
        amount("customer_value", self.customer_value)?;
        let found = self.success_rate;
        if (0.0..=1.0).contains(&found) {
            return Ok(());
        }
        Err(EvaluateError::Setting { setting: "success_rate", expected: "a share from 0 to 1", found })
    }

    /// The probability at which contacting a customer costs what it brings, `contact_cost / (success_rate ·
    /// customer_value)` (Elkan 2001). With calibrated probabilities no threshold earns more. Above 1 no contact pays.
    pub fn break_even(&self) -> Result<f64, EvaluateError> {
        self.check()?;
        let brings = self.success_rate * self.customer_value;
        if brings > 0.0 {
            return Ok(self.contact_cost / brings);
        }
        Err(EvaluateError::NoBreakEven { customer_value: self.customer_value, success_rate: self.success_rate })
    }

    /// Profit of contacting everybody flagged, per row of the whole set.
    pub(crate) fn per_row(&self, confusion: &Confusion) -> f64 {
        let contacted = confusion.true_positive + confusion.false_positive;
        self.of(confusion.true_positive, contacted) / confusion.total()
    }

    /// Profit of contacting `contacted` customers, `positive` of whom would leave.
    fn of(&self, positive: f64, contacted: f64) -> f64 {
        positive * self.success_rate * self.customer_value - contacted * self.contact_cost
    }
}

/// A point of a profit curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProfitPoint {
    /// Share of customers contacted, highest scores first.
    pub contacted_share: f64,
    /// Profit over the whole set, in the unit of the costs.
    pub profit: f64,
    /// Rows with at least this score are contacted. It lies half-way between two scores of the set, so that rows of
    /// another set fall on the side they are nearer to; at the first point it is just above the highest score.
    pub threshold: f64,
}

/// Profit by the share of customers contacted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ProfitCurve {
    /// What was assumed.
    pub assumed: Profit,
    /// From nobody to everybody.
    pub points: Vec<ProfitPoint>,
    /// The most profitable point of this very set, therefore optimistic; of equals the one with the fewest contacts.
    pub best: ProfitPoint,
    /// The probability at which a contact costs what it brings; none where contacts bring nothing.
    pub break_even: Option<f64>,
}

/// The profit curve, with a point for each distinct score, thinned to at most `max_points`.
pub fn profit_curve<'a>(
    sample: impl Into<Sample<'a>>,
    profit: Profit,
    max_points: usize,
) -> Result<ProfitCurve, EvaluateError> {
    profit.check()?;
    let points = every_point(sample.into(), &profit);
    let best = best_of(&points);
    let points = thin(&points, max_points, |point| (point.contacted_share, point.profit));
    Ok(ProfitCurve { assumed: profit, points, best, break_even: profit.break_even().ok() })
}

/// The threshold that earned most on these rows. Choose it on validation rows and use it on test rows.
///
/// # Example
/// ```
/// use tenure_evaluate::{Profit, Scored, best_threshold};
///
/// let validation = Scored::new(&[0.9, 0.7, 0.4, 0.2], &[true, true, false, false], None)?;
/// let profit = Profit { contact_cost: 10.0, customer_value: 100.0, success_rate: 0.3 };
/// let best = best_threshold(&validation, profit)?;
/// assert_eq!((best.contacted_share, best.profit), (0.5, 40.0));
/// assert!((best.threshold - 0.55).abs() < 1e-15);
/// # Ok::<(), tenure_evaluate::EvaluateError>(())
/// ```
pub fn best_threshold<'a>(sample: impl Into<Sample<'a>>, profit: Profit) -> Result<ProfitPoint, EvaluateError> {
    profit.check()?;
    Ok(best_of(&every_point(sample.into(), &profit)))
}

fn every_point(sample: Sample<'_>, profit: &Profit) -> Vec<ProfitPoint> {
    let view = sample.ranked().view();
    let mass = view.mass();
    let runs: Vec<_> = view.runs().filter(|run| run.mass > 0.0).collect();
    let nobody = runs.first().map_or(f64::INFINITY, |run| run.score.next_up());
    let mut points = vec![ProfitPoint { contacted_share: 0.0, profit: 0.0, threshold: nobody }];
    let (mut positive, mut contacted) = (0.0, 0.0);
    for (i, run) in runs.iter().enumerate() {
        positive += run.positive;
        contacted += run.mass;
        let threshold = runs.get(i + 1).map_or(run.score, |next| between(run.score, next.score));
        let contacted_share = (contacted / mass).min(1.0);
        points.push(ProfitPoint { contacted_share, profit: profit.of(positive, contacted), threshold });
    }
    points
}

/// A number above `low` and at most `high`, half-way where doubles allow.
fn between(high: f64, low: f64) -> f64 {
    let middle = low + 0.5 * (high - low);
    if middle > low && middle.is_finite() { middle } else { high }
}

fn best_of(points: &[ProfitPoint]) -> ProfitPoint {
    points.iter().fold(points[0], |best, point| if point.profit > best.profit { *point } else { best })
}
