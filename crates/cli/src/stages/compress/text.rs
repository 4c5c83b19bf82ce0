//! What a person reads when a run has been compressed.

use std::path::Path;

use tenure_compress::{Compressed, Step};
use tenure_evaluate::Estimate;

/// The table from teacher to integers, the gates, and where the bundle is.
pub fn text(made: &Compressed, place: Option<&Path>) -> String {
    let mut lines = vec![format!(
        "student {}; {} training, {} validation, {} test rows",
        made.shape, made.n_rows[0], made.n_rows[1], made.n_rows[2]
    )];
    lines.extend(churn_table(&made.steps));
    lines.extend(value_table(&made.steps));
    if let Some(best) = made.candidates.first() {
        let bias = if best.correct_bias { "corrected" } else { "not corrected" };
        lines.push(format!(
            "ranges by {}, biases {bias}: the nearest to the student on validation rows",
            best.ranges.name()
        ));
    }
    if let Some(awareness) = &made.awareness {
        let verdict = if awareness.is_kept { "shipped" } else { "not shipped" };
        lines.push(format!(
            "trained as integers: {:.2e} nats a validation row from the teacher, {:.2e} by rounding alone; {verdict}",
            awareness.aware, awareness.post_training
        ));
    }
    let parity = &made.parity;
    lines.push(format!(
        "all {} rows of the fold in single precision, edge against trainer: probabilities within {:.1e}{}",
        parity.n_rows,
        parity.max_probability_gap,
        parity.max_value_gap.map_or(String::new(), |gap| format!(", expected values within {gap:.1e} of themselves")),
    ));
    for gate in &made.gates {
        let verdict = if gate.passed { "passed" } else { "FAILED" };
        lines.push(format!("{} {verdict}: bound {}, found {:.6}", gate.gate, gate.bound, gate.found));
    }
    lines.push(match place {
        Some(place) => format!("bundle: {}", place.display()),
        None => "no bundle was written".into(),
    });
    lines.push(String::new());
    lines.join("\n")
}

fn churn_table(steps: &[Step]) -> Vec<String> {
    let row = |step: &Step| {
        let quality = step.churn.as_ref()?;
        let against = quality.against_teacher.first().map_or(String::new(), |auc| gain(&auc.difference));
        let middle = format!("{:>8.4} {:>9.4} {against:>28}", quality.auc, quality.log_loss);
        Some(line(step, &middle))
    };
    let head = heading(&format!("{:>8} {:>9} {:>28}", "AUC", "log loss", "AUC against the teacher"));
    table(head, steps.iter().filter_map(row))
}

fn value_table(steps: &[Step]) -> Vec<String> {
    let row = |step: &Step| {
        let quality = step.value.as_ref()?;
        let against = quality.against_teacher.first().map_or(String::new(), |gini| gain(&gini.difference));
        let (gini, rank) = (quality.normalized_gini, quality.spearman);
        let middle = format!("{gini:>8.4} {rank:>9.4} {:>10.4} {against:>28}", quality.total_ratio);
        Some(line(step, &middle))
    };
    let columns = format!("{:>8} {:>9} {:>10} {:>28}", "Gini", "Spearman", "pred./act.", "Gini against the teacher");
    table(heading(&columns), steps.iter().filter_map(row))
}

/// Nothing where there are no rows.
fn table(head: String, rows: impl Iterator<Item = String>) -> Vec<String> {
    let mut lines = vec![head];
    lines.extend(rows);
    if lines.len() == 1 { Vec::new() } else { lines }
}

fn heading(middle: &str) -> String {
    format!("{:14} {:>11} {middle} {:>10} {:>10}", "", "bytes", "µs, single", "µs, batch")
}

fn line(step: &Step, middle: &str) -> String {
    let single = step.latency.single_us.map_or("-".into(), |us| format!("{us:.2}"));
    format!("{:14} {:>11} {middle} {single:>10} {:>10.2}", step.name, step.size_bytes, step.latency.batch_us)
}

fn gain(difference: &Estimate) -> String {
    match difference.interval {
        Some(interval) => format!("{:+.4} [{:+.4}, {:+.4}]", difference.value, interval.low, interval.high),
        None => format!("{:+.4}", difference.value),
    }
}
