//! `tenure compress`: a finished run into one small file.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tenure_compress::{Compressed, CompressedSegments};
use tenure_config::{Overrides, Resolved, Task, resolve};

use crate::args;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::progress::Progress;
use crate::run_dir::{RunDir, write_whole};
use crate::stages::compress;

/// The name of a run's bundle.
pub const BUNDLE: &str = "bundle.tenure";

/// The page beside `compress.json`.
const PAGE: &str = "compress.html";

/// Compresses the run that the user names.
pub fn run(args: &args::Compress, output: Output, progress: &mut Progress) -> Result<Exit, Failure> {
    let dir = RunDir::open_complete(&args.run)?;
    let resolved = resolve(&dir.file(RunDir::LOCK), &Overrides { set: args.set.clone() })?;
    let Some(fold_idx) = args.fold.checked_sub(1) else {
        return Err(Failure::usage("there is no fold 0", "folds count from 1"));
    };
    let target = args.output.clone().unwrap_or_else(|| dir.file(BUNDLE));
    of_run(&dir, &resolved, fold_idx, &target, output, progress)
}

/// Compresses a complete run: `compress.json` tells what was measured, and the bundle is written when its gates pass.
pub fn of_run(
    dir: &RunDir,
    resolved: &Resolved,
    fold_idx: usize,
    target: &Path,
    output: Output,
    progress: &mut Progress,
) -> Result<Exit, Failure> {
    let made = match resolved.plan.experiment.task {
        Task::Segments => Made::segments(&compress::compressed_segments(dir, resolved, progress)?, target),
        _ => Made::network(&compress::compressed(dir, resolved, fold_idx, progress)?, dir, target)?,
    };
    dir.write_json("compress.json", &made.measured)?;
    if let Some(page) = &made.page {
        dir.write(PAGE, page.as_bytes())?;
    }
    if made.passed {
        write_whole(target, &made.file)?;
    }
    output.result(|| made.text, || summary(made.measured, made.passed.then_some(target)));
    Ok(if made.passed { Exit::Done } else { Exit::Gate })
}

/// A bundle with what is told of it.
struct Made {
    file: Vec<u8>,
    passed: bool,
    text: String,
    measured: Value,
    /// For the run's folder; a bundle of segments has none.
    page: Option<String>,
}

impl Made {
    fn network(made: &Compressed, dir: &RunDir, target: &Path) -> Result<Self, Failure> {
        let passed = made.passed();
        let mut text = compress::text(made, passed.then_some(target));
        text.push_str(&format!("page: {}\n", dir.file(PAGE).display()));
        let run = dir.path().file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let page = Some(compress::page(made, &run)?);
        Ok(Self { file: made.file.clone(), passed, text, measured: json!(made), page })
    }

    fn segments(made: &CompressedSegments, target: &Path) -> Self {
        let passed = made.passed();
        let text = compress::segments_text(made, passed.then_some(target));
        Self { file: made.file.clone(), passed, text, measured: json!(made), page: None }
    }
}

fn summary(mut measured: Value, place: Option<&Path>) -> Value {
    measured["bundle"] = json!(place.map(PathBuf::from));
    measured
}
