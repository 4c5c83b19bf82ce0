//! What a sceptic would ask for beside a prediction of value.

use tenure_data::Loaded;
use tenure_data::events::RowHistory;

use super::forecast::{Forecast, Forecasts};

/// One prediction of the test rows that needs no network.
pub struct Rival {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub description: &'static str,
    /// One value for each test row.
    pub predicted: Vec<f64>,
}

/// Every baseline that the data allow, on these rows of the table.
pub fn rivals(loaded: &Loaded, forecasts: &Forecasts, rows: &[u32]) -> Vec<Rival> {
    let mut rivals = Vec::new();
    if let Some(events) = &loaded.events {
        let of = |value: fn(&RowHistory) -> f64| -> Vec<f64> {
            rows.iter().map(|&row| value(&events.histories[row as usize])).collect()
        };
        rivals.push(Rival {
            name: "naive rate",
            description: "money of repeat purchases so far / time since the first purchase * horizon",
            predicted: of(naive_rate),
        });
        rivals.push(Rival {
            name: "last period",
            description: "money spent in the span before the cutoff that is as long as the horizon",
            predicted: of(|history| history.last_period_spend),
        });
    }
    let zero = Rival { name: "zero", description: "nobody buys again", predicted: vec![0.0; rows.len()] };
    rivals.push(zero);
    let mut classic = |name, description, forecast: &Option<Forecast>| {
        if let Some(forecast) = forecast {
            let predicted = rows.iter().map(|&row| forecast.value[row as usize]).collect();
            rivals.push(Rival { name, description, predicted });
        }
    };
    classic(
        "BG/NBD + Gamma-Gamma",
        "expected purchases times expected amount, fitted to the events before the cutoff",
        &forecasts.bg_nbd,
    );
    classic(
        "Pareto/NBD + Gamma-Gamma",
        "expected purchases times expected amount, fitted to the events before the cutoff",
        &forecasts.pareto_nbd,
    );
    rivals
}

/// What a customer goes on to spend at the rate of the repeat purchases so far.
fn naive_rate(history: &RowHistory) -> f64 {
    if history.age_days <= 0.0 {
        return 0.0;
    }
    f64::from(history.frequency) * history.mean_spend / history.age_days * history.label_days
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_naive_rate_goes_on_as_before() {
        let history = RowHistory {
            frequency: 2,
            recency_days: 30.0,
            age_days: 40.0,
            mean_spend: 10.0,
            past_spend: 99.0,
            last_period_spend: 0.0,
            label_frequency: 0,
            label_days: 80.0,
        };
        assert_eq!(naive_rate(&history), 40.0);
        assert_eq!(naive_rate(&RowHistory { age_days: 0.0, ..history }), 0.0);
    }
}
