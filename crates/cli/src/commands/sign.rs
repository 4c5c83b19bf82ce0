//! `tenure sign`: a bundle that says who vouches for it, and keys to do so.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::json;
use tenure_signing::{PublicKey, SigningKey, sign};

use super::bundle::read;
use crate::args;
use crate::failure::{Exit, Failure};
use crate::output::Output;
use crate::run_dir::write_whole;

/// Signs a bundle, or makes a key.
pub fn run(args: &args::Sign, output: Output) -> Result<Exit, Failure> {
    if let Some(path) = &args.new_key {
        return new_key(path, output);
    }
    let (Some(bundle), Some(key)) = (&args.bundle, &args.key) else {
        return Err(Failure::usage(
            "nothing to sign, or no key",
            "give a bundle and `--key FILE`, or `--new-key FILE`",
        ));
    };
    let key = SigningKey::from_pem(&text(key)?).map_err(|error| not_usable(key, &error))?;
    let signed = sign(&read(bundle)?, &key)?;
    let target = args.output.as_ref().unwrap_or(bundle);
    write_whole(target, &signed)?;
    let by = key.public_key().to_string();
    output.result(
        || format!("{}: signed by {by}, {} bytes\n", target.display(), signed.len()),
        || json!({ "bundle": target, "signed_by": by, "size_bytes": signed.len() }),
    );
    Ok(Exit::Done)
}

/// The public key in a file.
pub fn public_key(path: &Path) -> Result<PublicKey, Failure> {
    PublicKey::from_pem(&text(path)?).map_err(|error| not_usable(path, &error))
}

fn not_usable(path: &Path, error: &dyn std::error::Error) -> Failure {
    let hint = "`tenure sign --new-key FILE` makes a private key and, beside it, its public half `FILE.pub`";
    Failure::usage(format!("{}: {error}", path.display()), hint)
}

fn text(path: &Path) -> Result<String, Failure> {
    let hint = "give the PEM file of a key, as `tenure sign --new-key FILE` writes it";
    std::fs::read_to_string(path).map_err(|error| Failure::usage(format!("{}: {error}", path.display()), hint))
}

/// A key pair into two new files. A key that is there is never overwritten.
fn new_key(path: &Path, output: Output) -> Result<Exit, Failure> {
    let beside = beside(path);
    if let Some(taken) = [path, beside.as_path()].into_iter().find(|file| file.exists()) {
        let hint = "name another file: a lost key cannot be made again";
        return Err(Failure::usage(format!("{} is there already", taken.display()), hint));
    }
    let key = SigningKey::generate().map_err(|error| Failure::usage(error.to_string(), "try again"))?;
    create(path, &key.to_pem(), 0o600)?;
    create(&beside, &key.public_key().to_pem(), 0o644)?;
    let id = key.public_key().to_string();
    output.result(
        || {
            format!(
                "private key: {} (keep it secret, and a copy of it safe)\npublic key:  {} (give it to whoever verifies)\n\
                 {id}\n",
                path.display(),
                beside.display()
            )
        },
        || json!({ "private_key": path, "public_key": beside, "id": id }),
    );
    Ok(Exit::Done)
}

fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".pub");
    name.into()
}

/// A new file with these rights from its first byte on.
fn create(path: &Path, text: &str, mode: u32) -> Result<(), Failure> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let hint = "check that the folder is there and that you may write to it";
    let written = options.open(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| Failure::usage(format!("{}: {error}", path.display()), hint))
}
