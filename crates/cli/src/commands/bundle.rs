//! `tenure inspect` and `tenure verify`: what a bundle holds, and whether it is whole.

use std::path::Path;

use serde_json::{Map, Value, json};
use tenure_artifact::bundle::{Action, Bundle, Cell, Description, Sample};
use tenure_edge::{Kernel, Model, Workspace};
use tenure_signing::{PublicKey, Verdict, judge};

use super::sign::public_key;
use crate::args;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::run_dir::RunDirError;

/// The bytes of a bundle.
pub fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let io = |source| RunDirError::Io { path: path.to_path_buf(), source };
    Ok(std::fs::read(path).map_err(io)?)
}

/// Shows what a bundle holds.
pub fn inspect(args: &args::Bundle, output: Output) -> Result<Exit, Failure> {
    let file = read(&args.bundle)?;
    let found = Bundle::describe(&file)?;
    let signature = judge(&file)?;
    let samples = if args.samples { samples(&file)? } else { Vec::new() };
    output.result(
        || samples.iter().fold(text(&found, signature), |text, sample| text + &format!("{sample}\n")),
        || {
            let mut summary = summary(&found, signature);
            if args.samples {
                summary["sample_rows"] = Value::Array(samples.clone());
            }
            summary
        },
    );
    Ok(Exit::Done)
}

/// Sample rows with their expected scores; what is missing or not finite is null.
fn samples(file: &[u8]) -> Result<Vec<Value>, Failure> {
    let bundle = Bundle::read(file)?;
    let cell = |cell: &Cell| match cell {
        Cell::Missing => Value::Null,
        Cell::Number(number) => json!(number),
        Cell::Level(name) => json!(name),
    };
    let row = |sample: &Sample| -> Map<String, Value> {
        bundle.inputs.iter().map(|input| input.name.clone()).zip(sample.cells.iter().map(cell)).collect()
    };
    Ok(bundle.samples.iter().map(|sample| json!({ "row": row(sample), "expected": sample.expected })).collect())
}

/// Checks digest, signature, and sample rows on every kernel of this processor.
pub fn verify(args: &args::Verify, output: Output) -> Result<Exit, Failure> {
    let wanted = args.public_key.as_deref().map(public_key).transpose()?;
    let file = read(&args.bundle)?;
    let verdict = judge(&file)?;
    check_signature(&args.bundle, verdict, wanted)?;
    let kernels: Vec<Kernel> = Kernel::available().collect();
    let mut n_samples = 0;
    for &kernel in &kernels {
        let model = Model::from_bytes(&file)?.with_kernel(kernel).expect("an available kernel");
        n_samples = model.samples().len();
        model.verify(&mut Workspace::new(&model)).map_err(|error| {
            let message = format!("{}: kernel `{}`: {error}", args.bundle.display(), kernel.name());
            Failure::integrity(message, "the bundle was made by other arithmetic; make it again with `tenure compress`")
        })?;
    }
    let names: Vec<&str> = kernels.iter().map(|kernel| kernel.name()).collect();
    let digest = format!("{:016x}", Bundle::describe(&file)?.digest);
    output.result(
        || {
            let samples = format!("{n_samples} sample rows give the same bits on {}", names.join(", "));
            format!("digest {digest}; {samples}\n{}{}\n", spelled(verdict), trusted(verdict, wanted))
        },
        || {
            json!({
                "bundle": args.bundle, "digest": digest, "samples": n_samples, "kernels": names,
                "signature": signature_json(verdict), "key_given": wanted.is_some(),
            })
        },
    );
    Ok(Exit::Done)
}

/// A signature that is there must hold; where a key is wanted it must be there, and by that key.
fn check_signature(bundle: &Path, verdict: Verdict, wanted: Option<PublicKey>) -> Result<(), Failure> {
    let (found, hint) = match (verdict, wanted) {
        (Verdict::Invalid { claims }, _) => (
            format!(
                "the signature does not hold: the bundle was changed after {claims} signed it, or never signed by it"
            ),
            "get the bundle again from whoever made it; do not score with this one",
        ),
        (Verdict::Unsigned, Some(wanted)) => (
            format!("expected a signature by {wanted}, found none"),
            "`tenure sign BUNDLE --key FILE` signs it; without `--public-key` an unsigned bundle is accepted",
        ),
        (Verdict::Valid { by }, Some(wanted)) if by != wanted => (
            format!("expected a signature by {wanted}, found a valid one by {by}"),
            "another key has signed it: ask its maker for the right public key, or do not trust it",
        ),
        _ => return Ok(()),
    };
    Err(Failure::integrity(format!("{}: {found}", bundle.display()), hint))
}

fn spelled(verdict: Verdict) -> String {
    match verdict {
        Verdict::Unsigned => "not signed".into(),
        Verdict::Valid { by } => format!("signed by {by}: valid"),
        Verdict::Invalid { claims } => format!("signed by {claims}: NOT VALID"),
    }
}

/// What the verdict is worth.
fn trusted(verdict: Verdict, wanted: Option<PublicKey>) -> &'static str {
    match (verdict, wanted) {
        (Verdict::Valid { .. }, None) => " (whose key that is, `--public-key FILE` can tell)",
        (Verdict::Valid { .. }, Some(_)) => ", the key that was given",
        _ => "",
    }
}

fn signature_json(verdict: Verdict) -> Value {
    let (is_valid, by) = match verdict {
        Verdict::Unsigned => return Value::Null,
        Verdict::Valid { by } => (true, by),
        Verdict::Invalid { claims } => (false, claims),
    };
    json!({ "by": by.to_string(), "valid": is_valid })
}

fn text(found: &Description, signature: Verdict) -> String {
    let mut lines = vec![format!(
        "{} bundle, format {}, {} bytes, digest {:016x}",
        found.task, found.version, found.size_bytes, found.digest
    )];
    lines.push(spelled(signature));
    for (n_in, n_out, precision) in &found.layers {
        lines.push(format!("layer    {n_in} x {n_out}, {precision}"));
    }
    if let Some(forecast) = &found.forecast {
        lines.push(format!("value    the network's ratio times {forecast}"));
    }
    for (name, kind) in &found.inputs {
        lines.push(format!("input    {name}: {kind}"));
    }
    for threshold in &found.thresholds {
        lines.push(format!("threshold {}: {:.6}", threshold.name, threshold.at));
    }
    let policy = [
        ("missing", found.policy.missing),
        ("unseen", found.policy.unseen),
        ("out of range", found.policy.out_of_range),
    ];
    let policy = policy.map(|(what, action)| format!("{what}: {}", action_name(action)));
    lines.push(format!("policy   {}", policy.join(", ")));
    lines.push(format!("samples  {}", found.n_samples));
    lines.extend(found.metadata.iter().map(|(name, value)| format!("{name:8} {value}")));
    let sections = found.sections.iter().map(|s| format!("{} {}", s.section.name(), s.size_bytes));
    lines.push(format!("bytes    {}", sections.collect::<Vec<_>>().join(", ")));
    lines.push(String::new());
    lines.join("\n")
}

const fn action_name(action: Action) -> &'static str {
    match action {
        Action::Score => "score",
        Action::Refuse => "refuse",
    }
}

fn summary(found: &Description, signature: Verdict) -> Value {
    json!({
        "format": found.version,
        "size_bytes": found.size_bytes,
        "digest": format!("{:016x}", found.digest),
        "task": found.task,
        "forecast": found.forecast,
        "inputs": found.inputs.iter().map(|(name, kind)| json!({ "name": name, "encoder": kind })).collect::<Vec<_>>(),
        "members": found.n_members,
        "layers": found.layers.iter()
            .map(|(n_in, n_out, precision)| json!({ "inputs": n_in, "outputs": n_out, "precision": precision }))
            .collect::<Vec<_>>(),
        "thresholds": found.thresholds.iter().map(|t| json!({ "name": t.name, "at": t.at })).collect::<Vec<_>>(),
        "policy": {
            "missing": action_name(found.policy.missing),
            "unseen": action_name(found.policy.unseen),
            "out_of_range": action_name(found.policy.out_of_range),
        },
        "samples": found.n_samples,
        "signed": found.is_signed,
        "signature": signature_json(signature),
        "metadata": found.metadata.iter().map(|(k, v)| (k.clone(), json!(v))).collect::<serde_json::Map<_, _>>(),
    })
}
