//! What the run read, and how rows were set apart.

use crate::date;
use crate::document::{Block, Section};
use crate::escape::shorten;
use crate::figure::DataTable;
use crate::number::{bytes, count, percent1};
use crate::plot;
use crate::results::{DataFacts, RunResults};

/// Characters of a digest that are shown.
const DIGEST: usize = 24;

/// Cutoffs and cohorts, where there is time.
pub(crate) fn time(results: &RunResults) -> Section {
    let mut section = Section::new("time", "Time");
    let timeline = results.timeline.as_ref();
    section.figures.extend(timeline.and_then(plot::timeline::figure));
    let confidence = results.evaluation.confidence();
    section.figures.extend(timeline.and_then(|timeline| plot::timeline::rates(timeline, confidence)));
    section.figures.extend(results.retention.as_ref().and_then(plot::retention::figure));
    section
}

/// Files, rows read and dropped, columns.
pub(crate) fn data(results: &RunResults) -> Section {
    let data = &results.data;
    let mut section = Section::new("data", "Data");
    section.lead.push(format!(
        "{} rows read, {} kept; {} examples, {} of them churned.",
        count(data.n_rows_read),
        count(data.n_rows_kept),
        count(data.n_examples),
        percent1(data.n_positive as f64 / data.n_examples.max(1) as f64)
    ));
    if let Some((first, last)) = data.time_range {
        section.lead.push(format!("Events from {} to {}.", date::day(first), date::day(last)));
    }
    section.lead.extend(data.notes.iter().cloned());
    section.blocks = blocks(data);
    section
}

/// Rows dropped, files, columns.
pub(crate) fn blocks(data: &DataFacts) -> Vec<Block> {
    vec![dropped(data), files(data), columns(data)]
}

fn dropped(data: &DataFacts) -> Block {
    let mut table = DataTable::new(1, &["rows", "number", "share of rows read"]);
    let share = |n_rows: u64| percent1(n_rows as f64 / data.n_rows_read.max(1) as f64);
    for dropped in &data.dropped {
        table.push(vec![format!("dropped: {}", dropped.reason), count(dropped.n_rows), share(dropped.n_rows)]);
    }
    table.push(vec!["kept".to_owned(), count(data.n_rows_kept), share(data.n_rows_kept)]);
    Block {
        title: "Validation".to_owned(),
        note: data.rejected_file.as_ref().map_or(String::new(), |file| format!("The dropped rows are in {file}.")),
        table,
        folded: false,
    }
}

fn files(data: &DataFacts) -> Block {
    let mut table = DataTable::new(2, &["file", "digest", "size", "rows"]);
    for file in &data.files {
        let n_rows = file.n_rows.map_or("–".to_owned(), count);
        table.push(vec![file.path.clone(), shorten(&file.digest, DIGEST), bytes(file.size_bytes), n_rows]);
    }
    Block {
        title: "Files".to_owned(),
        note: "Whole digests are in data.lock.json and report.json.".to_owned(),
        table,
        folded: data.files.len() > 8,
    }
}

fn columns(data: &DataFacts) -> Block {
    let mut table = DataTable::new(4, &["column", "role", "enters as", "origin", "missing"]);
    for column in &data.columns {
        let encoding = if column.encoding.is_empty() { "–".to_owned() } else { column.encoding.clone() };
        let role = column.role.to_string();
        table.push(vec![column.name.clone(), role, encoding, column.origin.clone(), percent1(column.missing_share)]);
    }
    Block {
        title: format!("Columns ({})", data.columns.len()),
        note: "Only category and numeric columns are features; sensitive columns are kept for slices alone.".to_owned(),
        table,
        folded: true,
    }
}
