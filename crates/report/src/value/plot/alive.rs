//! The probability of still being a customer, over frequency and recency, as shaded cells.

use crate::figure::{DataTable, Figure, Key};
use crate::number::{fixed, percent, significant};
use crate::plot::frame::{CHARACTER, HEIGHT, WIDTH};
use crate::plot::svg::{Anchor, Svg};
use crate::value::results::AliveGrid;

const TOP: f64 = 26.0;
const BOTTOM: f64 = 46.0;
const RIGHT: f64 = 16.0;
/// Shades of the style sheet, `h0` to `h8`.
const N_SHADES: usize = 9;
/// Labels along an axis.
const N_LABELS: usize = 8;

/// One cell for each pair of frequency and recency.
pub(crate) fn figure(grid: &AliveGrid) -> Option<Figure> {
    if grid.frequency.is_empty() || grid.recency.is_empty() {
        return None;
    }
    Some(Figure {
        id: "alive".to_owned(),
        title: "P(alive) by frequency and recency".to_owned(),
        reading: format!(
            "Each cell is a customer who first bought {} {} before the cutoff, bought so many times again (up), and last \
             bought so long after the first time (right). Stronger colour is a higher probability of being a customer still: \
             who bought often and then stopped is lost sooner than who always bought rarely.",
            significant(grid.age),
            grid.unit
        ),
        finding: finding(grid),
        legend: (0..N_SHADES)
            .step_by(2)
            .map(|shade| Key::new(LEGEND[shade], percent(shade as f64 / (N_SHADES - 1) as f64)))
            .collect(),
        drawing: draw(grid),
        table: table(grid),
        span: "",
    })
}

const LEGEND: [&str; N_SHADES] = [
    "swatch h0",
    "swatch h1",
    "swatch h2",
    "swatch h3",
    "swatch h4",
    "swatch h5",
    "swatch h6",
    "swatch h7",
    "swatch h8",
];

fn draw(grid: &AliveGrid) -> String {
    let longest = grid.frequency.iter().map(|n| n.to_string().len()).max().unwrap_or(1);
    let left = (longest as f64 * CHARACTER + 12.0).max(30.0);
    let (width, height) =
        ((WIDTH - RIGHT - left) / grid.recency.len() as f64, (HEIGHT - BOTTOM - TOP) / grid.frequency.len() as f64);
    let bottom = HEIGHT - BOTTOM;
    let mut svg = Svg::default();
    svg.text("axis", Anchor::Start, (2.0, 12.0), "Repeat purchases");
    for (i, row) in grid.p_alive.iter().enumerate().take(grid.frequency.len()) {
        let y = bottom - (i + 1) as f64 * height;
        for (j, p) in row.iter().enumerate().take(grid.recency.len()) {
            if let Some(p) = p {
                let class = format!("cell h{}", shade(*p));
                let tip = format!(
                    "{} repeat purchases, the last {} {} after the first: {}",
                    grid.frequency[i],
                    significant(grid.recency[j]),
                    grid.unit,
                    percent(*p)
                );
                svg.rect(&class, (left + j as f64 * width, y), (width, height), &tip);
            }
        }
    }
    for i in (0..grid.frequency.len()).step_by(step(grid.frequency.len())) {
        let y = bottom - (i as f64 + 0.5) * height;
        svg.text("tick", Anchor::End, (left - 7.0, y + 4.0), &grid.frequency[i].to_string());
    }
    for j in (0..grid.recency.len()).step_by(step(grid.recency.len())) {
        let x = left + (j as f64 + 0.5) * width;
        svg.text("tick", Anchor::Middle, (x, bottom + 18.0), &fixed(grid.recency[j], 0));
    }
    let title = format!("Recency: {} from first to last purchase", grid.unit);
    svg.text("axis", Anchor::End, (WIDTH - RIGHT + 4.0, HEIGHT - 8.0), &title);
    svg.finish((WIDTH, HEIGHT), "P(alive) by frequency and recency")
}

fn step(n: usize) -> usize {
    n.div_ceil(N_LABELS).max(1)
}

fn shade(p: f64) -> usize {
    ((p * (N_SHADES - 1) as f64).round().max(0.0) as usize).min(N_SHADES - 1)
}

/// The most frequent customers at both ends of recency.
fn finding(grid: &AliveGrid) -> String {
    let Some((row, frequency)) = grid.p_alive.last().zip(grid.frequency.last()) else { return String::new() };
    let known: Vec<(f64, f64)> =
        row.iter().zip(&grid.recency).filter_map(|(p, &recency)| Some((recency, (*p)?))).collect();
    match (known.first(), known.last()) {
        (Some(early), Some(late)) if early.0 < late.0 => format!(
            "{}: with {frequency} repeat purchases, {} if the last was {} {} after the first, {} if it was {}.",
            grid.model,
            percent(early.1),
            significant(early.0),
            grid.unit,
            percent(late.1),
            significant(late.0)
        ),
        _ => grid.model.clone(),
    }
}

fn table(grid: &AliveGrid) -> DataTable {
    let recency: Vec<String> = grid.recency.iter().map(|&recency| significant(recency)).collect();
    let head: Vec<&str> = std::iter::once("repeats").chain(recency.iter().map(String::as_str)).collect();
    let mut table = DataTable::new(0, &head);
    for (frequency, row) in grid.frequency.iter().zip(&grid.p_alive) {
        let cells =
            (0..grid.recency.len()).map(|j| row.get(j).copied().flatten().map_or("–".to_owned(), |p| fixed(p, 2)));
        table.push(std::iter::once(frequency.to_string()).chain(cells).collect());
    }
    table
}
