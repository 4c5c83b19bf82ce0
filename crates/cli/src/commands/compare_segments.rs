//! `tenure compare` of runs that made segments: do they put the same customers together?

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use comfy_table::{Table, presets};
use serde_json::{Value, json};
use tenure_data::{Segmented, read_segments};
use tenure_evaluate::adjusted_rand;
use tenure_report::segments::SegmentResults;
use tenure_segments::SegmentError;

use super::report::segment_results;
use crate::args;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::run_dir::RunDir;

/// One run beside the first.
struct Side {
    path: PathBuf,
    results: SegmentResults,
    /// Customers of both runs, and the adjusted Rand index over them; none for the first run itself.
    against_first: Option<(usize, f64)>,
}

/// Compares each run with the first.
pub fn show(args: &args::Compare, output: Output) -> Result<Exit, Failure> {
    if args.html.is_some() {
        return Err(Failure::usage(
            "runs of segments have no page of their comparison",
            "leave --html out; the table and --json hold every figure",
        ));
    }
    let mut sides: Vec<Side> = Vec::new();
    let mut first: Option<Segmented> = None;
    for path in &args.runs {
        let dir = RunDir::open_complete(path)?;
        let rows = read_segments(&dir.file("segments.parquet"))?;
        let against_first = first.as_ref().map(|first| agreement(first, &rows, path)).transpose()?;
        sides.push(Side { path: path.clone(), results: segment_results(&dir)?, against_first });
        first.get_or_insert(rows);
    }
    output.result(|| text(&sides), || Value::Array(sides.iter().map(Side::json).collect()));
    Ok(Exit::Done)
}

/// The adjusted Rand index over customers that both runs have.
fn agreement(first: &Segmented, other: &Segmented, path: &Path) -> Result<(usize, f64), Failure> {
    let known: HashMap<&str, u32> = first.id.iter().map(String::as_str).zip(first.segment.iter().copied()).collect();
    let both =
        other.id.iter().zip(&other.segment).filter_map(|(id, &segment)| Some((*known.get(id.as_str())?, segment)));
    let (a, b): (Vec<u32>, Vec<u32>) = both.unzip();
    if a.is_empty() {
        return Err(Failure::usage(
            format!("{}: none of its customers is in the first run", path.display()),
            "compare runs over the same customers, with the same `data.id_key_file`",
        ));
    }
    Ok((a.len(), adjusted_rand(&a, &b).map_err(SegmentError::from)?))
}

impl Side {
    fn json(&self) -> Value {
        let candidate = self.results.choice.candidate();
        json!({
            "run": self.path,
            "k": self.results.choice.k,
            "n_customers": self.results.n_customers,
            "silhouette": candidate.silhouette,
            "stability": candidate.stability.as_ref().map(|stability| stability.mean),
            "against_first": self.against_first.map(|(n, index)| json!({ "n_customers": n, "adjusted_rand": index })),
        })
    }
}

fn text(sides: &[Side]) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_header(["run", "segments", "customers", "silhouette", "stability", "adjusted Rand index with the first"]);
    for side in sides {
        let candidate = side.results.choice.candidate();
        let optional = |value: Option<f64>| value.map_or("–".to_owned(), |value| format!("{value:.3}"));
        let against = side.against_first.map_or("the run that others are compared with".to_owned(), |(n, index)| {
            format!("{index:.3} over {n} customers of both")
        });
        table.add_row([
            side.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            side.results.choice.k.to_string(),
            side.results.n_customers.to_string(),
            optional(candidate.silhouette),
            optional(candidate.stability.as_ref().map(|stability| stability.mean)),
            against,
        ]);
    }
    format!("{table}\n")
}
