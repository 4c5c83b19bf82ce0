//! Training and validation loss by epoch.

use crate::figure::{DataTable, Figure, Key, Unit};
use crate::number::fixed;
use crate::plot::frame::{Axis, Frame};
use crate::plot::scale::Scale;
use crate::results::LearningCurve;

/// Epochs listed in the table; longer runs are listed at even steps.
const MAX_TABLE_ROWS: usize = 40;

/// One thin line for each network, its kept epoch marked.
pub(crate) fn figure(curves: &[LearningCurve]) -> Option<Figure> {
    let n_epochs = curves.iter().map(|curve| curve.validation_loss.len()).max().filter(|&n| n > 0)?;
    let losses = curves.iter().flat_map(|curve| curve.train_loss.iter().chain(&curve.validation_loss)).copied();
    let y = Axis::new(Scale::around(losses, 5), "Loss per row (nats)", Unit::Plain);
    let x = Axis::new(Scale::new(1.0, n_epochs.max(2) as f64), "Epoch", Unit::Plain).ticks(epoch_ticks(n_epochs));
    let mut frame = Frame::new(&x, &y);
    for curve in curves {
        frame.curve("line two thin", by_epoch(&curve.train_loss));
        frame.curve("line one thin", by_epoch(&curve.validation_loss));
    }
    for curve in curves {
        mark_best(&mut frame, curve);
    }
    Some(Figure {
        id: "learning".to_owned(),
        title: "Learning curves".to_owned(),
        reading:
            "Both losses should fall and level off; validation loss that rises again while training loss falls is \
                  overfitting, and training stops and goes back to the marked epoch."
                .to_owned(),
        finding: finding(curves),
        legend: vec![
            Key::new("line one", "validation"),
            Key::new("line two", "training"),
            Key::new("dot one", "epoch that was kept"),
        ],
        drawing: frame.finish("Training and validation loss by epoch"),
        table: table(curves, n_epochs),
        span: "",
    })
}

fn by_epoch(losses: &[f64]) -> impl Iterator<Item = (f64, f64)> + '_ {
    losses.iter().enumerate().map(|(i, &loss)| (i as f64 + 1.0, loss))
}

fn epoch_ticks(n_epochs: usize) -> usize {
    n_epochs.saturating_sub(1).clamp(1, 6)
}

fn mark_best(frame: &mut Frame, curve: &LearningCurve) {
    let best = curve.best_epoch;
    if let Some(&loss) = best.checked_sub(1).and_then(|i| curve.validation_loss.get(i)) {
        let tip = format!("{}: epoch {best}, validation loss {}", name(curve), fixed(loss, 4));
        frame.dot("dot one", (best as f64, loss), &tip);
    }
}

fn name(curve: &LearningCurve) -> String {
    format!("{}, network {}", curve.partition, curve.seed_idx + 1)
}

fn finding(curves: &[LearningCurve]) -> String {
    let epochs: Vec<usize> = curves.iter().map(|curve| curve.best_epoch).collect();
    match (epochs.iter().min(), epochs.iter().max()) {
        (Some(first), Some(last)) if first == last => format!("The weights of epoch {first} were kept."),
        (Some(first), Some(last)) => {
            format!("{} networks; the kept epochs run from {first} to {last}.", curves.len())
        }
        _ => String::new(),
    }
}

fn table(curves: &[LearningCurve], n_epochs: usize) -> DataTable {
    let mut table = DataTable::new(1, &["network", "epoch", "training loss", "validation loss"]);
    let step = (n_epochs * curves.len()).div_ceil(MAX_TABLE_ROWS).max(1);
    for curve in curves {
        let last = curve.validation_loss.len();
        for epoch in (1..=last).filter(|&e| e == 1 || e == last || e == curve.best_epoch || e % step == 0) {
            let loss = |losses: &[f64]| losses.get(epoch - 1).map_or("–".to_owned(), |&loss| fixed(loss, 4));
            table.push(vec![name(curve), epoch.to_string(), loss(&curve.train_loss), loss(&curve.validation_loss)]);
        }
    }
    table
}
