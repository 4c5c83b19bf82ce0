//! Whatever is typed, reading ends in a plan or in errors; whatever is resolved, its lock gives the same plan.

use proptest::collection::vec;
use proptest::prelude::*;
use tenure_config::{Origin, Overrides, Preset, defaults, lock, parse, resolve_text};

const MADE: &str = "[data]\nsource = \"synthetic\"\n";

/// `--set`s that are sound by themselves; together some contradict each other.
fn sound() -> impl Strategy<Value = String> {
    let number = |key: &'static str, range: std::ops::Range<u32>| range.prop_map(move |n| format!("{key}={n}")).boxed();
    let share = |key: &'static str| (0.001..0.499).prop_map(move |x: f64| format!("{key}={x:?}")).boxed();
    let one_of = |key: &'static str, names: &'static [&'static str]| {
        proptest::sample::select(names).prop_map(move |name| format!("{key}={name}")).boxed()
    };
    prop_oneof![
        number("experiment.seed", 0..u32::MAX),
        number("train.epochs", 1..1_000),
        number("train.patience", 1..1_000),
        number("model.members", 1..64),
        number("features.n_lags", 0..24),
        number("split.folds", 0..9),
        share("model.dropout"),
        share("train.learning_rate"),
        share("split.test"),
        share("split.validation"),
        share("evaluate.profit.success_rate"),
        share("gates.min_auc"),
        one_of("model.kind", &["tabm", "mlp", "realmlp", "logistic"]),
        one_of("model.preset", &["fast", "default", "best"]),
        one_of("synthetic.kind", &["events", "customers"]),
        one_of("split.kind", &["temporal", "stratified"]),
        one_of("time.horizon", &["60d", "12w", "36h", "30m", "15s"]),
        one_of("time.lookback", &["1000d", "100w"]),
        one_of("time.cutoffs", &["auto", "[\"2020-01-01\", \"2022-01-01T12:30:00.000001+02:00\"]"]),
        one_of("features.windows", &["[]", "[\"7d\"]", "[\"1d\", \"90d\", \"365d\"]"]),
        one_of("data.time_zone", &["UTC", "+01:00", "Europe/London"]),
        one_of("data.csv.delimiter", &["\"\\t\"", ";", "whitespace"]),
        one_of("data.missing", &["[]", "[-999, \"n a\", true, 1.50]"]),
        ("\\PC{1,10}", 0..2_usize).prop_map(|(name, role)| {
            let name = toml::Value::String(name).to_string();
            format!("data.columns.{name}={}", ["ignore", "sensitive"][role])
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn reading_never_panics(text in "(?s).*", name in ".*", set in vec(".*", 0..3)) {
        if let Err(errors) = parse(&text, &name, &Overrides { set }) {
            prop_assert!(!errors.errors().is_empty());
            prop_assert!(errors.render().contains("tenure explain"));
        }
    }

    #[test]
    fn a_damaged_file_never_panics(cuts in vec((0.0..1.0, 0..40_usize, "[\\[\\]\"=#.\n a-z0-9é-]{0,4}"), 1..4)) {
        let mut text = defaults();
        for (place, length, patch) in cuts {
            let start = text.floor_char_boundary((place * text.len() as f64) as usize);
            let end = text.ceil_char_boundary((start + length).min(text.len()));
            text.replace_range(start..end, &patch);
        }
        if let Err(errors) = parse(&text, "damaged.toml", &Overrides::default()) {
            prop_assert!(!errors.render().is_empty());
        }
    }

    #[test]
    fn a_lock_gives_its_plan(set in vec(sound(), 0..10)) {
        let Ok(resolved) = resolve_text(MADE, "made.toml", &Overrides { set }) else { return Ok(()) };
        let locked = lock(&resolved.plan, &resolved.origins);
        let again = resolve_text(&locked, "config.lock.toml", &Overrides::default());
        let again = again.map_err(|errors| TestCaseError::fail(format!("{}\n{locked}", errors.render())))?;
        prop_assert_eq!(&again.plan, &resolved.plan, "{}", &locked);
        // Nothing is left to a default: presets may change without changing what a lock means.
        for setting in again.origins.applied() {
            prop_assert!(matches!(setting.origin, Origin::File { .. }), "{} in\n{}", setting.path(), &locked);
        }
    }
}

#[test]
fn every_value_tells_where_it_came_from() {
    let text = "[data]\nsource = \"synthetic\"\n\n[model]\npreset = \"fast\"\nwidth = 32\n";
    let set = vec!["train.epochs=3".to_owned(), "train.epochs=4".to_owned()];
    let resolved = resolve_text(text, "first.toml", &Overrides { set }).unwrap_or_else(|e| panic!("{}", e.render()));
    let of = |path: &str| {
        let setting = resolved.origins.get(path).unwrap_or_else(|| panic!("{path} is not there"));
        (setting.value.as_deref(), setting.origin)
    };
    assert_eq!(of("model.width"), (Some("32"), Origin::File { line: 6 }));
    assert_eq!(of("model.members"), (Some("4"), Origin::Preset { preset: Preset::Fast }));
    assert_eq!(of("train.epochs"), (Some("4"), Origin::Set));
    assert_eq!(of("evaluate.profit.contact_cost"), (Some("1.0"), Origin::Default));
    assert_eq!(of("experiment.name"), (Some("\"first\""), Origin::Default));
    assert_eq!(of("time.lookback"), (None, Origin::Default));
    insta::assert_snapshot!(lock(&resolved.plan, &resolved.origins));
}

#[test]
fn a_task_has_defaults_of_its_own_and_says_so() {
    let origin = |text: &str| {
        let resolved = resolve_text(&format!("{MADE}{text}"), "x.toml", &Overrides::default()).expect("resolves");
        let setting = resolved.origins.get("encode.numeric").expect("resolved");
        (setting.value.clone().expect("has a value"), setting.origin.to_string())
    };
    assert_eq!(origin(""), ("\"quantile\"".into(), "default".into()));
    assert_eq!(origin("[experiment]\ntask = \"segments\"\n"), ("\"robust\"".into(), "task segments".into()));
    let given = "[experiment]\ntask = \"segments\"\n[encode]\nnumeric = \"quantile\"\n";
    assert_eq!(origin(given), ("\"quantile\"".into(), "line 6".into()));
}

/// Tiers are of value, which this table lacks: its lock must not state what the check of the lock would refuse.
#[test]
fn segments_of_a_table_without_values_have_a_lock() {
    let text = "[experiment]\ntask = \"segments\"\n[data]\nsource = \"customers\"\nfiles = [\"x.csv\"]\n\
                [data.columns]\nid = \"id\"\n";
    let resolved = resolve_text(text, "x.toml", &Overrides::default()).unwrap_or_else(|e| panic!("{}", e.render()));
    let locked = lock(&resolved.plan, &resolved.origins);
    assert!(!locked.contains("tiers"), "{locked}");
    let again = resolve_text(&locked, "config.lock.toml", &Overrides::default());
    assert_eq!(again.unwrap_or_else(|e| panic!("{}", e.render())).plan, resolved.plan);
}

/// Limits that come with a preset or a task are for those who say nothing: who names a number gets it.
#[test]
fn limits_are_for_those_who_name_no_number() {
    let plan = |set: &[&str]| {
        let overrides = Overrides { set: set.iter().map(|&s| s.to_owned()).collect() };
        parse(MADE, "x.toml", &overrides).unwrap_or_else(|e| panic!("{}", e.render()))
    };
    let (silent, told) = (plan(&[]), plan(&["train.epochs=30", "split.validation=0.3"]));
    assert_eq!([4_500, 70_000, 10_000_000].map(|n| silent.train.passes(n)), [12, 7, 1]);
    assert_eq!(told.train.passes(10_000_000), 30);
    let share = |plan: &tenure_config::Plan, n| plan.split.validation_share(n);
    assert_eq!([1_000, 80_000].map(|n| share(&silent, n)), [0.2, 0.1]);
    assert_eq!(share(&told, 80_000), 0.3);
    assert_eq!([500, 30_500, 900_000].map(|n| silent.model.bins(n)), [16, 30, 48]);
    assert_eq!(plan(&["model.n_bins=8"]).model.bins(900_000), 8);
    let value = plan(&["experiment.task=clv"]);
    assert_eq!((value.train.passes(10_000_000), share(&value, 80_000), value.model.bins(900_000)), (24, 0.2, 16));
}
