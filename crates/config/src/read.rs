//! Each section of an experiment file, key by key: kind, bounds, default.

use tenure_table::Span;

use crate::kind::{
    Bases, CutoffsKind, DelimiterKind, Flag, Memory, PathKind, ProductKind, SegmentCount, TaskKind, Text, choice,
    count, duration, duration_or_zero, float, instant, list, text, text_like,
};
use crate::origin::Origin;
use crate::reader::Reader;
use crate::{
    Aware, Csv, Cutoffs, Data, Delimiter, Device, DeviceKind, Distill, Encode, Evaluate, Experiment, Features, Gates,
    Model, ModelKind, NumericEncoding, Plan, Precision, Preset, Profit, Quantize, Report, Returns, Run,
    SegmentCriterion, SegmentMetric, Segments, Sequence, Source, Split, SplitKind, StudentScales, Synthetic,
    SyntheticKind, Task, Time, Train, presets,
};

/// What a file says before its parts are compared with each other.
pub(crate) struct Draft {
    pub(crate) plan: Plan,
    /// Whether `data.source` was given; the plan holds a stand-in otherwise.
    pub(crate) has_source: bool,
}

/// Reads every section. `stem` names the experiment where the file does not.
pub(crate) fn draft(reader: &mut Reader, stem: &str, bases: &Bases) -> Draft {
    let experiment = experiment(reader, stem);
    let device = device(reader);
    let (source, data) = data(reader, bases);
    let time = time(reader);
    let features = features(reader);
    let synthetic = synthetic(reader);
    let has_events = has_events(data.source, synthetic.kind);
    let split_kind = if has_events { SplitKind::Temporal } else { SplitKind::Stratified };
    let split = split(reader, split_kind, experiment.task, bases);
    let (model, train, encode) = network(reader, experiment.task);
    let segments = segments(reader);
    let (distill, quantize) = (distill(reader), quantize(reader));
    let evaluate = evaluate(reader);
    let (report, gates, run) = (report(reader), gates(reader), run(reader));
    reader.finish();
    let plan = Plan {
        experiment,
        device,
        data,
        time,
        features,
        synthetic,
        split,
        encode,
        model,
        train,
        segments,
        distill,
        quantize,
        evaluate,
        report,
        gates,
        run,
    };
    Draft { plan, has_source: source.is_some() }
}

/// Whether the data are a log of events, read or made.
pub(crate) fn has_events(source: Source, made: SyntheticKind) -> bool {
    match source {
        Source::Events => true,
        Source::Customers => false,
        Source::Synthetic => made == SyntheticKind::Events,
    }
}

fn experiment(reader: &mut Reader, stem: &str) -> Experiment {
    let mut s = reader.section("experiment");
    Experiment {
        name: s.get("name", &Text::name(), stem.into()),
        seed: s.get("seed", &count(0..=i64::MAX as u64), 0),
        task: s.get("task", &TaskKind, Task::Churn),
    }
}

fn device(reader: &mut Reader) -> Device {
    let mut s = reader.section("device");
    Device {
        kind: s.get("kind", &choice(), DeviceKind::Auto),
        adapter: s.find("adapter", &text()),
        allow_software: s.get("allow_software", &Flag, false),
    }
}

fn data(reader: &mut Reader, bases: &Bases) -> (Option<Source>, Data) {
    let paths = list(PathKind::new(bases.clone())).distinct();
    let mut s = reader.section("data");
    let source = s.find("source", &choice());
    let data = Data {
        source: source.unwrap_or(Source::Synthetic),
        files: s.get("files", &paths, Vec::new()),
        attributes: s.get("attributes", &paths, Vec::new()),
        amount: s.find("amount", &ProductKind),
        positive: s.find("positive", &text_like()),
        missing: s.get("missing", &list(text_like()).distinct(), ["NA", "N/A", "NaN", "null"].map(String::from).into()),
        time_format: s.find("time_format", &Text::time_format()),
        time_zone: s.get("time_zone", &Text::zone(), "UTC".into()),
        id_key_file: s.find("id_key_file", &PathKind::new(bases.clone())),
        max_rejected: s.get("max_rejected", &float().at_least(0.0).at_most(1.0), 0.01),
        deduplicate: s.get("deduplicate", &Flag, false),
        columns: s.map("columns", &choice()),
        types: s.map("types", &choice()),
        csv: {
            let mut s = s.sub("csv");
            Csv {
                delimiter: s.get("delimiter", &DelimiterKind, Delimiter::Byte(b',')),
                header: s.get("header", &Flag, true),
                names: s.get("names", &list(text()).distinct(), Vec::new()),
            }
        },
    };
    (source, data)
}

fn time(reader: &mut Reader) -> Time {
    let mut s = reader.section("time");
    let listed = s.get("cutoffs", &CutoffsKind, None);
    let n_train = s.get("n_train", &count(1..=1_000), 4) as usize;
    let step = s.get("step", &duration(), Span::days(30));
    Time {
        cutoffs: listed.map_or(Cutoffs::Auto { n_train, step }, Cutoffs::At),
        horizon: s.get("horizon", &duration(), Span::days(90)),
        train_horizon: s.find("train_horizon", &duration()),
        gap: s.get("gap", &duration_or_zero(), Span::default()),
        lookback: s.find("lookback", &duration()),
        active_within: s.find("active_within", &duration()),
        returns: s.get("returns", &choice(), Returns::Ignore),
    }
}

fn features(reader: &mut Reader) -> Features {
    let spans = list(duration()).ascending();
    let mut s = reader.section("features");
    Features {
        windows: s.get("windows", &spans, [30, 90, 180].map(Span::days).into()),
        half_lives: s.get("half_lives", &spans, [30, 90].map(Span::days).into()),
        lag_period: s.get("lag_period", &duration(), Span::days(30)),
        n_lags: s.get("n_lags", &count(0..=120), 6) as usize,
        breadth: s.get("breadth", &Flag, true),
        calendar: s.get("calendar", &Flag, false),
        lifetime: s.get("lifetime", &Flag, false),
        drop: s.get("drop", &list(text()).distinct(), Vec::new()),
    }
}

fn synthetic(reader: &mut Reader) -> Synthetic {
    let share = float().at_least(0.0).below(1.0);
    let mut s = reader.section("synthetic");
    Synthetic {
        kind: s.get("kind", &choice(), SyntheticKind::Events),
        n_customers: s.get("n_customers", &count(10..=10_000_000_000), 2_000),
        span: s.get("span", &duration(), Span::days(730)),
        mean_events: s.get("mean_events", &float().above(0.0).at_most(1e5), 12.0),
        missing: s.get("missing", &share, 0.05),
        dirty: s.get("dirty", &share, 0.0),
    }
}

fn split(reader: &mut Reader, kind: SplitKind, task: Task, bases: &Bases) -> Split {
    let share = float().above(0.0).below(1.0);
    let mut s = reader.section("split");
    let (kind, test) = (s.get("kind", &choice(), kind), s.get("test", &share, 0.2));
    let validation = s.get("validation", &share, 0.2);
    // Amounts have heavier tails than labels: it takes many rows to judge their level.
    let validation_max = if task.predicts_value() || s.was_given("validation") { 0 } else { 8_000 };
    Split {
        kind,
        test,
        validation,
        validation_max: s.get("validation_max", &count(0..=1_000_000_000), validation_max) as usize,
        folds: s.get("folds", &count(0..=100), 0) as usize,
        group: s.find("group", &text()),
        column: s.find("column", &text()),
        holdout: s.find("holdout", &PathKind::new(bases.clone())),
    }
}

/// `[encode]`, `[model]` and `[train]`, whose defaults hang on `model.kind`, `model.preset` and the task.
fn network(reader: &mut Reader, task: Task) -> (Model, Train, Encode) {
    let mut s = reader.section("model");
    let kind = s.get("kind", &choice(), ModelKind::Tabm);
    let preset = s.get("preset", &choice(), Preset::Default);
    let origin = Origin::Preset { preset };
    let (model_defaults, train_defaults) = presets::recipe(kind, preset, task);
    s.defaults_from(origin);
    let model = model(&mut s, &model_defaults);
    drop(s);
    let train = train(reader, origin, &train_defaults);
    (model, train, encode(reader, kind, task))
}

fn model(s: &mut crate::reader::Section<'_>, d: &Model) -> Model {
    Model {
        kind: d.kind,
        preset: d.preset,
        head: s.get("head", &choice(), d.head),
        churn_weight: s.get("churn_weight", &float().above(0.0).at_most(100.0), d.churn_weight),
        n_components: s.get("n_components", &count(2..=64), d.n_components as u64) as usize,
        n_buckets: s.get("n_buckets", &count(2..=256), d.n_buckets as u64) as usize,
        variant: s.get("variant", &choice(), d.variant),
        members: s.get("members", &count(1..=1_024), d.members as u64) as usize,
        blocks: s.get("blocks", &count(1..=64), d.blocks as u64) as usize,
        width: s.get("width", &count(1..=16_384), d.width as u64) as usize,
        dropout: s.get("dropout", &float().at_least(0.0).below(1.0), d.dropout),
        activation: s.get("activation", &choice(), d.activation),
        numeric_embedding: s.get("numeric_embedding", &choice(), d.numeric_embedding),
        numeric_embedding_width: s.get("numeric_embedding_width", &count(1..=1_024), d.numeric_embedding_width as u64)
            as usize,
        n_bins: s.get("n_bins", &count(0..=1_024), d.n_bins as u64) as usize,
        n_frequencies: s.get("n_frequencies", &count(1..=1_024), d.n_frequencies as u64) as usize,
        frequency_scale: s.get("frequency_scale", &float().above(0.0).at_most(1e3), d.frequency_scale),
        offset: s.get("offset", &choice(), d.offset),
        sequence: sequence(s, &d.sequence),
    }
}

fn sequence(s: &mut crate::reader::Section<'_>, d: &Sequence) -> Sequence {
    let mut s = s.sub("sequence");
    Sequence {
        kind: s.get("kind", &choice(), d.kind),
        length: s.get("length", &count(1..=4_096), d.length as u64) as usize,
        width: s.get("width", &count(1..=1_024), d.width as u64) as usize,
        inputs: s.get("inputs", &list(choice()).distinct(), d.inputs.clone()),
    }
}

fn train(reader: &mut Reader, origin: Origin, d: &Train) -> Train {
    let mut s = reader.section("train");
    s.defaults_from(origin);
    let epochs = s.get("epochs", &count(1..=1_000_000), d.epochs as u64) as usize;
    let max_steps = if s.was_given("epochs") { 0 } else { d.max_steps };
    Train {
        epochs,
        max_steps: s.get("max_steps", &count(0..=1_000_000_000_000), max_steps as u64) as usize,
        batch_size: s.get("batch_size", &count(1..=16_777_216), d.batch_size as u64) as usize,
        learning_rate: s.get("learning_rate", &float().above(0.0).at_most(10.0), d.learning_rate),
        weight_decay: s.get("weight_decay", &float().at_least(0.0).at_most(10.0), d.weight_decay),
        beta2: s.get("beta2", &float().above(0.0).below(1.0), d.beta2),
        schedule: s.get("schedule", &choice(), d.schedule),
        clip_norm: s.get("clip_norm", &float().at_least(0.0), d.clip_norm),
        patience: s.get("patience", &count(1..=1_000_000), d.patience as u64) as usize,
        label_smoothing: s.get("label_smoothing", &float().at_least(0.0).below(0.5), d.label_smoothing),
        class_weight: s.get("class_weight", &choice(), d.class_weight),
        seeds: s.get("seeds", &count(1..=1_000), d.seeds as u64) as usize,
        checkpoint_every: s.get("checkpoint_every", &count(0..=1_000_000), d.checkpoint_every as u64) as usize,
        kernels: s.get("kernels", &choice(), d.kernels),
    }
}

fn encode(reader: &mut Reader, kind: ModelKind, task: Task) -> Encode {
    let mut s = reader.section("encode");
    let numeric = if task == Task::Segments {
        // Normal scores of quantiles stretch the last few customers of each feature into segments of a handful.
        s.defaults_from(Origin::Task { task });
        NumericEncoding::Robust
    } else {
        presets::numeric_encoding(kind)
    };
    let numeric = s.get("numeric", &choice(), numeric);
    s.defaults_from(Origin::Default);
    Encode {
        numeric,
        one_hot_max: s.get("one_hot_max", &count(0..=10_000), 9) as usize,
        target_statistics_min: s.get("target_statistics_min", &count(2..=1_000_000_000), 64) as usize,
        min_level_count: s.get("min_level_count", &count(1..=1_000_000), 3) as usize,
    }
}

fn segments(reader: &mut Reader) -> Segments {
    let share = float().above(0.0).below(1.0);
    let segment_count = count(1..=SegmentCount::MOST);
    let mut s = reader.section("segments");
    Segments {
        k: s.get("k", &SegmentCount, None).map(|k| k as usize),
        k_min: s.get("k_min", &segment_count, 3) as usize,
        k_max: s.get("k_max", &segment_count, 10) as usize,
        criterion: s.get("criterion", &choice(), SegmentCriterion::Silhouette),
        features: s.get("features", &list(text()).distinct(), Vec::new()),
        value: s.find("value", &text()),
        tiers: s.get("tiers", &list(share).ascending(), vec![0.01, 0.05, 0.2, 0.5]),
        at: s.find("at", &instant()),
        compare_back: s.find("compare_back", &duration()),
        metric: s.get("metric", &choice(), SegmentMetric::Euclidean),
        n_init: s.get("n_init", &count(1..=10_000), 10) as usize,
        max_iter: s.get("max_iter", &count(1..=1_000_000), 300) as usize,
        tolerance: s.get("tolerance", &float().at_least(0.0).below(1.0), 1e-4),
        min_share: s.get("min_share", &float().at_least(0.0).at_most(0.5), 0.02),
        min_stability: s.get("min_stability", &float().at_least(0.0).at_most(1.0), 0.75),
        n_refits: s.get("n_refits", &count(0..=10_000), 10) as usize,
        max_sample: s.get("max_sample", &count(100..=100_000), 5_000) as usize,
        memory: s.find("memory", &Memory),
    }
}

fn distill(reader: &mut Reader) -> Distill {
    let share = float().at_least(0.0).at_most(1.0);
    let mut s = reader.section("distill");
    Distill {
        scales: s.get("scales", &choice(), StudentScales::Compact),
        network_bytes: s.get("network_bytes", &count(1_024..=16_777_216), 20_000) as usize,
        blocks: s.get("blocks", &count(1..=8), 2) as usize,
        label_share: s.get("label_share", &share, 0.1),
        mixed_rows: s.get("mixed_rows", &count(0..=10_000_000), 20_000) as usize,
        mix_share: s.get("mix_share", &share, 0.3),
        epochs: s.get("epochs", &count(1..=1_000_000), 40) as usize,
        batch_size: s.get("batch_size", &count(1..=16_777_216), 256) as usize,
        learning_rate: s.get("learning_rate", &float().above(0.0).at_most(10.0), 2e-3),
    }
}

fn quantize(reader: &mut Reader) -> Quantize {
    let mut s = reader.section("quantize");
    Quantize {
        precision: s.get("precision", &choice(), Precision::Int8),
        calibration_rows: s.get("calibration_rows", &count(1..=1_000_000), 2_048) as usize,
        aware: s.get("aware", &choice(), Aware::Auto),
        aware_above: s.get("aware_above", &float().at_least(0.0), 1e-4),
        aware_epochs: s.get("aware_epochs", &count(1..=10_000), 6) as usize,
        max_auc_loss: s.get("max_auc_loss", &float().at_least(0.0).at_most(1.0), 0.005),
        max_log_loss_rise: s.get("max_log_loss_rise", &float().at_least(0.0), 0.01),
        max_gini_loss: s.get("max_gini_loss", &float().at_least(0.0).at_most(1.0), 0.005),
        max_total_change: s.get("max_total_change", &float().at_least(0.0), 0.05),
    }
}

fn evaluate(reader: &mut Reader) -> Evaluate {
    let mut s = reader.section("evaluate");
    Evaluate {
        bootstrap: s.get("bootstrap", &count(20..=1_000_000), 1_000) as usize,
        confidence: s.get("confidence", &float().at_least(0.5).below(1.0), 0.95),
        bins: s.get("bins", &count(2..=1_000), 10) as usize,
        calibration: s.get("calibration", &choice(), crate::Calibration::Auto),
        pool: s.get("pool", &choice(), crate::Pool::None),
        slices: s.get("slices", &list(text()).distinct(), Vec::new()),
        min_slice_rows: s.get("min_slice_rows", &count(1..=1_000_000_000), 50) as usize,
        permutations: s.get("permutations", &count(0..=1_000), 5) as usize,
        profit: {
            let mut s = s.sub("profit");
            Profit {
                contact_cost: s.get("contact_cost", &float().at_least(0.0), 1.0),
                customer_value: s.get("customer_value", &float().at_least(0.0), 50.0),
                success_rate: s.get("success_rate", &float().at_least(0.0).at_most(1.0), 0.3),
            }
        },
    }
}

fn report(reader: &mut Reader) -> Report {
    let mut s = reader.section("report");
    Report { html: s.get("html", &Flag, true), top_features: s.get("top_features", &count(0..=1_000), 10) as usize }
}

fn gates(reader: &mut Reader) -> Gates {
    let share = float().at_least(0.0).at_most(1.0);
    let mut s = reader.section("gates");
    Gates {
        min_auc: s.find("min_auc", &share),
        max_log_loss: s.find("max_log_loss", &float().above(0.0)),
        max_ece: s.find("max_ece", &share),
        min_gini: s.find("min_gini", &float().at_least(-1.0).at_most(1.0)),
        min_spearman: s.find("min_spearman", &float().at_least(-1.0).at_most(1.0)),
        max_value_ratio: s.find("max_value_ratio", &float().at_least(1.0)),
    }
}

fn run(reader: &mut Reader) -> Run {
    let mut s = reader.section("run");
    Run {
        dir: s.get("dir", &text(), "runs".into()),
        score_batch: s.get("score_batch", &count(1..=16_777_216), 8_192) as usize,
        bundle: s.get("bundle", &Flag, false),
    }
}
