//! The page of a run made small.

use std::path::Path;

use tenure_evaluate::{Estimate, Interval};
use tenure_report::{Compression, CompressionGate, CompressionStep, StepQuality, render_compression};

fn estimate(value: f64) -> Estimate {
    let interval =
        Interval { low: value - 0.01, high: value + 0.01, standard_error: 0.005, confidence: 0.95, resamples: 100 };
    Estimate { value, interval: Some(interval) }
}

fn step(name: &str, size_bytes: u64, auc: f64, lost: Option<f64>) -> CompressionStep {
    CompressionStep {
        name: name.into(),
        size_bytes,
        single_us: lost.map(|_| 0.85),
        batch_us: 0.5,
        is_shipped: name.contains("int8"),
        qualities: vec![StepQuality { metric: "AUC", estimate: estimate(auc), against_teacher: lost.map(estimate) }],
    }
}

#[test]
fn every_step_stands_on_the_page_with_what_it_costs() {
    let made = Compression {
        run: "<b>telco</b>".into(),
        shape: "64-96-96-1".into(),
        n_rows: [4_000, 1_000, 1_400],
        steps: vec![
            step("teacher", 300_000, 0.85, None),
            step("student, f32", 70_000, 0.849, Some(-0.001)),
            step("student, int8", 20_240, 0.8482, Some(-0.0018)),
        ],
        gates: vec![CompressionGate {
            name: "quantize.max_auc_loss".into(),
            bound: 0.005,
            found: 0.0018,
            passed: true,
        }],
        facts: vec!["Trained as integers.".into()],
    };
    let page = render_compression(&made).expect("it renders");
    std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("compression.html"), &page).expect("writable");
    for said in [
        "student, int8 in 20.2 kB: −0.0018 AUC against the run",
        "0.8490 [0.8390, 0.8590]",
        "−0.0010 [−0.0110, +0.0090]",
        "student, int8*",
        "20,240",
        "Trained as integers.",
    ] {
        assert!(page.contains(said), "`{said}` is not on the page");
    }
    assert!(!page.contains("<b>telco"), "texts are escaped");
    for outside in ["http://", "https://", "//cdn", "<script", "<link", "@import", "url("] {
        assert!(!page.contains(outside), "the page holds {outside}");
    }
    let failed = CompressionGate { passed: false, ..made.gates[0].clone() };
    let page = render_compression(&Compression { gates: vec![failed], ..made }).expect("it renders");
    assert!(page.contains("against the run, more than is allowed"));
}
