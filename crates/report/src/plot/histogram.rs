//! Scores of churners and of those who stayed.

use crate::figure::{DataTable, Figure, Key, Unit};
use crate::number::{amount, fixed, percent1};
use crate::plot::frame::{Axis, Frame};
use crate::plot::scale::Scale;
use crate::results::Evaluation;

/// Two overlaid histograms, each as shares of its own class, so that a rare class stays visible.
pub(crate) fn figure(evaluation: &Evaluation) -> Option<Figure> {
    let histogram = &evaluation.model.histogram;
    let (stayed, churned) = (shares(&histogram.negative), shares(&histogram.positive));
    let n_bins = stayed.len().min(churned.len());
    let highest = stayed.iter().chain(&churned).copied().fold(0.0, f64::max);
    if n_bins == 0 || highest == 0.0 {
        return None;
    }
    let y = Axis::new(Scale::nice(0.0, highest, 4), "Share of the class", Unit::Share).ticks(4);
    let mut frame = Frame::new(&Axis::share("Predicted probability of churn"), &y);
    for (class, name, shares) in [("bar one half", "stayed", &stayed), ("bar two half", "churned", &churned)] {
        for (i, &share) in shares.iter().enumerate().filter(|(_, share)| **share > 0.0) {
            let bin = (i as f64 / n_bins as f64, (i + 1) as f64 / n_bins as f64);
            let tip = format!("{name}, {} to {}: {}", fixed(bin.0, 2), fixed(bin.1, 2), percent1(share));
            frame.bar(class, bin, share, &tip);
        }
    }
    Some(Figure {
        id: "scores".to_owned(),
        title: "Scores by class".to_owned(),
        reading:
            "The less the two histograms overlap, the better the model tells churners from stayers; each is scaled \
                  to its own class."
                .to_owned(),
        legend: vec![Key::new("bar one half", "stayed"), Key::new("bar two half", "churned")],
        drawing: frame.finish("Histogram of predicted probabilities by class"),
        table: table(&histogram.negative, &histogram.positive),
        ..Figure::default()
    })
}

fn shares(masses: &[f64]) -> Vec<f64> {
    let total: f64 = masses.iter().sum();
    masses.iter().map(|mass| if total > 0.0 { mass / total } else { 0.0 }).collect()
}

fn table(negative: &[f64], positive: &[f64]) -> DataTable {
    let mut table = DataTable::new(0, &["from", "to", "stayed", "churned"]);
    let n_bins = negative.len() as f64;
    for (i, (&stayed, &churned)) in negative.iter().zip(positive).enumerate() {
        let (from, to) = (i as f64 / n_bins, (i as f64 + 1.0) / n_bins);
        table.push(vec![fixed(from, 2), fixed(to, 2), amount(stayed.round()), amount(churned.round())]);
    }
    table
}
