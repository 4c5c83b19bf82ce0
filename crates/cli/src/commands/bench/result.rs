//! What was measured, for people and for programs.

use comfy_table::{CellAlignment, Table, presets};
use serde::{Deserialize, Serialize};

use super::machine::Machine;
use super::{Round, Workload};

/// The version of a result file.
pub const FORMAT: u32 = 1;

/// One run of `tenure bench`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// Version of this structure: [`FORMAT`].
    pub format: u32,
    /// Where.
    pub machine: Machine,
    /// Timed rounds of each workload.
    pub n_rounds: usize,
    /// What was measured, in the order it ran.
    pub measurements: Vec<Measurement>,
}

/// One workload on one device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measurement {
    /// What it is and how large.
    pub id: String,
    /// Where it ran.
    pub device: String,
    /// What the rates count.
    pub counts: String,
    /// Median of the rounds, per second.
    pub per_second: f64,
    /// The slowest round, per second.
    pub slowest: f64,
    /// The fastest round, per second.
    pub fastest: f64,
    /// The last round's loss, inertia or checksum: a result that is fast and wrong shows here.
    pub check: f64,
}

impl Measurement {
    /// The rounds of a workload; at least one.
    pub(super) fn of(workload: &dyn Workload, rounds: &[Round]) -> Self {
        let mut rates: Vec<f64> =
            rounds.iter().map(|round| round.amount / round.seconds.max(f64::MIN_POSITIVE)).collect();
        rates.sort_by(f64::total_cmp);
        Self {
            id: workload.id().to_owned(),
            device: workload.device().to_owned(),
            counts: workload.counts().to_owned(),
            per_second: rates[rates.len() / 2],
            slowest: rates[0],
            fastest: rates[rates.len() - 1],
            check: rounds[rounds.len() - 1].check,
        }
    }

    fn cells(&self) -> [String; 5] {
        let spread = 100.0 * (self.fastest - self.slowest) / self.per_second;
        [
            self.id.clone(),
            self.device.clone(),
            format!("{} {}/s", short(self.per_second), self.counts),
            format!("{spread:.0} %"),
            significant(self.check),
        ]
    }
}

const HEADER: [&str; 5] = ["workload", "device", "median rate", "spread", "check"];

impl Results {
    /// These measurements.
    pub fn new(machine: Machine, n_rounds: usize, measurements: Vec<Measurement>) -> Self {
        Self { format: FORMAT, machine, n_rounds, measurements }
    }

    /// For a terminal.
    pub fn text(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY);
        table.set_header(HEADER);
        table.add_rows(self.measurements.iter().map(Measurement::cells));
        for place in 2..HEADER.len() {
            if let Some(column) = table.column_mut(place) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        format!("{table}\n{} rounds each, taking turns. {}\n", self.n_rounds, self.machine.text())
    }

    /// For a document.
    pub fn markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
        let mut text = line(&HEADER.map(String::from));
        text.push_str("|---|---|---:|---:|---:|\n");
        text.extend(self.measurements.iter().map(|one| line(&one.cells())));
        text.push_str(&format!("\n{} rounds each, taking turns. {}\n", self.n_rounds, self.machine.text()));
        text
    }
}

/// `12.3 M`: three significant digits with the unit prefix.
pub fn short(value: f64) -> String {
    let (scaled, prefix) = match value.abs() {
        v if v >= 1e9 => (value / 1e9, " G"),
        v if v >= 1e6 => (value / 1e6, " M"),
        v if v >= 1e3 => (value / 1e3, " k"),
        _ => (value, ""),
    };
    format!("{}{prefix}", significant(scaled))
}

fn significant(value: f64) -> String {
    let digits = if value == 0.0 { 0 } else { (2 - value.abs().log10().floor() as i32).max(0) as usize };
    format!("{value:.digits$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_keep_three_digits() {
        let shown = [0.0, 0.01234, 999.4, 1_234.0, 45_678_900.0, 1.5e9].map(short);
        assert_eq!(shown, ["0", "0.0123", "999", "1.23 k", "45.7 M", "1.50 G"]);
    }
}
