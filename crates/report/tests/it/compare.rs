//! The page of several runs.

use std::path::Path;

use tenure_evaluate::{Comparison, Estimate, Interval, Metric};
use tenure_report::ReportError;
use tenure_report::compare::{Side, render};

use crate::made;

fn comparison(value: f64, low: f64, high: f64) -> Comparison {
    let interval = Interval { low, high, standard_error: 0.0, confidence: 0.95, resamples: 100 };
    Comparison {
        metric: Metric::Auc,
        name: Metric::Auc.name().to_owned(),
        model: value,
        baseline: 0.0,
        difference: Estimate { value, interval: Some(interval) },
        share_better: None,
        p_value: None,
    }
}

#[test]
fn paired_differences_are_said_and_missing_ones_explained() {
    let first = made::results(made::SMALL);
    let (mut second, mut third) = (first.clone(), first.clone());
    second.run.name = "wider".to_owned();
    third.run.name = "<b>other</b>".to_owned();
    second.config[4].value = "0.002".to_owned();
    let comparisons = [comparison(0.012, 0.004, 0.020)];
    let sides = [
        Side { results: &first, against_first: Err("the run that others are compared with") },
        Side { results: &second, against_first: Ok(&comparisons) },
        Side { results: &third, against_first: Err("another test set") },
    ];
    let page = render(&sides).expect("made results render");
    std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("compare.html"), &page).expect("the folder is writable");
    for said in [
        "wider: better than online-retail by 0.012 AUC (95% interval 0.004 to 0.020).",
        "&#60;b&#62;other&#60;/b&#62;: no paired difference from online-retail; another test set.",
        "train.learning_rate",
    ] {
        assert!(page.contains(said), "the page does not say: {said}");
    }
    assert!(!page.contains("train.batch_size"), "only values that differ are listed");
    assert!(!page.contains("<b>"), "markup of the data reached the page");
}

#[test]
fn one_run_is_no_comparison() {
    let results = made::results(made::SMALL);
    let sides = [Side { results: &results, against_first: Err("first") }];
    assert!(matches!(render(&sides), Err(ReportError::TooFewRuns { n_runs: 1 })));
}
