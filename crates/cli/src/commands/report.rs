//! `tenure report`: a run's pages again, from its `report.json`.

use serde_json::json;
use tenure_config::Task;
use tenure_report::segments::{self, SegmentResults};
use tenure_report::value;
use tenure_report::{RunResults, read_json, render_card, render_html};

use crate::args;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::run_dir::RunDir;

/// The results that a complete run left.
pub fn results(dir: &RunDir) -> Result<RunResults, Failure> {
    Ok(read_json(&dir.read("report.json")?)?)
}

/// The results that a complete run of segments left.
pub fn segment_results(dir: &RunDir) -> Result<SegmentResults, Failure> {
    Ok(segments::read_json(&dir.read("report.json")?)?)
}

/// Writes `report.html` and `model_card.md` again.
pub fn write(args: &args::Report, output: Output) -> Result<Exit, Failure> {
    let dir = RunDir::open_complete(&args.run)?;
    if dir.task()? == Task::Churn.name() {
        let results = results(&dir)?;
        dir.write("report.html", render_html(&results)?.as_bytes())?;
        dir.write("model_card.md", render_card(&results)?.as_bytes())?;
    } else if dir.task()? == Task::Segments.name() {
        let results = segment_results(&dir)?;
        dir.write("report.html", segments::render_html(&results)?.as_bytes())?;
        dir.write("model_card.md", segments::render_card(&results)?.as_bytes())?;
    } else {
        let results = value::read_json(&dir.read("report.json")?)?;
        dir.write("report.html", value::render_html(&results)?.as_bytes())?;
        dir.write("model_card.md", value::render_card(&results)?.as_bytes())?;
    }
    let (page, card) = (dir.file("report.html"), dir.file("model_card.md"));
    output.result(
        || format!("{}\n{}\n", page.display(), card.display()),
        || json!({ "report": page, "model_card": card }),
    );
    Ok(Exit::Done)
}
