//! A made event log from Parquet to point-in-time features and labels.

use std::time::Instant;

use tempfile::TempDir;
use tenure_config::{Plan, SyntheticKind};
use tenure_data::synth::{SynthFormat, SynthOptions, generate, roles};
use tenure_data::{Silent, load_at};
use tenure_table::{Span, Timestamp, Values};

use super::{Round, Workload};
use crate::failure::Failure;

/// Customers of the log, with 38 events each on average.
const N_CUSTOMERS: u64 = 10_000;
/// Its workload.
pub const ID: &str = "features/10000-customers";
/// 2026-01-01T00:00:00Z, after the last event.
const NOW: Timestamp = Timestamp(1_767_225_600_000_000);

/// A log on disk and the plan that reads it.
pub struct Features {
    plan: Plan,
    /// Deleted with the workload.
    _folder: TempDir,
}

impl Features {
    /// Makes the log among the temporary files.
    pub fn made() -> Result<Self, Failure> {
        let hint = "the temporary folder needs a few megabytes";
        let folder = tempfile::tempdir().map_err(|error| Failure::data(error.to_string(), hint))?;
        let options = SynthOptions {
            kind: SyntheticKind::Events,
            n_customers: N_CUSTOMERS,
            start: Timestamp(Span::days(19_358).0),
            span: Span::days(720),
            horizon: Span::days(90),
            mean_events: 38.0,
            n_measures: 0,
            missing: 0.02,
            dirty: 0.0,
            seed: 1,
            format: SynthFormat::Parquet,
        };
        let made =
            generate(&options, folder.path(), &mut Silent).map_err(|error| Failure::data(error.to_string(), hint))?;
        let columns: String =
            roles(SyntheticKind::Events).into_iter().map(|(name, role)| format!("{name} = \"{role}\"\n")).collect();
        let text = format!(
            "[data]\nsource = \"events\"\nfiles = [{:?}]\nattributes = [{:?}]\n[data.columns]\n{columns}\
             [time]\nn_train = 1\nhorizon = \"90d\"\n",
            made.data.display().to_string(),
            made.attributes.as_ref().map(|path| path.display().to_string()).unwrap_or_default(),
        );
        let plan = tenure_config::parse(&text, "bench.toml", &tenure_config::Overrides::default())?;
        Ok(Self { plan, _folder: folder })
    }
}

impl Workload for Features {
    fn id(&self) -> &'static str {
        ID
    }

    fn device(&self) -> &'static str {
        "CPU"
    }

    fn counts(&self) -> &'static str {
        "events"
    }

    fn round(&mut self) -> Result<Round, Failure> {
        let begun = Instant::now();
        let loaded = load_at(&self.plan, NOW, &mut Silent)?;
        let seconds = begun.elapsed().as_secs_f64();
        let amount = loaded.events.as_ref().map_or(0, |events| events.n_events) as f64;
        let sum = |values: &Values| match values {
            Values::Numeric(values) => values.iter().filter(|v| v.is_finite()).map(|&v| f64::from(v)).sum(),
            _ => 0.0,
        };
        let check = loaded.table.features().map(|column| sum(&column.values)).sum();
        Ok(Round { amount, seconds, check })
    }
}
