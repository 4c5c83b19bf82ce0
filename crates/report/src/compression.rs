//! A run made small: what each step costs in bytes, time and quality, on one page.

use tenure_evaluate::{Estimate, Interval};

use crate::document::{Block, Document, Section};
use crate::error::ReportError;
use crate::figure::{DataTable, Figure, Unit};
use crate::number::{count, fixed, signed};
use crate::plot::forest::{self, ForestAxis, ForestRow};
use crate::render::page_markup;
use crate::words;

/// Digits of a quality: losses of compression are smaller than a report's differences.
const DIGITS: usize = 4;

/// A run's way to its bundle.
#[derive(Clone, Debug, Default)]
pub struct Compression {
    /// The run's name.
    pub run: String,
    /// Layer widths of the student, inputs first.
    pub shape: String,
    /// Rows of train, validation, test.
    pub n_rows: [usize; 3],
    /// From the teacher to what was tried last.
    pub steps: Vec<CompressionStep>,
    /// Bounds, and what was found.
    pub gates: Vec<CompressionGate>,
    /// What else there is to say, a sentence each.
    pub facts: Vec<String>,
}

/// One step.
#[derive(Clone, Debug, Default)]
pub struct CompressionStep {
    /// What it is.
    pub name: String,
    /// The whole file; of the teacher its weights.
    pub size_bytes: u64,
    /// Microseconds of a row alone, raw fields to answer, one thread; none where that was not measured.
    pub single_us: Option<f64>,
    /// Microseconds a row among many.
    pub batch_us: f64,
    /// Whether the bundle holds it.
    pub is_shipped: bool,
    /// How good its answers are, the same metrics for every step.
    pub qualities: Vec<StepQuality>,
}

/// A metric of a step on the test rows.
#[derive(Clone, Debug)]
pub struct StepQuality {
    /// Its name; more is better.
    pub metric: &'static str,
    /// With its interval.
    pub estimate: Estimate,
    /// Less the teacher's on the same rows; none for the teacher.
    pub against_teacher: Option<Estimate>,
}

/// A bound on what the shipped step may lose.
#[derive(Clone, Debug)]
pub struct CompressionGate {
    /// Its key in the experiment file.
    pub name: String,
    /// What is allowed.
    pub bound: f64,
    /// What was lost.
    pub found: f64,
    /// Whether it is within the bound.
    pub passed: bool,
}

/// One self-contained HTML page.
pub fn render_compression(compression: &Compression) -> Result<String, ReportError> {
    page_markup(&document(compression))
}

fn document(made: &Compression) -> Document {
    let [train, validation, test] = made.n_rows.map(|n| count(n as u64));
    Document {
        title: format!("{}: compression", made.run),
        eyebrow: vec!["Compression".to_owned(), made.run.clone()],
        headline: headline(made),
        facts: std::iter::once(format!(
            "Student {}; {train} training, {validation} validation and {test} test rows. Qualities are those of the test rows, \
             times those of this machine on one thread, raw fields to answer; the teacher's begin with encoded rows, on all \
             cores.",
            made.shape
        ))
        .chain(made.facts.iter().cloned())
        .collect(),
        sections: vec![costs(made), gates(&made.gates)],
        footer: "This page needs no network; compress.json beside it holds the same figures.".to_owned(),
        ..Document::default()
    }
}

/// The shipped step in one sentence.
fn headline(made: &Compression) -> String {
    let Some(step) = made.steps.iter().find(|step| step.is_shipped) else {
        return "Nothing is shipped".to_owned();
    };
    let lost = step.qualities.iter().filter_map(|quality| {
        let change = quality.against_teacher.as_ref()?;
        Some(format!("{} {}", signed(change.value, DIGITS), quality.metric))
    });
    let verdict = if made.gates.iter().all(|gate| gate.passed) { "" } else { ", more than is allowed" };
    let lost = lost.collect::<Vec<_>>().join(", ");
    format!("{} in {} kB: {lost} against the run{verdict}", step.name, fixed(step.size_bytes as f64 / 1e3, 1))
}

fn costs(made: &Compression) -> Section {
    let mut section = Section::new("steps", "What each step costs");
    let metrics: Vec<&'static str> =
        made.steps.first().map_or(Vec::new(), |step| step.qualities.iter().map(|quality| quality.metric).collect());
    for (place, metric) in metrics.iter().enumerate() {
        section.figures.push(quality(made, place, metric));
    }
    section.figures.push(bars(made, &SIZE, |step| Some(step.size_bytes as f64 / 1e3)));
    section.figures.push(bars(made, &TIME, |step| step.single_us));
    section.blocks.push(Block {
        title: "All of it".to_owned(),
        note: "In brackets the interval; against the teacher on the same rows, paired. *: what the bundle holds."
            .to_owned(),
        table: table(&made.steps, &metrics),
        folded: false,
    });
    section
}

fn table(steps: &[CompressionStep], metrics: &[&'static str]) -> DataTable {
    let against = metrics.iter().map(|metric| format!("{metric} against the teacher")).collect::<Vec<_>>();
    let mut head = vec!["step", "bytes", "µs, single", "µs, batch"];
    for (metric, against) in metrics.iter().zip(&against) {
        head.extend([*metric, against.as_str()]);
    }
    let mut table = DataTable::new(1, &head);
    for step in steps {
        let mark = if step.is_shipped { "*" } else { "" };
        let mut row = vec![
            format!("{}{mark}", step.name),
            count(step.size_bytes),
            step.single_us.map_or("–".to_owned(), |us| fixed(us, 2)),
            fixed(step.batch_us, 2),
        ];
        for quality in &step.qualities {
            row.push(spelled(&quality.estimate, fixed));
            row.push(quality.against_teacher.as_ref().map_or("–".to_owned(), |change| spelled(change, signed)));
        }
        table.push(row);
    }
    table
}

fn spelled(estimate: &Estimate, number: fn(f64, usize) -> String) -> String {
    match estimate.interval {
        Some(Interval { low, high, .. }) => {
            let [value, low, high] = [estimate.value, low, high].map(|x| number(x, DIGITS));
            format!("{value} [{low}, {high}]")
        }
        None => number(estimate.value, DIGITS),
    }
}

/// What is lost against the teacher, a row each step.
fn quality(made: &Compression, place: usize, metric: &'static str) -> Figure {
    let mut table = DataTable::new(1, &["step", metric, "against the teacher"]);
    let mut rows = Vec::new();
    for step in &made.steps {
        let quality = &step.qualities[place];
        let Some(change) = &quality.against_teacher else { continue };
        table.push(vec![step.name.clone(), spelled(&quality.estimate, fixed), spelled(change, signed)]);
        rows.push(ForestRow {
            label: step.name.clone(),
            estimate: change.clone(),
            class: class(step),
            second: None,
            tip: format!("{}: {} ({})", step.name, signed(change.value, DIGITS), words::range(change, DIGITS)),
        });
    }
    let title = format!("{metric} against the teacher");
    let axis = ForestAxis { title: title.clone(), unit: Unit::Plain, reference: Some(0.0), bars: false };
    Figure {
        id: format!("quality-{place}"),
        drawing: forest::draw(&rows, &axis, &title),
        title,
        reading:
            "Each dot is a step with the paired interval of its difference from the run's own answers; the line is no \
                  difference."
                .to_owned(),
        table,
        ..Figure::default()
    }
}

struct Cost {
    id: &'static str,
    title: &'static str,
    axis: &'static str,
    digits: usize,
}

const SIZE: Cost = Cost { id: "size", title: "Size", axis: "kB; of the teacher its weights alone", digits: 1 };
const TIME: Cost = Cost { id: "time", title: "Time of one row", axis: "µs, one row at a time, one thread", digits: 2 };

/// What a step costs, a bar each.
fn bars(made: &Compression, cost: &Cost, of: impl Fn(&CompressionStep) -> Option<f64>) -> Figure {
    let mut table = DataTable::new(1, &["step", cost.title]);
    let mut rows = Vec::new();
    for step in &made.steps {
        let Some(value) = of(step) else { continue };
        let text = fixed(value, cost.digits);
        table.push(vec![step.name.clone(), text.clone()]);
        rows.push(ForestRow {
            label: step.name.clone(),
            estimate: Estimate { value, interval: None },
            class: class(step),
            second: None,
            tip: format!("{}: {text}", step.name),
        });
    }
    let axis = ForestAxis { title: cost.axis.to_owned(), unit: Unit::Plain, reference: Some(0.0), bars: true };
    Figure {
        id: format!("cost-{}", cost.id),
        title: cost.title.to_owned(),
        reading: "Less is better.".to_owned(),
        drawing: forest::draw(&rows, &axis, cost.title),
        table,
        ..Figure::default()
    }
}

fn class(step: &CompressionStep) -> &'static str {
    if step.is_shipped { "one" } else { "two" }
}

fn gates(gates: &[CompressionGate]) -> Section {
    let mut table = DataTable::new(1, &["gate", "allowed", "found", ""]);
    for gate in gates {
        let verdict = if gate.passed { "passed" } else { "failed" };
        let number = |x: f64| if x.abs() < 1e-3 && x != 0.0 { format!("{x:.1e}") } else { fixed(x, DIGITS) };
        table.push(vec![gate.name.clone(), number(gate.bound), number(gate.found), verdict.to_owned()]);
    }
    let mut section = Section::new("gates", "Gates");
    section.blocks.push(Block { title: "Bounds on what is shipped".to_owned(), table, ..Block::default() });
    section
}
