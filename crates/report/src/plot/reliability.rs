//! Predicted against observed frequency, before and after calibration.

use tenure_evaluate::{Histogram, ReliabilityBin};

use crate::figure::{DataTable, Figure, Key};
use crate::number::{amount, count, fixed};
use crate::plot::frame::{Axis, Frame};
use crate::results::Evaluation;

/// Height of the histogram at the foot of the plot, as a share of its own.
const FOOT: f64 = 0.16;

/// One dot for each bin of predicted probability; the bars at the foot say how many rows it holds.
pub(crate) fn figure(evaluation: &Evaluation) -> Option<Figure> {
    let after = &evaluation.model.reliability.curve;
    let before = evaluation.raw.as_ref().map_or(&[][..], |raw| &raw.curve);
    if after.is_empty() {
        return None;
    }
    let (x, y) = (Axis::share("Predicted probability"), Axis::share("Observed share of churners"));
    let mut frame = Frame::new(&x, &y);
    draw_foot(&mut frame, &evaluation.model.histogram);
    frame.curve("line chance", [(0.0, 0.0), (1.0, 1.0)]);
    draw_bins(&mut frame, before, "two", "as the network says");
    draw_intervals(&mut frame, after);
    draw_bins(&mut frame, after, "one", "calibrated");
    Some(Figure {
        id: "reliability".to_owned(),
        title: "Reliability".to_owned(),
        reading:
            "Dots on the dashed line mean that a predicted 30% comes true for 30% of customers; below it the model \
                  promises too much churn, above it too little; thin lines are intervals, bars count customers."
                .to_owned(),
        finding: finding(evaluation),
        legend: legend(!before.is_empty()),
        drawing: frame.finish("Predicted against observed share of churners"),
        table: table(before, after),
        span: "",
    })
}

/// How many customers have each probability, in bars at the foot.
fn draw_foot(frame: &mut Frame, histogram: &Histogram) {
    let masses: Vec<f64> = histogram.negative.iter().zip(&histogram.positive).map(|(a, b)| a + b).collect();
    let most = masses.iter().copied().fold(1e-12, f64::max);
    for (edges, mass) in histogram.edges.windows(2).zip(&masses).filter(|(_, mass)| **mass > 0.0) {
        let (from, to) = (fixed(edges[0], 2), fixed(edges[1], 2));
        let tip = format!("{from} to {to}: {} customers", amount(mass.round()));
        frame.bar("bar faint", (edges[0], edges[1]), mass / most * FOOT, &tip);
    }
}

fn draw_bins(frame: &mut Frame, bins: &[ReliabilityBin], class: &str, name: &str) {
    frame.curve(&format!("line {class} thin"), bins.iter().map(|bin| (bin.mean_probability, bin.observed_rate)));
    for bin in bins {
        let (predicted, observed) = (fixed(bin.mean_probability, 3), fixed(bin.observed_rate, 3));
        let tip = format!("{name}: predicted {predicted}, observed {observed}, {} rows", count(bin.n_rows as u64));
        frame.dot(&format!("dot {class}"), (bin.mean_probability, bin.observed_rate), &tip);
    }
}

/// The interval of each observed rate, behind the dots.
fn draw_intervals(frame: &mut Frame, bins: &[ReliabilityBin]) {
    for bin in bins {
        let (low, high) = (frame.at((bin.mean_probability, bin.low)), frame.at((bin.mean_probability, bin.high)));
        frame.svg.line("whisker", low, high);
    }
}

fn legend(is_calibrated: bool) -> Vec<Key> {
    let mut keys = vec![Key::new("dot one", if is_calibrated { "calibrated" } else { "as the network says" })];
    if is_calibrated {
        keys.push(Key::new("dot two", "as the network says"));
    }
    keys.push(Key::new("line chance", "perfect"));
    keys
}

fn finding(evaluation: &Evaluation) -> String {
    let reliability = &evaluation.model.reliability;
    let error = fixed(reliability.expected_error * 100.0, 1);
    let by_chance = fixed(reliability.expected_error_if_calibrated * 100.0, 1);
    let before = evaluation
        .raw
        .as_ref()
        .map_or(String::new(), |raw| format!(", {} before calibration", fixed(raw.expected_error * 100.0, 1)));
    format!(
        "On average predictions are {error} percentage points off{before}; chance alone would put perfect ones \
         {by_chance} off."
    )
}

fn table(before: &[ReliabilityBin], after: &[ReliabilityBin]) -> DataTable {
    let mut table = DataTable::new(1, &["probabilities", "customers", "predicted", "observed", "interval"]);
    for (name, bins) in [("final", after), ("raw", before)] {
        for bin in bins {
            let (predicted, observed) = (fixed(bin.mean_probability, 3), fixed(bin.observed_rate, 3));
            let interval = format!("{} to {}", fixed(bin.low, 3), fixed(bin.high, 3));
            table.push(vec![name.to_owned(), count(bin.n_rows as u64), predicted, observed, interval]);
        }
    }
    table
}
