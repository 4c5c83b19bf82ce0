//! `tenure init`: a commented experiment file from a data file's own columns.

use std::path::Path;

use serde_json::json;

use crate::args;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::progress::Progress;
use crate::run_dir::write_whole;

/// Looks at the data and writes the file; `-` goes to stdout.
pub fn write(args: &args::Init, output: Output, progress: &mut Progress) -> Result<Exit, Failure> {
    let to_stdout = args.output == Path::new("-");
    if !to_stdout && args.output.exists() && !args.force {
        let message = format!("{}: the file is there already", args.output.display());
        return Err(Failure::usage(message, "give another name with -o, or --force to overwrite it"));
    }
    progress.begin("look at the data", None);
    let mut input = tenure_data::infer(&args.data)?;
    progress.end();
    if !to_stdout {
        input.file = relative(&args.data, &args.output);
    }
    let text = tenure_config::init::render(&input, args.task.into());
    if to_stdout {
        output.result(|| text.clone(), || json!({ "experiment": text }));
        return Ok(Exit::Done);
    }
    write_whole(&args.output, text.as_bytes())?;
    let file = args.output.display();
    output.result(
        || format!("{file}\nnext: tenure plan {file}\n"),
        || json!({ "file": args.output, "n_columns": input.columns.len() }),
    );
    Ok(Exit::Done)
}

/// The data's path as the experiment file must give it: relative to its own folder where both are relative.
fn relative(data: &Path, experiment: &Path) -> String {
    let folder = experiment.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        Some(_) => std::path::absolute(data).unwrap_or_else(|_| data.to_path_buf()).display().to_string(),
        None => data.display().to_string(),
    }
}
