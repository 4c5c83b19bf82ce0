//! What the classical models say of each row, fitted at each cutoff to nothing but the events before it.

use serde::{Deserialize, Serialize};
use tenure_config::{ModelKind, Offset, Plan};
use tenure_data::events::RowHistory;
use tenure_data::{CutoffInfo, EventsInfo, FeatureLineage, Loaded};
use tenure_lifetime::{
    Customers, Fit, LifetimeError, ModelKind as Purchases, Parameter, PurchaseModel, SpendFit, Window, fit, fit_spend,
};
use tenure_table::{Column, Role, Table, Timestamp, Values};

use crate::facts;
use crate::failure::Failure;
use crate::progress::Progress;

/// The models count time in weeks, as their literature does.
const DAYS_PER_WEEK: f64 = 7.0;
/// An offset is at least this share of the mean forecast of its cutoff: a customer whom the forecast gives up, and who
/// comes back all the same, must not outweigh all others.
pub const LEAST_OFFSET: f64 = 0.02;
/// The feature whose lineage tells what a forecast has read: it looks at the same purchases.
const READ_LIKE: &str = "recency_days";

/// Forecasts for each row of the table, over the row's own label window.
#[derive(Clone, Debug, Default)]
pub struct Forecast {
    /// Probability of still being a customer.
    pub p_alive: Vec<f64>,
    /// Expected transactions in the window.
    pub purchases: Vec<f64>,
    /// Expected money of a transaction; 0 where the log has no amounts.
    pub spend: Vec<f64>,
    /// Expected money in the window.
    pub value: Vec<f64>,
    /// What each row's cutoff has for a mean value.
    mean_of_cutoff: Vec<f64>,
}

/// A model as it was fitted at one cutoff, for `lifetime.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CutoffFit {
    /// The cutoff.
    pub cutoff: String,
    /// The model of purchases.
    pub model: String,
    /// Its parameters, per week.
    pub parameters: Vec<Parameter>,
    /// Parameters of Gamma-Gamma; empty where the log has no amounts.
    pub spend_parameters: Vec<Parameter>,
    /// Log-likelihood of the purchases.
    pub log_likelihood: f64,
    /// Customers it was fitted to: also those whom `time.active_within` leaves out of the rows.
    pub n_customers: usize,
    /// What to know before the estimates are used.
    pub findings: Vec<String>,
}

/// The forecasts that a run needs.
#[derive(Debug, Default)]
pub struct Forecasts {
    /// Pareto/NBD with Gamma-Gamma; none without events.
    pub pareto_nbd: Option<Forecast>,
    /// BG/NBD with Gamma-Gamma; none without events.
    pub bg_nbd: Option<Forecast>,
    /// Every fit.
    pub fits: Vec<CutoffFit>,
    /// The customers of the test cutoff as both models see them; none without events.
    pub base: Option<Base>,
}

/// The whole base at the test cutoff, with the models fitted to it.
#[derive(Debug)]
pub struct Base {
    /// All customers with a transaction, time in weeks.
    pub customers: Customers,
    /// The fitted models.
    pub models: Vec<PurchaseModel>,
}

impl Forecasts {
    /// Fits both models at every cutoff whose forecasts the plan reads: at the test cutoff as baselines, at all of them as
    /// an offset.
    pub fn needed(plan: &Plan, loaded: &Loaded, progress: &mut Progress) -> Result<Self, Failure> {
        let mut all = Self::default();
        let Some(events) = &loaded.events else { return Ok(all) };
        progress.begin("fit purchase models", None);
        for (kind, offset, place) in [
            (Purchases::ParetoNbd, Offset::ParetoNbd, &mut all.pareto_nbd),
            (Purchases::BgNbd, Offset::BgNbd, &mut all.bg_nbd),
        ] {
            let everywhere = plan.model.offset == offset;
            let (forecast, fits, last) = Forecast::of(&loaded.table, events, kind, everywhere)?;
            *place = Some(forecast);
            all.fits.extend(fits);
            if let Some(Fitted { customers, purchases, .. }) = last {
                let base = all.base.get_or_insert_with(|| Base { customers, models: Vec::new() });
                base.models.push(purchases.model);
            }
        }
        progress.end();
        Ok(all)
    }

    /// The forecast that stands in for a network, where the plan asks for no network.
    pub fn of_kind(&self, kind: ModelKind) -> Option<&Forecast> {
        match kind {
            ModelKind::ParetoNbd => self.pareto_nbd.as_ref(),
            ModelKind::BgNbd => self.bg_nbd.as_ref(),
            _ => None,
        }
    }

    /// What the network's values are divided by, for each row of the table; none where it predicts them itself.
    pub fn offset(&self, offset: Offset) -> Option<Vec<f64>> {
        let forecast = match offset {
            Offset::None => None,
            Offset::ParetoNbd => self.pareto_nbd.as_ref(),
            Offset::BgNbd => self.bg_nbd.as_ref(),
        }?;
        let floor = |(value, mean): (&f64, &f64)| value.max(LEAST_OFFSET * mean).max(f64::MIN_POSITIVE);
        Some(forecast.value.iter().zip(&forecast.mean_of_cutoff).map(floor).collect())
    }
}

impl Forecast {
    /// Forecasts at the test cutoff, or at every cutoff; rows of other cutoffs have 0 everywhere. With them the fits, and
    /// the model of the test cutoff itself.
    fn of(
        table: &Table,
        events: &EventsInfo,
        kind: Purchases,
        everywhere: bool,
    ) -> Result<(Self, Vec<CutoffFit>, Option<Fitted>), Failure> {
        let n_rows = table.n_rows();
        let mut forecast = Self {
            p_alive: vec![0.0; n_rows],
            purchases: vec![0.0; n_rows],
            spend: vec![0.0; n_rows],
            value: vec![0.0; n_rows],
            mean_of_cutoff: vec![0.0; n_rows],
        };
        let (mut fits, mut last) = (Vec::new(), None);
        for (cutoff_idx, cutoff) in events.cutoffs.iter().enumerate() {
            if !everywhere && !cutoff.is_test {
                continue;
            }
            let rows = rows_at(table, cutoff);
            let known: Vec<u32> =
                rows.iter().copied().filter(|&row| events.histories[row as usize].age_days > 0.0).collect();
            let left_out = events.base.left_out.get(cutoff_idx).map_or(&[][..], Vec::as_slice);
            let all = known.iter().map(|&row| &events.histories[row as usize]).chain(left_out);
            let fitted = Fitted::new(kind, &all.collect::<Vec<_>>()).map_err(|error| failure(&error, cutoff))?;
            let said = fitted.forecast(cutoff).map_err(|error| failure(&error, cutoff))?;
            for (place, &row) in known.iter().enumerate() {
                let row = row as usize;
                forecast.p_alive[row] = said.p_alive[place];
                forecast.purchases[row] = said.purchases[place];
                forecast.spend[row] = said.spend[place];
                forecast.value[row] = said.value[place];
            }
            let mean = said.value[..known.len()].iter().sum::<f64>() / rows.len().max(1) as f64;
            for &row in &rows {
                forecast.mean_of_cutoff[row as usize] = mean;
            }
            fits.push(fitted.facts(kind, cutoff));
            last = Some(fitted);
        }
        Ok((forecast, fits, last))
    }
}

/// Rows of this cutoff.
fn rows_at(table: &Table, cutoff: &CutoffInfo) -> Vec<u32> {
    let Some(Values::Time(cutoffs)) = table.with_role(Role::Time).map(|column| &column.values) else {
        return Vec::new();
    };
    (0..cutoffs.len() as u32).filter(|&row| cutoffs[row as usize] == cutoff.cutoff.0).collect()
}

/// The models at one cutoff, with the customers they were fitted to: its rows, then those whom the rows leave out. A model
/// that saw none of those who stopped buying would find that nobody ever does.
struct Fitted {
    customers: Customers,
    purchases: Fit,
    spend: Option<SpendFit>,
}

impl Fitted {
    fn new(kind: Purchases, histories: &[&RowHistory]) -> Result<Self, LifetimeError> {
        let of = |value: &dyn Fn(&RowHistory) -> f64| -> Vec<f64> {
            histories.iter().map(|&history| value(history)).collect()
        };
        let frequency = of(&|history| f64::from(history.frequency));
        let recency = of(&|history| history.recency_days / DAYS_PER_WEEK);
        let age = of(&|history| history.age_days / DAYS_PER_WEEK);
        let mean_spend = of(&|history| history.mean_spend);
        let customers = Customers::new(&frequency, &recency, &age)?;
        let purchases = fit(kind, &customers)?;
        if mean_spend.iter().all(|&spend| spend == 0.0) {
            return Ok(Self { customers, purchases, spend: None });
        }
        let customers = customers.with_mean_spend(&mean_spend)?;
        let spend = fit_spend(&customers)?;
        Ok(Self { customers, purchases, spend: Some(spend) })
    }

    /// One value for each customer.
    fn forecast(&self, cutoff: &CutoffInfo) -> Result<Forecast, LifetimeError> {
        let weeks = |from: Timestamp, to: Timestamp| (to - from).as_days() / DAYS_PER_WEEK;
        let window =
            Window::new(weeks(cutoff.cutoff, cutoff.label_start), weeks(cutoff.label_start, cutoff.label_end))?;
        let purchases = self.purchases.model.conditional_expected(&self.customers, window);
        let spend = match &self.spend {
            Some(spend) => spend.model.conditional_spend(&self.customers)?,
            None => vec![0.0; purchases.len()],
        };
        let value = purchases.iter().zip(&spend).map(|(purchases, spend)| purchases * spend).collect();
        let p_alive = self.purchases.model.p_alive(&self.customers);
        Ok(Forecast { p_alive, purchases, spend, value, mean_of_cutoff: Vec::new() })
    }

    fn facts(&self, kind: Purchases, cutoff: &CutoffInfo) -> CutoffFit {
        let findings = self.purchases.convergence.findings.iter();
        let findings = findings.chain(self.spend.iter().flat_map(|spend| &spend.convergence.findings));
        CutoffFit {
            cutoff: facts::date(cutoff.cutoff),
            model: name(kind).to_owned(),
            parameters: self.purchases.parameters.clone(),
            spend_parameters: self.spend.as_ref().map(|spend| spend.parameters.clone()).unwrap_or_default(),
            log_likelihood: self.purchases.log_likelihood,
            n_customers: self.purchases.n_customers,
            findings: findings.map(|finding| finding.message.clone()).collect(),
        }
    }
}

/// The model's name in the literature.
pub const fn name(kind: Purchases) -> &'static str {
    match kind {
        Purchases::ParetoNbd => "Pareto/NBD",
        Purchases::BgNbd => "BG/NBD",
        Purchases::MbgNbd => "MBG/NBD",
    }
}

fn failure(error: &LifetimeError, cutoff: &CutoffInfo) -> Failure {
    let at = facts::date(cutoff.cutoff);
    Failure::data(
        format!("no purchase model can be fitted at cutoff {at}: {error}"),
        "it sees every customer with a purchase before that cutoff: choose later cutoffs",
    )
}

/// The forecasts among features.
const FEATURES: [&str; 4] = ["lifetime_p_alive", "lifetime_purchases", "lifetime_spend", VALUE_FEATURE];
/// The one that is a forecast of value.
pub const VALUE_FEATURE: &str = "lifetime_value";

/// Takes back what [`add_features`] added, but for the lineage.
pub fn drop_features(loaded: &mut Loaded) {
    let table = std::mem::replace(&mut loaded.table, Table::new(Vec::new()).expect("no column is ragged"));
    let is_kept = |column: &Column| !FEATURES.contains(&column.name.as_str());
    let kept = table.map_columns(|columns| columns.into_iter().filter(is_kept).collect());
    loaded.table = kept.expect("columns of one table");
}

/// Adds what Pareto/NBD and Gamma-Gamma forecast to the features of a log, with their lineage.
pub fn add_features(loaded: &mut Loaded) -> Result<(), Failure> {
    let Some(events) = &mut loaded.events else { return Ok(()) };
    let (forecast, _, _) = Forecast::of(&loaded.table, events, Purchases::ParetoNbd, true)?;
    let has_amounts = forecast.spend.iter().any(|&spend| spend > 0.0);
    let like = events.lineage.iter().find(|feature| feature.feature == READ_LIKE).cloned();
    let all = [
        ("lifetime_p_alive", "1", "probability of still being a customer, by Pareto/NBD", forecast.p_alive),
        (
            "lifetime_purchases",
            "purchases",
            "expected purchases in the label's window, by Pareto/NBD",
            forecast.purchases,
        ),
        ("lifetime_spend", "money", "expected amount of a purchase, by Gamma-Gamma", forecast.spend),
        (VALUE_FEATURE, "money", "lifetime_purchases * lifetime_spend", forecast.value),
    ];
    let mut columns = Vec::new();
    for (name, unit, definition, values) in all.into_iter().take(if has_amounts { 4 } else { 2 }) {
        let values = values.iter().map(|&value| value as f32).collect();
        columns.push(Column::new(name, Role::Numeric, Values::Numeric(values)));
        events.lineage.push(FeatureLineage {
            feature: name.to_owned(),
            definition: format!("{definition}, fitted to the events before the row's cutoff"),
            columns: like.as_ref().map(|like| like.columns.clone()).unwrap_or_default(),
            window: None,
            unit: unit.to_owned(),
            latest_event: like.as_ref().and_then(|like| like.latest_event),
            min_slack: like.as_ref().and_then(|like| like.min_slack),
        });
    }
    let table = std::mem::replace(&mut loaded.table, Table::new(Vec::new()).expect("no column is ragged"));
    let table = table.map_columns(|before| columns.into_iter().chain(before).collect());
    loaded.table = table.map_err(|error| {
        Failure::data(
            format!("forecasts cannot be features: {error}"),
            "rename the column of the log or of its attributes that begins with `lifetime_`",
        )
    })?;
    Ok(())
}
