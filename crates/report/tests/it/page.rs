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
fn the_json_twin_makes_the_same_page() {
    let results = made::results(made::SMALL);
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
