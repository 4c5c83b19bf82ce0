//! `tenure export`: a bundle as other programs read it.

use std::path::{Path, PathBuf};

use serde_json::json;
use tenure_export::{header, onnx, onnx_int8, safetensors};

use super::bundle::read;
use crate::args::{self, ExportFormat};
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::run_dir::write_whole;

/// Writes a bundle in another format.
pub fn run(args: &args::Export, output: Output) -> Result<Exit, Failure> {
    let file = read(&args.bundle)?;
    let target = args.output.clone().unwrap_or_else(|| beside(&args.bundle, args.format));
    let bytes = match args.format {
        ExportFormat::Onnx => onnx(&file)?,
        ExportFormat::OnnxInt8 => onnx_int8(&file)?,
        ExportFormat::Safetensors => safetensors(&file)?,
        ExportFormat::Header => header(&file, &stem(&target))?.into_bytes(),
    };
    write_whole(&target, &bytes)?;
    output.result(
        || format!("{}: {} bytes\n", target.display(), bytes.len()),
        || json!({ "file": target, "size_bytes": bytes.len() }),
    );
    Ok(Exit::Done)
}

/// `bundle.tenure` → `bundle.onnx`
fn beside(bundle: &Path, format: ExportFormat) -> PathBuf {
    bundle.with_extension(match format {
        ExportFormat::Onnx | ExportFormat::OnnxInt8 => "onnx",
        ExportFormat::Safetensors => "safetensors",
        ExportFormat::Header => "h",
    })
}

fn stem(path: &Path) -> String {
    path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
}
