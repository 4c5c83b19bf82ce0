//! The run's own types in the words of a report.

use chrono::DateTime;
use tenure_artifact::{Backbone, DropReason, Encoder, NetworkSpec, NumericSpec, Preprocessor, Scale};
use tenure_config::{Origin, Plan, Setting};
use tenure_data::{EventsInfo, FeatureLineage, Loaded};
use tenure_encode::leakage;
use tenure_evaluate::Metric;
use tenure_model::DeviceInfo;
use tenure_report::{
    Cohort, ColumnFacts, CutoffFacts, DataFacts, DroppedRows, Environment, Evaluation, FileFacts, LearningCurve, Part,
    Retention, RowCount, Suspect, Timeline, Timing,
};
use tenure_table::{Column, MISSING_CODE, Role, Table, Timestamp, Values};
use tenure_train::Trained;

use crate::clock::Clock;

/// Fewer test rows of a class than this make every figure wide.
const FEW_ROWS: u64 = 100;

/// What was read, and how each column entered the network.
pub fn data(plan: &Plan, loaded: &Loaded, preprocessor: &Preprocessor) -> DataFacts {
    let table = &loaded.table;
    let all: Vec<u32> = (0..table.n_rows() as u32).collect();
    let counts = row_count(table, &all);
    let stored = loaded.stored.as_ref().map(|stored| stored.n_rows() as u64);
    DataFacts {
        source: plan.data.source.to_string(),
        files: loaded
            .files
            .iter()
            .map(|file| FileFacts {
                path: file.path.display().to_string(),
                size_bytes: file.size_bytes,
                digest: format!("blake3:{}", file.blake3),
                n_rows: Some(file.n_rows),
            })
            .collect(),
        n_rows_read: loaded.validation.n_read,
        n_rows_kept: loaded.validation.n_kept,
        dropped: loaded
            .validation
            .dropped
            .iter()
            .map(|(reason, &n_rows)| DroppedRows { reason: reason.to_string(), n_rows })
            .collect(),
        notes: loaded.validation.notes.clone(),
        rejected_file: (loaded.rejected.n_rows() > 0).then(|| "rejected.csv".to_owned()),
        time_range: loaded.events.as_ref().map(|events| (events.first, events.last)),
        n_examples: stored.unwrap_or(counts.n_rows),
        n_positive: counts.n_positive,
        columns: columns(loaded, preprocessor),
    }
}

/// How many of these rows there are, and how many are positive: have left or, where only value is known, have any.
pub fn row_count(table: &Table, rows: &[u32]) -> RowCount {
    let label = table.with_role(Role::Target).or_else(|| table.with_role(Role::Value));
    let n_positive = match label.map(|column| &column.values) {
        Some(Values::Numeric(target)) => rows.iter().filter(|&&row_idx| target[row_idx as usize] > 0.0).count(),
        _ => 0,
    };
    RowCount { n_rows: rows.len() as u64, n_positive: n_positive as u64 }
}

/// What customers were worth in some rows.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
pub struct ValueFacts {
    /// Rows.
    pub n_rows: usize,
    /// Rows with a value above 0.
    pub n_above_zero: usize,
    /// The largest value.
    pub largest: f64,
    /// The sum of all values.
    pub sum: f64,
}

impl ValueFacts {
    /// The share of rows with a value above 0.
    pub fn share_above_zero(&self) -> f64 {
        self.n_above_zero as f64 / self.n_rows.max(1) as f64
    }

    /// The mean value.
    pub fn mean(&self) -> f64 {
        self.sum / self.n_rows.max(1) as f64
    }

    /// The mean of the values above 0; 0 where there are none.
    pub fn mean_above_zero(&self) -> f64 {
        self.sum / self.n_above_zero.max(1) as f64
    }
}

/// What customers were worth in these rows; none where the table has no values.
pub fn values(table: &Table, rows: &[u32]) -> Option<ValueFacts> {
    let Values::Numeric(values) = &table.with_role(Role::Value)?.values else { return None };
    let mut facts = ValueFacts { n_rows: rows.len(), ..ValueFacts::default() };
    for &row_idx in rows {
        let value = f64::from(values[row_idx as usize]);
        facts.n_above_zero += usize::from(value > 0.0);
        facts.largest = facts.largest.max(value);
        facts.sum += value;
    }
    Some(facts)
}

fn columns(loaded: &Loaded, preprocessor: &Preprocessor) -> Vec<ColumnFacts> {
    let lineage = |name: &str| loaded.events.as_ref()?.lineage.iter().find(|feature| feature.feature == name);
    let describe = |column: &Column| ColumnFacts {
        name: column.name.clone(),
        role: column.role,
        encoding: encoding(preprocessor, &column.name),
        missing_share: missing_share(&column.values),
        origin: lineage(&column.name).map(origin).unwrap_or_default(),
    };
    let stored = loaded.stored.iter().flat_map(|stored| {
        stored.columns().iter().map(|column| ColumnFacts {
            name: column.name.clone(),
            role: column.role,
            encoding: encoding(preprocessor, &column.name),
            missing_share: column.n_missing as f64 / stored.n_rows().max(1) as f64,
            origin: String::new(),
        })
    });
    loaded.table.columns().iter().map(describe).chain(stored).collect()
}

fn origin(feature: &FeatureLineage) -> String {
    match feature.window {
        Some(window) => format!("{}; last {:.0} days", feature.definition, window.as_days()),
        None => feature.definition.clone(),
    }
}

fn encoding(preprocessor: &Preprocessor, column: &str) -> String {
    if let Some(input) = preprocessor.inputs.iter().find(|input| input.name == column) {
        return encoder(&input.encoder);
    }
    let dropped = preprocessor.dropped.iter().find(|dropped| dropped.name == column);
    dropped.map(|dropped| drop_reason(&dropped.reason)).unwrap_or_default()
}

fn encoder(encoder: &Encoder) -> String {
    match encoder {
        Encoder::Magnitude(magnitude) => match magnitude.scale {
            Scale::Robust { .. } => "robust scale, smooth clip".into(),
            Scale::Quantile { .. } => "quantile to normal".into(),
            Scale::Piecewise(_) => "piecewise linear".into(),
        },
        Encoder::TwoValued(_) => "two-valued".into(),
        Encoder::Presence => "indicator of missing values".into(),
        Encoder::OneHot(one_hot) => format!("one-hot ({})", one_hot.width()),
        Encoder::Embedding(embedding) => format!("embedding ({} levels)", embedding.n_levels()),
        Encoder::TargetStatistics(_) => "ordered target statistics".into(),
    }
}

fn drop_reason(reason: &DropReason) -> String {
    format!("left out: {reason}")
}

fn missing_share(values: &Values) -> f64 {
    let n_missing = match values {
        Values::Numeric(numbers) => numbers.iter().filter(|number| number.is_nan()).count(),
        Values::Category(categories) => categories.codes.iter().filter(|&&code| code == MISSING_CODE).count(),
        Values::Text(_) | Values::Time(_) => 0,
    };
    n_missing as f64 / values.len().max(1) as f64
}

/// A suspected column.
pub fn suspect(suspect: &leakage::Suspect) -> Suspect {
    Suspect { column: suspect.column.clone(), auc: suspect.auc, reason: suspect.evidence.clone() }
}

/// Cutoffs and label windows.
pub fn timeline(plan: &Plan, events: &EventsInfo) -> Timeline {
    let cutoffs = events.cutoffs.iter().map(|cutoff| CutoffFacts {
        cutoff: cutoff.cutoff,
        lookback_start: plan.time.lookback.map(|lookback| cutoff.cutoff - lookback),
        label_start: cutoff.label_start,
        label_end: cutoff.label_end,
        part: if cutoff.is_test { Part::Test } else { Part::Train },
        rows: RowCount { n_rows: cutoff.n_rows, n_positive: cutoff.n_positive },
    });
    Timeline { data_start: events.first, data_end: events.last, cutoffs: cutoffs.collect() }
}

/// Cohort retention.
pub fn retention(retention: &tenure_data::Retention) -> Retention {
    let cohorts = retention.cohorts.iter();
    let cohorts = cohorts.map(|cohort| Cohort { start: cohort.start, active: cohort.active.clone() });
    Retention { cohorts: cohorts.collect() }
}

/// An instant as a person writes it, UTC.
pub fn date(instant: Timestamp) -> String {
    let Some(time) = DateTime::from_timestamp_micros(instant.0) else { return instant.0.to_string() };
    let midnight = instant.0.rem_euclid(tenure_table::Span::DAY.0) == 0;
    time.format(if midnight { "%Y-%m-%d" } else { "%Y-%m-%d %H:%M:%S%.6f" }).to_string()
}

/// The network in words.
pub fn network(spec: &NetworkSpec) -> String {
    let hidden = |hidden: &tenure_artifact::Hidden| format!("{} × {}", hidden.blocks, hidden.width);
    let backbone = match &spec.backbone {
        Backbone::Logistic => "logistic regression".to_owned(),
        Backbone::Mlp(layers) => format!("MLP, {}", hidden(layers)),
        Backbone::Realmlp(layers) => format!("RealMLP, {}", hidden(layers)),
        Backbone::Tabm { hidden: layers, sharing, members } => {
            format!("TabM ({}), {members} members, {}", format!("{sharing:?}").to_lowercase(), hidden(layers))
        }
    };
    let numeric = match &spec.numeric {
        NumericSpec::Plain => String::new(),
        NumericSpec::Pwl { width, .. } => format!(", piecewise-linear embeddings of width {width}"),
        NumericSpec::Plr { width, .. } => format!(", PLR embeddings of width {width}"),
        NumericSpec::Pbld { width, .. } => format!(", PBLD embeddings of width {width}"),
    };
    let sequence = spec.sequence.map(|s| format!(", GRU of width {} over the last purchases", s.width));
    backbone + &numeric + &sequence.unwrap_or_default()
}

/// One curve for each network of a partition.
pub fn curves(partition: &str, trained: &Trained) -> Vec<LearningCurve> {
    (0..trained.networks().len())
        .map(|network| {
            let of_network = || trained.history().iter().filter(move |record| record.network == network);
            let best = of_network().min_by(|a, b| a.validation_loss.total_cmp(&b.validation_loss));
            LearningCurve {
                partition: partition.to_owned(),
                seed_idx: network,
                train_loss: of_network().map(|record| record.train_loss).collect(),
                validation_loss: of_network().map(|record| record.validation_loss).collect(),
                best_epoch: best.map_or(0, |record| record.epoch),
            }
        })
        .collect()
}

/// One resolved value.
pub fn setting(setting: &Setting) -> tenure_report::Setting {
    tenure_report::Setting {
        key: setting.path(),
        value: setting.value.clone().unwrap_or_default(),
        origin: setting.origin.to_string(),
        given: matches!(setting.origin, Origin::File { .. } | Origin::Set),
    }
}

/// Software, hardware, timings.
pub fn environment(plan: &Plan, info: &DeviceInfo, clock: &Clock) -> Environment {
    Environment {
        tenure_version: env!("CARGO_PKG_VERSION").into(),
        git_revision: Some(env!("TENURE_GIT_REVISION").to_owned()).filter(|revision| revision != "unknown"),
        device: format!("{} ({})", info.adapter, info.backend),
        device_reason: info.reason.clone(),
        driver: info.driver.clone(),
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        n_threads: std::thread::available_parallelism().map_or(1, usize::from),
        seed: plan.experiment.seed,
        versions: Vec::new(),
        timings: clock.stages().iter().map(|&(stage, seconds)| Timing { stage: stage.into(), seconds }).collect(),
    }
}

/// What a reader must know before acting on the run.
pub fn caveats(plan: &Plan, loaded: &Loaded, evaluation: &Evaluation, suspects: &[leakage::Suspect]) -> Vec<String> {
    let mut caveats = Vec::new();
    if !suspects.is_empty() {
        let names: Vec<&str> = suspects.iter().map(|suspect| suspect.column.as_str()).collect();
        caveats.push(format!(
            "Suspected leakage: {} may tell the label; until that is settled, distrust every figure.",
            names.join(", ")
        ));
    }
    let counts = &evaluation.model.counts;
    let n_rarer = counts.n_positive.min(counts.n_rows - counts.n_positive) as u64;
    if n_rarer < FEW_ROWS {
        caveats.push(format!("Only {n_rarer} test rows are of the rarer class: intervals are wide."));
    }
    for baseline in &evaluation.baselines {
        if baseline.comparison(Metric::Auc).is_some_and(|comparison| !comparison.is_better()) {
            caveats.push(format!("The network's AUC is not shown to be above that of the {}.", baseline.name));
        }
    }
    if plan.data.source == tenure_config::Source::Synthetic {
        caveats.push("The data are made: the figures say nothing about real customers.".into());
    }
    caveats.extend(loaded.validation.notes.iter().map(|note| format!("Data: {note}.")));
    caveats
}
