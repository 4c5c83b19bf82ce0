//! The histogram of the probability integral transform.

use tenure_evaluate::PitHistogram;

use crate::figure::{DataTable, Figure, Key, Unit};
use crate::number::fixed;
use crate::plot::frame::{Axis, Frame};
use crate::plot::scale::Scale;
use crate::value::results::ValueJudgement;

/// One bar for each bin, around the density of 1.
pub(crate) fn figure(judgement: &ValueJudgement) -> Option<Figure> {
    let pit = &judgement.distribution.as_ref()?.pit;
    let highest = pit.density.iter().copied().fold(1.0 + pit.chance, f64::max);
    if pit.density.is_empty() {
        return None;
    }
    let x = Axis::new(Scale::new(0.0, 1.0), "Probability of at most the actual value", Unit::Plain);
    let y = Axis::new(Scale::nice(0.0, highest, 4), "Density (1 where the model is right)", Unit::Plain).ticks(4);
    let mut frame = Frame::new(&x, &y);
    let n_bins = pit.density.len() as f64;
    for (i, &density) in pit.density.iter().enumerate() {
        let bin = (i as f64 / n_bins, (i + 1) as f64 / n_bins);
        let tip = format!("{} to {}: {}", fixed(bin.0, 2), fixed(bin.1, 2), fixed(density, 2));
        frame.bar("bar one", bin, density, &tip);
    }
    frame.rule_y("cut", 1.0);
    frame.rule_y("line chance", 1.0 - pit.chance);
    frame.rule_y("line chance", 1.0 + pit.chance);
    Some(Figure {
        id: "pit".to_owned(),
        title: "Whole distributions (PIT)".to_owned(),
        reading: "Where each actual value falls in its predicted distribution. Flat is right; high at both ends means \
                  distributions too narrow, high in the middle too wide, high on the right too low. Customers who bought \
                  nothing are spread over the probability that they were given of it."
            .to_owned(),
        finding: finding(pit),
        legend: vec![
            Key::new("bar one", "test customers"),
            Key::new("cut", "right"),
            Key::new("line chance", "reach of chance in one bin"),
        ],
        drawing: frame.finish("Histogram of the probability integral transform"),
        table: table(pit),
        ..Figure::default()
    })
}

fn finding(pit: &PitHistogram) -> String {
    let n_off = pit.density.iter().filter(|&&density| (density - 1.0).abs() > pit.chance).count();
    format!(
        "{n_off} of {} bins lie beyond the reach of chance; about {} would by chance alone.",
        pit.density.len(),
        fixed(0.05 * pit.density.len() as f64, 0)
    )
}

fn table(pit: &PitHistogram) -> DataTable {
    let mut table = DataTable::new(0, &["from", "to", "density"]);
    let n_bins = pit.density.len() as f64;
    for (i, &density) in pit.density.iter().enumerate() {
        table.push(vec![fixed(i as f64 / n_bins, 2), fixed((i + 1) as f64 / n_bins, 2), fixed(density, 3)]);
    }
    table
}
