//! Made columns as comma-separated text.

use std::fmt::Write;

use tenure_table::Timestamp;

use super::columns::{Cells, MISSING_ID, MadeColumn, UNREADABLE, UNREADABLE_TEXT, level_text};
use crate::events::iso;

/// The line of names.
pub(crate) fn header(columns: &[MadeColumn]) -> String {
    let names: Vec<_> = columns.iter().map(|column| column.name.as_ref()).collect();
    names.join(",") + "\n"
}

/// One line for each row. No made value holds a comma or a quote, so none is quoted.
pub(crate) fn rows(columns: &[MadeColumn]) -> String {
    let n_rows = columns.first().map_or(0, MadeColumn::len);
    let mut text = String::with_capacity(n_rows * columns.len() * 12);
    for row_idx in 0..n_rows {
        for (idx, column) in columns.iter().enumerate() {
            if idx > 0 {
                text.push(',');
            }
            cell(&mut text, &column.cells, row_idx);
        }
        text.push('\n');
    }
    text
}

fn cell(text: &mut String, cells: &Cells, row_idx: usize) {
    let written = match cells {
        Cells::Id(values) if values[row_idx] != MISSING_ID => write!(text, "C{:08}", values[row_idx]),
        Cells::Time(values) | Cells::TimeText(values) => match values[row_idx] {
            UNREADABLE => write!(text, "{UNREADABLE_TEXT}"),
            time_us => write!(text, "{}", iso(Timestamp(time_us))),
        },
        Cells::Number(values) if !values[row_idx].is_nan() => write!(text, "{}", values[row_idx]),
        Cells::Level(codes, levels) => write!(text, "{}", level_text(codes[row_idx], levels).unwrap_or("")),
        Cells::Id(_) | Cells::Number(_) => Ok(()),
    };
    written.expect("writing to a string does not fail");
}

#[cfg(test)]
mod tests {
    use tenure_table::MISSING_CODE;

    use super::*;

    #[test]
    fn missing_values_are_empty_and_times_iso() {
        let columns = [
            MadeColumn::new("id", Cells::Id(vec![42, MISSING_ID])),
            MadeColumn::new("time", Cells::TimeText(vec![UNREADABLE, 1_000_000])),
            MadeColumn::new("amount", Cells::Number(vec![12.5, f64::NAN])),
            MadeColumn::levels("plan", vec![1, MISSING_CODE], &["a", "b"]),
        ];
        assert_eq!(header(&columns), "id,time,amount,plan\n");
        assert_eq!(rows(&columns), "C00000042,31/13/2023 25:61,12.5,b\n,1970-01-01T00:00:01Z,,\n");
    }
}
