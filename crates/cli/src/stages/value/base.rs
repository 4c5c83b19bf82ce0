//! The customer base as the purchase models see it: who is still there, and what the base buys week by week.

use tenure_data::EventsInfo;
use tenure_lifetime::{Customers, PurchaseModel};
use tenure_report::value::{AliveGrid, CustomerBase, ExpectedTransactions, Tracking};

use super::forecast::{Base, name};

/// Cells of the grid along recency.
const RECENCY_STEPS: usize = 12;
/// Rows of the grid: frequencies from 0 to the one that this share of customers does not exceed, but not fewer than
/// `LEAST_FREQUENCIES` and not more than `MOST_FREQUENCIES`.
const FREQUENCY_SHARE: f64 = 0.95;
const LEAST_FREQUENCIES: u32 = 4;
const MOST_FREQUENCIES: u32 = 24;

/// What the report shows of the base; nothing without a fitted model.
pub fn page(base: Option<&Base>, events: Option<&EventsInfo>) -> CustomerBase {
    let (Some(base), Some(events)) = (base, events) else { return CustomerBase::default() };
    let alive = base.models.first().and_then(|model| alive(model, &base.customers));
    CustomerBase { alive, tracking: tracking(base, events) }
}

/// P(alive) for a customer of median age over frequency and recency.
fn alive(model: &PurchaseModel, customers: &Customers) -> Option<AliveGrid> {
    let age = share_of(customers.age().to_vec(), 0.5)?;
    let usual = share_of(customers.frequency().iter().map(|&x| f64::from(x)).collect(), FREQUENCY_SHARE)?;
    let highest = (usual as u32).clamp(LEAST_FREQUENCIES, MOST_FREQUENCIES);
    let frequency: Vec<u32> = (0..=highest).collect();
    let recency: Vec<f64> = (0..=RECENCY_STEPS).map(|step| age * step as f64 / RECENCY_STEPS as f64).collect();
    let p_alive = frequency.iter().map(|&x| recency.iter().map(|&t_x| cell(model, x, t_x, age)).collect()).collect();
    Some(AliveGrid { model: name(model.kind()).into(), unit: "weeks".into(), age, frequency, recency, p_alive })
}

/// None where nobody can be: a last repeat purchase needs a repeat purchase, and the other way round.
fn cell(model: &PurchaseModel, frequency: u32, recency: f64, age: f64) -> Option<f64> {
    if (frequency == 0) != (recency == 0.0) {
        return None;
    }
    let one = Customers::new(&[f64::from(frequency)], &[recency], &[age]).ok()?;
    model.p_alive(&one).pop()
}

/// Weekly repeat transactions, actual and as each model expects them of all customers since their first purchase.
fn tracking(base: &Base, events: &EventsInfo) -> Option<Tracking> {
    let weeks = events.base.weeks.as_ref()?;
    let n_weeks = weeks.repeats.len();
    if weeks.repeats.iter().all(|&count| count == 0) {
        return None;
    }
    let offsets: Vec<f64> = (0..=n_weeks).map(|week| week as f64 - weeks.n_before as f64).collect();
    let weekly = |model: &PurchaseModel| {
        let total = model.expected_cumulative(&base.customers, &offsets);
        total.windows(2).map(|pair| pair[1] - pair[0]).collect()
    };
    let expected = base
        .models
        .iter()
        .map(|model| ExpectedTransactions { model: name(model.kind()).into(), weekly: weekly(model) });
    Some(Tracking {
        start: weeks.start,
        n_calibration_weeks: weeks.n_before,
        actual: weeks.repeats.iter().map(|&count| count as f64).collect(),
        expected: expected.collect(),
    })
}

/// The value that this share does not exceed; none of nothing.
fn share_of(mut values: Vec<f64>, share: f64) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(((values.len() as f64 * share) as usize).min(values.len().saturating_sub(1))).copied()
}

#[cfg(test)]
mod tests {
    use tenure_lifetime::ModelKind;

    use super::*;

    #[test]
    fn the_grid_has_no_cell_where_nobody_can_be() {
        let model = PurchaseModel::new(ModelKind::ParetoNbd, [0.55, 10.6, 0.6, 11.7]).expect("sound parameters");
        let customers = Customers::new(&[0.0, 2.0, 1.0], &[0.0, 30.0, 5.0], &[38.0, 39.0, 30.0]).expect("sound");
        let grid = alive(&model, &customers).expect("customers");
        assert_eq!((grid.age, grid.frequency.len(), grid.recency.len()), (38.0, 5, 13));
        assert!(grid.p_alive[0][0].is_some() && grid.p_alive[0][1].is_none() && grid.p_alive[1][0].is_none());
        let row: Vec<f64> = grid.p_alive[3][1..].iter().map(|p| p.expect("a customer")).collect();
        assert!(row.windows(2).all(|pair| pair[0] < pair[1]), "a later last purchase is a better sign: {row:?}");
    }
}
