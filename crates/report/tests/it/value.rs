//! The page, twin, card and comparison of value runs.

use std::path::Path;

use tenure_evaluate::{Bootstrap, ValueMetric, Valued};
use tenure_report::value::compare::{Side, render};
use tenure_report::value::{read_json, render_card, render_html, render_json};
use tenure_report::{ReportError, task_of};

use crate::made::{self, SMALL, USUAL};
use crate::made_value::results;
use crate::page::{sentences, without};

/// Left behind so that a person can look at it.
fn keep(name: &str, page: &str) {
    std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name), page).expect("the folder is writable");
}

#[test]
fn a_usual_page_is_small_and_needs_no_network() {
    let page = render_html(&results(USUAL)).expect("made results render");
    keep("value.html", &page);
    assert!(page.contains("12 at 0, 97.4 at 40."), "partial dependence is an amount, not a share");
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    for outside in ["http://", "https://", "//cdn", "<script", "<link", "@import", "url(", "NaN"] {
        assert!(!page.contains(outside), "the page holds {outside}");
    }
    for figure in [
        "gain",
        "deciles",
        "cohorts",
        "pit",
        "coverage",
        "targeting",
        "tracking",
        "tracking-weekly",
        "alive",
        "fit-pareto-nbd",
        "slice-values",
        "slice-ranking",
        "importance",
        "learning-curves",
        "timeline",
        "retention",
        "baselines-gini",
    ] {
        assert!(page.contains(&format!("<figure id=\"{figure}\"")), "the page has no figure {figure}");
    }
}

#[test]
fn churn_and_value_share_a_page_without_sharing_anchors() {
    let mut both = results(USUAL);
    both.run.task = "churn+clv".to_owned();
    both.churn = Some(made::results(USUAL).evaluation);
    let page = render_html(&both).expect("made results render");
    keep("churn-value.html", &page);
    let mut ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let n_ids = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), n_ids, "an anchor is used twice");
    for said in ["Churn, probabilities", "AUC 0.", "Normalized Gini 0."] {
        assert!(page.contains(said), "the page does not say {said}");
    }
}

#[test]
fn hostile_names_stay_text() {
    let hostile = "<script>alert('x')</script>\"&|`";
    let mut results = results(SMALL);
    results.run.name = hostile.to_owned();
    results.target.quantity = hostile.to_owned();
    results.target.unit = hostile.to_owned();
    results.judgement.baselines[0].name = hostile.to_owned();
    results.judgement.baselines[3].name = hostile.to_owned();
    results.judgement.importance[0].feature = hostile.to_owned();
    results.judgement.slices[0].column = hostile.to_owned();
    results.judgement.slices[0].slices[0].level = hostile.to_owned();
    results.judgement.horizons[0].horizon = hostile.to_owned();
    results.fits[0].model = hostile.to_owned();
    results.base.tracking.as_mut().expect("made").expected[0].model = hostile.to_owned();
    results.base.alive.as_mut().expect("made").model = hostile.to_owned();
    let page = render_html(&results).expect("made results render");
    assert!(!page.contains("<script"), "markup of the data reached the page");
    assert!(page.matches("&#60;script&#62;").count() >= 10);
}

#[test]
fn the_json_twin_makes_the_same_page() {
    let results = results(SMALL);
    let json = render_json(&results).expect("made results serialize");
    assert_eq!(task_of(&json).expect("a report"), "clv");
    let again = read_json(&json).expect("and read back");
    assert_eq!(render_html(&results).expect("renders"), render_html(&again).expect("renders"));
    assert!(matches!(tenure_report::read_json(&json), Err(ReportError::Read(_))), "a value run is no churn run");
}

#[test]
fn a_twin_of_another_format_is_refused_by_number() {
    let mut results = results(SMALL);
    results.format = 999;
    let json = render_json(&results).expect("made results serialize");
    assert!(matches!(read_json(&json), Err(ReportError::Format { expected: 1, found: 999 })));
    assert!(matches!(task_of(&json), Err(ReportError::Format { expected: 1, found: 999 })));
}

#[test]
fn a_run_without_extras_still_makes_a_page() {
    let mut results = results(SMALL);
    results.timeline = None;
    results.retention = None;
    results.partitions.clear();
    results.training.curves.clear();
    results.fits.clear();
    results.base.alive = None;
    results.base.tracking = None;
    let judgement = &mut results.judgement;
    judgement.baselines.clear();
    judgement.distribution = None;
    judgement.seeds.clear();
    judgement.horizons.clear();
    judgement.cohorts = None;
    judgement.slices.clear();
    judgement.importance.clear();
    judgement.model.targeting = None;
    results.dependence.clear();
    results.gates.clear();
    results.config.clear();
    results.environment.timings.clear();
    results.caveats.clear();
    results.target.unit.clear();
    let page = render_html(&results).expect("made results render");
    for absent in ["NaN", ">inf", "id=\"comparison\"", "id=\"slices\"", "id=\"base\"", "id=\"decisions\"", "()"] {
        assert!(!page.contains(absent), "the page holds {absent}");
    }
    assert!(page.contains("Normalized Gini 0."), "the headline stays");
    assert!(render_card(&results).expect("a card").contains("It was set beside no baseline."));
}

#[test]
fn a_set_in_which_nobody_bought_says_so() {
    let mut results = results(SMALL);
    let valued = Valued::new(&[3.0, 2.0, 1.0], &[0.0; 3], None).expect("valid rows");
    let settings = results.judgement.model.settings;
    results.judgement.model = tenure_evaluate::evaluate_value(&valued, &settings).expect("sound");
    results.judgement.baselines.clear();
    let page = render_html(&results).expect("made results render");
    assert!(page.contains("Mean absolute error 2.00"), "the headline falls back");
    assert!(page.contains("Normalized Gini is undefined: the actual values of the 3 rows add up to nothing."));
    assert!(page.contains("undefined here") && !page.contains("NaN"));
}

#[test]
fn the_page_says_what_it_should() {
    let mut results = results(SMALL);
    results.environment.timings.clear();
    let page = render_html(&results).expect("made results render");
    let (_, body) = page.split_once("<body>").expect("a page has a body");
    insta::assert_snapshot!(sentences(&without(&without(body, "svg"), "details")));
}

#[test]
fn a_card_is_filled_from_the_run() {
    insta::assert_snapshot!(render_card(&results(SMALL)).expect("made results render"));
}

#[test]
fn runs_side_by_side_with_paired_intervals() {
    let first = results(SMALL);
    let (mut second, mut third) = (first.clone(), first.clone());
    second.run.name = "wider".to_owned();
    third.run.name = "<b>other</b>".to_owned();
    second.config[4].value = "0.002".to_owned();
    let actual: Vec<f64> = (0..60).map(|i| f64::from(i % 4)).collect();
    let one = Valued::new(&actual.iter().map(|y| y * 1.1).collect::<Vec<_>>(), &actual, None).expect("valid rows");
    let other = one.with_predictions(&[1.0; 60]).expect("valid rows");
    let bootstrap = Bootstrap { resamples: 50, confidence: 0.95, seed: 1 };
    let comparisons =
        bootstrap.compare_values(&one, &other, &[ValueMetric::NormalizedGini, ValueMetric::Rmse]).expect("same rows");
    let sides = [
        Side { results: &first, against_first: Err("the run that others are compared with") },
        Side { results: &second, against_first: Ok(&comparisons) },
        Side { results: &third, against_first: Err("another test set") },
    ];
    let page = render(&sides).expect("made results render");
    keep("compare-value.html", &page);
    for said in [
        "wider: better than cdnow-clv by 0.962 normalized Gini (95% interval 0.952 to 0.968).",
        "&#60;b&#62;other&#60;/b&#62;: no paired difference from cdnow-clv; another test set.",
        "train.learning_rate",
        "Spearman (buyers)",
        "decile MAPE ↓",
    ] {
        assert!(page.contains(said), "the page does not say: {said}");
    }
    assert!(!page.contains("train.batch_size"), "only values that differ are listed");
    assert!(!page.contains("<b>"), "markup of the data reached the page");
    assert!(matches!(render(&sides[..1]), Err(ReportError::TooFewRuns { n_runs: 1 })));
}
