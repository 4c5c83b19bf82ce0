//! What contacting the customers of highest predicted value earns.

use serde::{Deserialize, Serialize};

use super::sample::Valued;
use super::view::{Sums, ValueView};
use crate::EvaluateError;
use crate::thin::thin;

/// What contacting one customer costs and brings: `margin · actual value − contact_cost`.
///
/// The margin is the part of a contacted customer's value that the contact earns: the profit margin, where customers buy
/// only if contacted; less, where some would have bought anyway. No model of value says how much less.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Targeting {
    /// Cost of contacting one customer.
    pub contact_cost: f64,
    /// Part of a contacted customer's value that the contact earns, 0 to 1.
    pub margin: f64,
}

impl Targeting {
    /// Refuses costs that are negative or not finite, and margins outside 0..=1.
    pub fn check(&self) -> Result<(), EvaluateError> {
        let cost = self.contact_cost;
        if !(cost.is_finite() && cost >= 0.0) {
            return Err(EvaluateError::Setting {
                setting: "contact_cost",
                expected: "an amount of at least 0",
                found: cost,
            });
        }
        if (0.0..=1.0).contains(&self.margin) {
            return Ok(());
        }
        Err(EvaluateError::Setting { setting: "margin", expected: "a share from 0 to 1", found: self.margin })
    }

    /// The value at which a contact costs what it brings, `contact_cost / margin`: with unbiased predictions no other
    /// bound earns more. None where contacts bring nothing.
    pub fn break_even(&self) -> Option<f64> {
        (self.margin > 0.0).then(|| self.contact_cost / self.margin)
    }

    /// Profit per row of the whole set, contacting every customer predicted at the break-even value or above.
    pub(crate) fn per_row(&self, view: &ValueView<'_>) -> Result<f64, EvaluateError> {
        self.check()?;
        Ok(self.of(&self.chosen(view)) / view.totals.mass)
    }

    fn chosen(&self, view: &ValueView<'_>) -> Sums {
        let mut contacted = Sums::default();
        let Some(bound) = self.break_even() else { return contacted };
        let runs = view.by_predicted().iter().zip(&view.valued.by_predicted.value);
        runs.take_while(|(_, predicted)| **predicted >= bound).for_each(|(run, _)| contacted.add_share(run, 1.0));
        contacted
    }

    fn of(&self, contacted: &Sums) -> f64 {
        self.margin * contacted.actual - self.contact_cost * contacted.mass
    }

    fn point(&self, contacted: &Sums, mass: f64, predicted_min: Option<f64>) -> TargetingPoint {
        TargetingPoint { contacted_share: (contacted.mass / mass).min(1.0), profit: self.of(contacted), predicted_min }
    }
}

/// A point of a targeting curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetingPoint {
    /// Share of customers contacted, highest predictions first.
    pub contacted_share: f64,
    /// Profit over the whole set, in the unit of the values.
    pub profit: f64,
    /// The lowest prediction among those contacted; none where nobody is.
    pub predicted_min: Option<f64>,
}

/// Profit by the share of customers contacted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TargetingCurve {
    /// What was assumed.
    pub assumed: Targeting,
    /// From nobody to everybody.
    pub points: Vec<TargetingPoint>,
    /// The same, contacting the customers of highest actual value first: what no prediction exceeds.
    pub perfect: Vec<TargetingPoint>,
    /// Contacting every customer whose prediction pays for the contact: a rule that needs no look at these rows.
    pub chosen: TargetingPoint,
    /// The most profitable point of this very set, therefore optimistic; of equals the one with the fewest contacts.
    pub best: TargetingPoint,
    /// The value at which a contact costs what it brings; none where contacts bring nothing.
    pub break_even: Option<f64>,
}

/// The targeting curve, with a point for each distinct prediction, thinned to at most `max_points`.
///
/// # Example
/// ```
/// use tenure_evaluate::{Targeting, Valued, targeting_curve};
///
/// let valued = Valued::new(&[90.0, 60.0, 20.0, 5.0], &[100.0, 0.0, 30.0, 0.0], None)?;
/// let curve = targeting_curve(&valued, Targeting { contact_cost: 10.0, margin: 0.5 }, 100)?;
/// assert_eq!(curve.break_even, Some(20.0));
/// assert_eq!((curve.chosen.contacted_share, curve.chosen.profit), (0.75, 0.5 * 130.0 - 30.0));
/// assert_eq!((curve.best.contacted_share, curve.best.profit), (0.25, 40.0));
/// # Ok::<(), tenure_evaluate::EvaluateError>(())
/// ```
pub fn targeting_curve(
    valued: &Valued,
    targeting: Targeting,
    max_points: usize,
) -> Result<TargetingCurve, EvaluateError> {
    targeting.check()?;
    let view = valued.view();
    let mass = view.totals.mass;
    let points = every_point(targeting, view.by_predicted(), &valued.by_predicted.value, mass);
    let perfect = every_point(targeting, view.by_actual(), &valued.by_actual.value, mass);
    let best = points.iter().fold(points[0], |best, point| if point.profit > best.profit { *point } else { best });
    let chosen = targeting.chosen(&view);
    let lowest = targeting.break_even().and_then(|bound| {
        valued.by_predicted.value.iter().take_while(|&&predicted| predicted >= bound).last().copied()
    });
    let thinned = |points: &[TargetingPoint]| thin(points, max_points, |point| (point.contacted_share, point.profit));
    Ok(TargetingCurve {
        assumed: targeting,
        points: thinned(&points),
        // The perfect curve bends at every value; its lowest prediction would be a value, so it has none.
        perfect: thinned(&perfect).into_iter().map(|point| TargetingPoint { predicted_min: None, ..point }).collect(),
        chosen: targeting.point(&chosen, mass, lowest),
        best,
        break_even: targeting.break_even(),
    })
}

fn every_point(targeting: Targeting, runs: &[Sums], values: &[f64], mass: f64) -> Vec<TargetingPoint> {
    let mut contacted = Sums::default();
    let mut points = vec![targeting.point(&contacted, mass, None)];
    for (run, &value) in runs.iter().zip(values).filter(|(run, _)| run.mass > 0.0) {
        contacted.add_share(run, 1.0);
        points.push(targeting.point(&contacted, mass, Some(value)));
    }
    points
}
