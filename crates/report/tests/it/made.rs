//! Made results: scores with a known relation to made outcomes, judged by the evaluate crate as a run would.

use tenure_evaluate::{
    BinaryEvaluation, Binning, Bootstrap, Candidate, Choice, Comparison, DependencePoint, Estimate, Interval, Method,
    Metric, Profit, Ranked, Reliability, Scored, Settings, SliceSettings, evaluate_binary, roc_curve, slice_by,
};
use tenure_report::{
    Baseline, Cohort, ColumnFacts, CutoffFacts, DataFacts, DependenceShape, DroppedRows, Environment, Evaluation,
    FORMAT, FeatureImportance, FileFacts, GateOutcome, LearningCurve, Part, PartialDependence, PartitionCalibration,
    PartitionFacts, Retention, RowCount, RunFacts, RunResults, Setting, Suspect, Timeline, Timing, TrainingFacts,
};
use tenure_table::{Role, Span, Timestamp};

/// How much is made.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) n_rows: usize,
    pub(crate) n_features: usize,
    pub(crate) n_networks: usize,
    pub(crate) n_epochs: usize,
    pub(crate) resamples: usize,
}

/// As large as a usual run.
pub(crate) const USUAL: Size = Size { n_rows: 3_000, n_features: 24, n_networks: 5, n_epochs: 45, resamples: 60 };
/// Small enough for a snapshot.
pub(crate) const SMALL: Size = Size { n_rows: 60, n_features: 2, n_networks: 1, n_epochs: 3, resamples: 40 };

/// A run over an event log.
pub(crate) fn results(size: Size) -> RunResults {
    let rows = Rows::new(size.n_rows);
    RunResults {
        format: FORMAT,
        run: RunFacts {
            name: "online-retail".to_owned(),
            id: "online-retail-20261121T232000Z-4f9a01bc".to_owned(),
            task: "churn".to_owned(),
            started_at: "2026-11-21T23:20:00Z".to_owned(),
            command: "tenure rerun runs/online-retail-20261121T232000Z-4f9a01bc".to_owned(),
        },
        data: data(size),
        suspects: vec![Suspect {
            column: "closed_account_flag".to_owned(),
            auc: 0.998,
            reason:
                "it orders the training rows almost perfectly on its own, and may be written after the customer left"
                    .to_owned(),
        }],
        partitions: partitions(size),
        timeline: Some(timeline(size)),
        retention: Some(retention(size)),
        training: training(size),
        evaluation: evaluation(&rows, size),
        dependence: dependence(size),
        gates: vec![
            GateOutcome { gate: "gates.min_auc".to_owned(), bound: 0.70, found: 0.7612, passed: true },
            GateOutcome { gate: "gates.max_ece".to_owned(), bound: 0.01, found: 0.0213, passed: false },
        ],
        config: config(),
        environment: environment(),
        caveats: vec![
            "Four training cutoffs overlap in their customers: rows of one customer are not independent, so intervals \
             draw whole customers."
                .to_owned(),
            "Labels are 'no purchase within 90 days'; a customer who pauses for a season counts as churned.".to_owned(),
        ],
    }
}

/// Numbers that look random and are the same everywhere.
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// About normal with deviation 1: the sum of twelve uniforms, which is the same on every machine.
    pub(crate) fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// Made customers: what the models say, and what happened.
struct Rows {
    model: Vec<f64>,
    raw: Vec<f64>,
    logistic: Vec<f64>,
    recency_days: Vec<f64>,
    churned: Vec<bool>,
    country: Vec<&'static str>,
    plan: Vec<&'static str>,
}

impl Rows {
    fn new(n_rows: usize) -> Self {
        let mut noise = Noise(7);
        let mut rows = Self {
            model: Vec::new(),
            raw: Vec::new(),
            logistic: Vec::new(),
            recency_days: Vec::new(),
            churned: Vec::new(),
            country: Vec::new(),
            plan: Vec::new(),
        };
        for _ in 0..n_rows {
            let truth = -0.9 + 1.25 * noise.normal();
            rows.model.push(sigmoid(truth + 0.25 * noise.normal()));
            rows.raw.push(sigmoid(1.7 * (truth + 0.25 * noise.normal()) + 0.3));
            rows.logistic.push(sigmoid(0.8 * truth - 0.2 + 0.6 * noise.normal()));
            rows.recency_days.push((30.0 + 20.0 * truth + 35.0 * noise.normal()).round().max(0.0));
            rows.churned.push(noise.uniform() < sigmoid(truth));
            rows.country.push(pick(&["United Kingdom", "Germany", "France", "EIRE", "Spain"], noise.uniform()));
            rows.plan.push(pick(&["monthly", "yearly"], noise.uniform()));
        }
        rows
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// A level, earlier ones more often.
pub(crate) fn pick<'a>(levels: &[&'a str], u: f64) -> &'a str {
    levels[((u * u * levels.len() as f64) as usize).min(levels.len() - 1)]
}

fn evaluation(rows: &Rows, size: Size) -> Evaluation {
    let bootstrap = Bootstrap { resamples: size.resamples, confidence: 0.95, seed: 1 };
    let profit = Profit { contact_cost: 5.0, customer_value: 120.0, success_rate: 0.2 };
    let threshold = profit.break_even().expect("contacts bring something");
    let settings = Settings { bootstrap, threshold, profit: Some(profit), bins: 10, ..Settings::default() };
    let scored = |scores: &[f64]| Scored::new(scores, &rows.churned, None).expect("made rows are sound");
    let model = scored(&rows.model);
    let slices = SliceSettings { bootstrap, min_rows: 20, bins: 10, threshold };
    let by = |column: &str, levels: &[&str]| {
        let levels: Vec<Option<&str>> = levels.iter().map(|&level| Some(level)).collect();
        slice_by(&model, column, &levels, &slices).expect("made levels are sound")
    };
    Evaluation {
        model: round_trip(&evaluate_binary(&model, &settings).expect("both classes occur")),
        folds: Vec::new(),
        raw: Some(Reliability::new(&scored(&rows.raw), Binning::EqualMass, 10, 0.95).expect("made rows are sound")),
        baselines: baselines(rows, &model, bootstrap),
        calibration: vec![calibration()],
        importance: importance(size),
        slices: vec![by("country", &rows.country), by("plan", &rows.plan)],
    }
}

/// What a reader of `report.json` gets.
fn round_trip(evaluation: &BinaryEvaluation) -> BinaryEvaluation {
    let text = serde_json::to_string(evaluation).expect("evaluations serialize");
    serde_json::from_str(&text).expect("and read back")
}

fn baselines(rows: &Rows, model: &Scored, bootstrap: Bootstrap) -> Vec<Baseline> {
    let logistic = Scored::new(&rows.logistic, &rows.churned, None).expect("made rows are sound");
    let recency = Ranked::new(&rows.recency_days, &rows.churned, None).expect("made rows are sound");
    let both = [Metric::Auc, Metric::LogLoss];
    let estimates = bootstrap.estimate(&logistic, &both).expect("both classes occur");
    let auc = bootstrap.estimate(&recency, &[Metric::Auc]).expect("both classes occur");
    let against = |comparisons: Result<Vec<Comparison>, _>| comparisons.expect("the same rows");
    vec![
        Baseline {
            name: "logistic regression".to_owned(),
            description: "Logistic regression on the same features".to_owned(),
            auc: estimates[0].clone(),
            log_loss: Some(estimates[1].clone()),
            comparisons: against(bootstrap.compare(model, &logistic, &both)),
            roc: roc_curve(&logistic, 200).expect("both classes occur"),
        },
        Baseline {
            name: "recency rule".to_owned(),
            description: "The longer the last purchase is ago, the likelier the churn".to_owned(),
            auc: auc[0].clone(),
            log_loss: None,
            comparisons: against(bootstrap.compare(model, &recency, &[Metric::Auc])),
            roc: roc_curve(&recency, 200).expect("both classes occur"),
        },
    ]
}

fn calibration() -> PartitionCalibration {
    let candidate = |method, log_loss: f64| Candidate {
        method,
        log_loss: Some(log_loss),
        brier: None,
        log_loss_change: Some(log_loss - 0.5241),
        standard_error: Some(0.0021),
        excluded: None,
    };
    PartitionCalibration {
        partition: "holdout".to_owned(),
        choice: Choice {
            map: tenure_artifact::Calibration::Temperature { t: 1.62 },
            method: Method::Temperature,
            candidates: vec![
                candidate(Method::None, 0.5241),
                candidate(Method::Temperature, 0.4963),
                candidate(Method::Platt, 0.4969),
                candidate(Method::Beta, 0.4972),
                candidate(Method::Isotonic, 0.5033),
            ],
        },
    }
}

const NAMES: [&str; 12] = [
    "recency_days",
    "frequency",
    "monetary_mean",
    "tenure_days",
    "amount_sum_90d",
    "count_decayed_30d",
    "last_gap_over_mean_gap",
    "distinct_products",
    "returns_share",
    "country",
    "month_of_last_event",
    "trend_90d_over_365d_amount",
];

pub(crate) fn name(i: usize) -> String {
    NAMES.get(i).map_or_else(|| format!("lag_{}_count", i - NAMES.len() + 1), |&name| name.to_owned())
}

fn importance(size: Size) -> Vec<FeatureImportance> {
    let mut noise = Noise(3);
    (0..size.n_features)
        .map(|i| {
            let value = 0.062 * 0.72_f64.powf(i as f64) - 0.0006 + 0.0004 * noise.normal();
            let half = 0.0015 + 0.06 * value.abs();
            let interval = Interval {
                low: value - half,
                high: value + half,
                standard_error: half / 2.0,
                confidence: 0.95,
                resamples: 200,
            };
            FeatureImportance { feature: name(i), auc_loss: Estimate { value, interval: Some(interval) } }
        })
        .collect()
}

fn dependence(size: Size) -> Vec<PartialDependence> {
    let point = |mean: f64| DependencePoint { mean, low: (mean - 0.18).max(0.0), high: (mean + 0.2).min(1.0) };
    let numeric = |i: usize| {
        let scale = [300.0, 40.0, 90.0, 700.0, 4_500.0, 3.0][i % 6];
        let values: Vec<f64> = (0..=20).map(|k| scale * f64::from(k) / 20.0).collect();
        let rise = if i.is_multiple_of(2) { 1.0 } else { -1.0 } / (1.0 + i as f64);
        let points = values.iter().map(|v| point(sigmoid(-0.9 + rise * 3.0 * (v / scale - 0.4)))).collect();
        let counts = (0..20).map(|k: u64| 400 / (k + 1) + (k % 3) * 4).collect();
        DependenceShape::Numeric { points, edges: values.clone(), values, counts }
    };
    let mut features: Vec<PartialDependence> =
        (0..size.n_features.min(5)).map(|i| PartialDependence { feature: name(i), shape: numeric(i) }).collect();
    features.push(PartialDependence {
        feature: "country".to_owned(),
        shape: DependenceShape::Category {
            levels: ["Germany", "United Kingdom", "France", "EIRE"].map(str::to_owned).to_vec(),
            points: [0.31, 0.36, 0.29, 0.42].map(point).to_vec(),
            counts: vec![420, 3_100, 260, 90],
        },
    });
    features
}

pub(crate) fn training(size: Size) -> TrainingFacts {
    let mut noise = Noise(11);
    let curves = (0..size.n_networks).map(|seed_idx| {
        let mut loss = |epoch: usize, floor: f64, over: f64| {
            let t = epoch as f64;
            floor + 0.18 * (-t / 7.0).exp() + over * (t - 18.0).max(0.0) * 1e-3 + 0.0015 * noise.normal()
        };
        let train_loss: Vec<f64> = (0..size.n_epochs).map(|epoch| loss(epoch, 0.452, -1.2)).collect();
        let validation_loss: Vec<f64> = (0..size.n_epochs).map(|epoch| loss(epoch, 0.478, 1.1)).collect();
        let best = (0..size.n_epochs).min_by(|&a, &b| validation_loss[a].total_cmp(&validation_loss[b])).unwrap_or(0);
        LearningCurve { partition: "holdout".to_owned(), seed_idx, train_loss, validation_loss, best_epoch: best + 1 }
    });
    TrainingFacts {
        network: "TabM (full), 32 members, 3 × 256, piecewise-linear embeddings".to_owned(),
        n_parameters: 412_928,
        n_networks: size.n_networks,
        rows_per_second: Some(48_211.0),
        curves: curves.collect(),
    }
}

/// Midnight of a day since 1970-01-01.
pub(crate) fn day(number: i64) -> Timestamp {
    Timestamp(number * Span::DAY.0)
}

/// 2009-12-01.
pub(crate) const START: i64 = 14_579;

pub(crate) fn timeline(size: Size) -> Timeline {
    let cutoffs = (0..6).map(|i| CutoffFacts {
        cutoff: day(START + 180 + 78 * i + if i == 5 { 60 } else { 0 }),
        lookback_start: None,
        label_start: day(START + 180 + 78 * i + if i == 5 { 60 } else { 0 }),
        label_end: day(START + 270 + 78 * i + if i == 5 { 60 } else { 0 }),
        part: if i == 5 { Part::Test } else { Part::Train },
        rows: RowCount { n_rows: size.n_rows as u64, n_positive: size.n_rows as u64 * (30 + i as u64) / 100 },
    });
    Timeline { data_start: day(START), data_end: day(START + 738), cutoffs: cutoffs.collect() }
}

pub(crate) fn retention(size: Size) -> Retention {
    let n_months = size.n_epochs.min(14);
    let starts = (START..).step_by(31);
    let cohorts = starts.take(n_months).zip(0_u64..).map(|(start, i)| {
        let n = 950 - 55 * i;
        let active =
            (0..n_months as u64 - i).map(|k| if k == 0 { n } else { n * (36 - k + (i * 5 + k * 7) % 9) / 100 });
        Cohort { start: day(start), active: active.collect() }
    });
    Retention { cohorts: cohorts.collect() }
}

pub(crate) fn partitions(size: Size) -> Vec<PartitionFacts> {
    let n = size.n_rows as u64;
    vec![PartitionFacts {
        name: "holdout".to_owned(),
        train: RowCount { n_rows: 4 * n, n_positive: n },
        validation: RowCount { n_rows: n, n_positive: n / 4 },
        test: RowCount { n_rows: n, n_positive: n / 3 },
        auc: Some(0.7612),
        log_loss: Some(0.5213),
    }]
}

pub(crate) fn data(size: Size) -> DataFacts {
    DataFacts {
        source: "events".to_owned(),
        files: vec![FileFacts {
            path: "data/online_retail_II.csv".to_owned(),
            size_bytes: 94_938_522,
            digest: "blake3:9d1c7a7c2f4bb6b8f1f7d0a5a1f9f6c3e2d4b5a69788c7d6e5f4a3b2c1d0e9f8".to_owned(),
            n_rows: Some(1_067_371),
        }],
        n_rows_read: 1_067_371,
        n_rows_kept: 797_885,
        dropped: vec![
            DroppedRows { reason: "missing id".to_owned(), n_rows: 243_007 },
            DroppedRows { reason: "duplicate".to_owned(), n_rows: 26_479 },
        ],
        notes: vec!["quantity: 18,390 negative values are returns".to_owned()],
        rejected_file: Some("rejected.csv".to_owned()),
        time_range: Some((day(START), day(START + 738))),
        n_examples: size.n_rows as u64 * 6,
        n_positive: size.n_rows as u64 * 2,
        columns: (0..size.n_features)
            .map(|i| ColumnFacts {
                name: name(i),
                role: if name(i) == "country" { Role::Category } else { Role::Numeric },
                encoding: "quantile, embedded".to_owned(),
                missing_share: if i % 3 == 0 { 0.021 } else { 0.0 },
                origin: "days since the last purchase before the cutoff".to_owned(),
            })
            .collect(),
    }
}

pub(crate) fn config() -> Vec<Setting> {
    let setting = |key: &str, value: &str, origin: &str| Setting {
        key: key.to_owned(),
        value: value.to_owned(),
        origin: origin.to_owned(),
        given: origin != "default",
    };
    vec![
        setting("experiment.name", "\"online-retail\"", "configs/online-retail.toml:2"),
        setting("experiment.seed", "0", "default"),
        setting("data.files", "[\"data/online_retail_II.csv\"]", "configs/online-retail.toml:6"),
        setting("time.horizon", "\"90d\"", "configs/online-retail.toml:11"),
        setting("train.learning_rate", "0.001", "--set"),
        setting("train.batch_size", "256", "default"),
    ]
}

pub(crate) fn environment() -> Environment {
    let timing = |stage: &str, seconds| Timing { stage: stage.to_owned(), seconds };
    Environment {
        tenure_version: "0.1.0".to_owned(),
        git_revision: Some("c052cce1f5b2".to_owned()),
        device: "CPU (flex)".to_owned(),
        device_reason: "auto: no GPU adapter was found".to_owned(),
        driver: String::new(),
        system: "linux x86_64".to_owned(),
        n_threads: 2,
        seed: 0,
        versions: vec![("burn".to_owned(), "0.22.1".to_owned()), ("polars".to_owned(), "0.55.2".to_owned())],
        timings: vec![timing("load", 1.91), timing("features", 3.4), timing("train", 31.2), timing("evaluate", 4.04)],
    }
}
