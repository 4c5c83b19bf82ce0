//! Two results side by side: which is faster, and whether the spread of the rounds lets one say so.

use comfy_table::{CellAlignment, Table, presets};
use serde::Serialize;

use super::machine::Machine;
use super::result::{Measurement, Results, short};

/// Relative difference of two checks above which they are not of the same computation.
const CHECK_TOLERANCE: f64 = 1e-2;

/// Two results.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    before: Machine,
    after: Machine,
    rows: Vec<Pair>,
    /// Workloads that only one of them has.
    unpaired: Vec<String>,
}

/// A workload that both have.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Pair {
    id: String,
    before_device: String,
    after_device: String,
    counts: String,
    before: f64,
    after: f64,
    /// After over before: above 1 the second is faster.
    ratio: f64,
    verdict: Verdict,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    /// Every round of the second beats every round of the first.
    Faster,
    /// The other way round.
    Slower,
    /// Rounds overlap.
    Unclear,
    /// The checks differ: one of them computes something else.
    OtherResult,
}

impl Comparison {
    /// Pairs measurements of the same workload and device; where a workload ran on one device each, on those.
    pub fn of(before: &Results, after: &Results) -> Self {
        let mut rows = Vec::new();
        let mut unpaired = Vec::new();
        let mut left: Vec<&Measurement> = after.measurements.iter().collect();
        for one in &before.measurements {
            match partner(one, before, after, &left) {
                Some(place) => rows.push(Pair::of(one, left.remove(place))),
                None => unpaired.push(format!("{} on {} (first file only)", one.id, one.device)),
            }
        }
        unpaired.extend(left.iter().map(|one| format!("{} on {} (second file only)", one.id, one.device)));
        Self { before: before.machine.clone(), after: after.machine.clone(), rows, unpaired }
    }

    /// For a terminal.
    pub fn text(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::UTF8_HORIZONTAL_ONLY);
        table.set_header(["workload", "device", "first", "second", "ratio", ""]);
        for pair in &self.rows {
            let rate = |value| format!("{} {}/s", short(value), pair.counts);
            let device = if pair.before_device == pair.after_device {
                pair.before_device.clone()
            } else {
                format!("{} | {}", pair.before_device, pair.after_device)
            };
            let ratio = format!("{:.2}", pair.ratio);
            table.add_row([
                pair.id.clone(),
                device,
                rate(pair.before),
                rate(pair.after),
                ratio,
                pair.verdict.text().into(),
            ]);
        }
        for place in 2..5 {
            if let Some(column) = table.column_mut(place) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        let mut text = format!("{table}\nfirst:  {}\nsecond: {}\n", self.before.text(), self.after.text());
        text.extend(self.unpaired.iter().map(|one| format!("not compared: {one}\n")));
        text
    }
}

/// The place among `left` of the measurement to set beside `one`.
fn partner(one: &Measurement, before: &Results, after: &Results, left: &[&Measurement]) -> Option<usize> {
    let same = left.iter().position(|other| other.id == one.id && other.device == one.device);
    let count = |results: &Results| results.measurements.iter().filter(|other| other.id == one.id).count();
    let only = || left.iter().position(|other| other.id == one.id).filter(|_| count(before) == 1 && count(after) == 1);
    same.or_else(only)
}

impl Pair {
    fn of(before: &Measurement, after: &Measurement) -> Self {
        let scale = before.check.abs().max(after.check.abs());
        let verdict = if (before.check - after.check).abs() > CHECK_TOLERANCE * scale {
            Verdict::OtherResult
        } else if after.slowest > before.fastest {
            Verdict::Faster
        } else if after.fastest < before.slowest {
            Verdict::Slower
        } else {
            Verdict::Unclear
        };
        Self {
            id: before.id.clone(),
            before_device: before.device.clone(),
            after_device: after.device.clone(),
            counts: before.counts.clone(),
            before: before.per_second,
            after: after.per_second,
            ratio: after.per_second / before.per_second,
            verdict,
        }
    }
}

impl Verdict {
    const fn text(self) -> &'static str {
        match self {
            Self::Faster => "faster",
            Self::Slower => "slower",
            Self::Unclear => "rounds overlap",
            Self::OtherResult => "checks differ",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(id: &str, device: &str, rates: [f64; 3], check: f64) -> Measurement {
        let [slowest, per_second, fastest] = rates;
        Measurement { id: id.into(), device: device.into(), counts: "rows".into(), per_second, slowest, fastest, check }
    }

    fn results(measurements: Vec<Measurement>) -> Results {
        Results::new(Machine::default(), 3, measurements)
    }

    #[test]
    fn a_ratio_is_called_only_where_no_rounds_overlap() {
        let before = results(vec![
            measured("a", "cpu", [9.0, 10.0, 11.0], 1.0),
            measured("b", "cpu", [9.0, 10.0, 11.0], 1.0),
            measured("c", "cpu", [9.0, 10.0, 11.0], 1.0),
            measured("d", "cpu", [9.0, 10.0, 11.0], 1.0),
            measured("gone", "cpu", [1.0, 1.0, 1.0], 1.0),
        ]);
        let after = results(vec![
            measured("a", "gpu", [19.0, 20.0, 21.0], 1.001),
            measured("b", "cpu", [10.5, 12.0, 13.0], 1.0),
            measured("c", "cpu", [4.0, 5.0, 6.0], 1.0),
            measured("d", "cpu", [40.0, 50.0, 60.0], 2.0),
            measured("new", "cpu", [1.0, 1.0, 1.0], 1.0),
        ]);
        let comparison = Comparison::of(&before, &after);
        let verdicts: Vec<Verdict> = comparison.rows.iter().map(|pair| pair.verdict).collect();
        assert_eq!(verdicts, [Verdict::Faster, Verdict::Unclear, Verdict::Slower, Verdict::OtherResult]);
        assert_eq!(comparison.rows[0].ratio, 2.0);
        assert_eq!(comparison.unpaired, ["gone on cpu (first file only)", "new on cpu (second file only)"]);
        let text = comparison.text();
        assert!(text.contains("cpu | gpu") && text.contains("rounds overlap") && text.contains("not compared: gone"));
    }
}
