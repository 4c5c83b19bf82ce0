//! The page of one run: size, self-containment, escaping, round trip.

use std::path::Path;

use tenure_report::{ReportError, read_json, render_html, render_json};

use crate::made;

#[test]
fn a_usual_page_is_small_and_needs_no_network() {
    let page = render_html(&made::results(made::USUAL)).expect("made results render");
    // Left behind so that a person can look at it.
    std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("report.html"), &page).expect("the folder is writable");
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
    for outside in ["http://", "https://", "//cdn", "<script", "<link", "@import", "url("] {
        assert!(!page.contains(outside), "the page holds {outside}");
    }
}

#[test]
fn hostile_names_stay_text() {
    let hostile = "<script>alert('x')</script>\"&|`";
    let mut results = made::results(made::SMALL);
    results.run.name = hostile.to_owned();
    results.evaluation.baselines[0].name = hostile.to_owned();
    results.evaluation.importance[0].feature = hostile.to_owned();
    results.evaluation.slices[0].column = hostile.to_owned();
    results.evaluation.slices[0].slices[0].level = hostile.to_owned();
    results.dependence[0].feature = hostile.to_owned();
    results.data.columns[0].name = hostile.to_owned();
    results.data.files[0].path = hostile.to_owned();
    results.config[0].value = hostile.to_owned();
    results.caveats.push(hostile.to_owned());
    let page = render_html(&results).expect("made results render");
    assert!(!page.contains("<script"), "markup of the data reached the page");
    assert!(page.matches("&#60;script&#62;").count() >= 10);
}

#[test]
fn the_json_twin_makes_the_same_page_even_of_a_run_that_diverged() {
    let mut results = made::results(made::SMALL);
    results.training.curves[0].train_loss[2] = f64::NAN;
    let json = render_json(&results).expect("made results serialize");
    let again = read_json(&json).expect("and read back");
    let (page, page_again) = (render_html(&results), render_html(&again));
    assert_eq!(page.expect("made results render"), page_again.expect("made results render"));
}

#[test]
fn a_twin_of_another_format_is_refused_by_number() {
    let mut results = made::results(made::SMALL);
    results.format = 999;
    let json = render_json(&results).expect("made results serialize");
    assert!(matches!(read_json(&json), Err(ReportError::Format { expected: 1, found: 999 })));
}

#[test]
fn a_run_without_extras_still_makes_a_page() {
    let mut results = made::results(made::SMALL);
    results.suspects.clear();
    results.partitions.clear();
    results.timeline = None;
    results.retention = None;
    results.training.curves.clear();
    results.training.rows_per_second = None;
    results.evaluation.raw = None;
    results.evaluation.baselines.clear();
    results.evaluation.calibration.clear();
    results.evaluation.importance.clear();
    results.evaluation.slices.clear();
    results.evaluation.model.profit = None;
    results.dependence.clear();
    results.gates.clear();
    results.config.clear();
    results.environment.timings.clear();
    results.caveats.clear();
    let page = render_html(&results).expect("made results render");
    for absent in ["NaN", "inf", "id=\"features\"", "id=\"slices\"", "id=\"time\"", "class=\"alert"] {
        assert!(!page.contains(absent), "the page holds {absent}");
    }
    assert!(page.contains("AUC 0.7"), "the headline stays");
}

#[test]
fn the_page_says_what_it_should() {
    let mut results = made::results(made::SMALL);
    results.environment.timings.clear();
    let page = render_html(&results).expect("made results render");
    let (_, body) = page.split_once("<body>").expect("a page has a body");
    insta::assert_snapshot!(sentences(&without(&without(body, "svg"), "details")));
}

#[test]
fn a_drawing_is_the_same_to_the_byte() {
    let page = render_html(&made::results(made::SMALL)).expect("made results render");
    let (_, figure) = page.split_once("id=\"timeline\"").expect("events have a timeline");
    let start = figure.find("<svg").expect("a timeline is drawn");
    let end = figure.find("</svg>").expect("and its drawing ends") + "</svg>".len();
    insta::assert_snapshot!(&figure[start..end]);
}

/// The markup without any element of this name.
pub(crate) fn without(markup: &str, element: &str) -> String {
    let (open, close) = (format!("<{element}"), format!("</{element}>"));
    let mut parts = markup.split(&open);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |kept, part| kept + part.split_once(&close).map_or("", |(_, rest)| rest))
}

/// What is left of markup without its tags, a line for each piece.
pub(crate) fn sentences(markup: &str) -> String {
    let mut text = String::new();
    for piece in markup.split('<') {
        let said = piece.split_once('>').map_or(piece, |(_, said)| said).trim();
        if !said.is_empty() {
            text.push_str(said);
            text.push('\n');
        }
    }
    text
}
