//! Who vouches for a bundle: keys made, bundles signed, verified and refused, as a user does it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tenure_artifact::bundle::digest;

use crate::tenure::{root, run, succeed};

/// A folder with a bundle and a key pair.
struct Desk(tempfile::TempDir);

impl Desk {
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().expect("a temporary folder"));
        let golden = root().join("crates/edge/tests/golden/v1-churn-8.tenure");
        fs::copy(golden, desk.path("b.tenure")).expect("the golden bundle");
        succeed(["sign".as_ref(), "--new-key".as_ref(), desk.path("mine.pem").as_os_str()]);
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs a verb on files of this folder; what does not name a file here stays as it is.
    fn run(&self, words: &[&str]) -> crate::tenure::Done {
        let is_file = |word: &&str| word.contains('.');
        run(words.iter().map(|word| if is_file(word) { self.path(word).display().to_string() } else { (*word).into() }))
    }

    fn sign(&self) {
        let done = self.run(&["sign", "b.tenure", "--key", "mine.pem", "-o", "s.tenure"]);
        assert_eq!(done.code, 0, "{}", done.stderr);
    }
}

#[test]
fn a_signed_bundle_verifies_with_its_key_and_scores_as_before() {
    let desk = Desk::new();
    desk.sign();
    let done = desk.run(&["verify", "s.tenure", "--public-key", "mine.pem.pub"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(done.stdout.contains(": valid, the key that was given"), "{}", done.stdout);
    let by = |verb: &str, file: &str| -> Value {
        serde_json::from_str::<Value>(&desk.run(&[verb, file, "--json"]).stdout).expect("JSON")["signature"].clone()
    };
    let (unsigned, verified) = (by("verify", "b.tenure"), by("verify", "s.tenure"));
    assert_eq!(unsigned, Value::Null);
    assert_eq!(verified["valid"], true);
    assert_eq!(by("inspect", "s.tenure"), verified);
    assert!(desk.run(&["inspect", "b.tenure"]).stdout.contains("not signed"));
    // In place, and again with another key.
    assert_eq!(desk.run(&["sign", "--new-key", "other.pem"]).code, 0);
    assert_eq!(desk.run(&["sign", "s.tenure", "--key", "other.pem"]).code, 0);
    assert_ne!(by("verify", "s.tenure"), verified);
}

#[cfg(unix)]
#[test]
fn a_private_key_is_its_owner_s_alone_and_never_overwritten() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new();
    let mode = |name: &str| fs::metadata(desk.path(name)).expect("the key").permissions().mode() & 0o777;
    assert_eq!((mode("mine.pem"), mode("mine.pem.pub") & 0o077 & !0o044), (0o600, 0));
    let before = fs::read(desk.path("mine.pem")).unwrap();
    let done = desk.run(&["sign", "--new-key", "mine.pem"]);
    assert_eq!((done.code, done.stderr.contains("is there already")), (2, true), "{}", done.stderr);
    assert_eq!(fs::read(desk.path("mine.pem")).unwrap(), before);
}

#[test]
fn what_does_not_hold_is_refused_with_its_reason() {
    let desk = Desk::new();
    desk.sign();
    assert_eq!(desk.run(&["sign", "--new-key", "other.pem"]).code, 0);
    forge(&desk.path("s.tenure"), &desk.path("forged.tenure"));
    let cut = fs::read(desk.path("s.tenure")).unwrap();
    fs::write(desk.path("cut.tenure"), &cut[..cut.len() - 10]).unwrap();
    let cases = [
        (vec!["verify", "s.tenure", "--public-key", "other.pem.pub"], 5, "found a valid one by"),
        (vec!["verify", "b.tenure", "--public-key", "mine.pem.pub"], 5, "found none"),
        (vec!["verify", "forged.tenure"], 5, "the signature does not hold"),
        (vec!["verify", "cut.tenure"], 5, "cut short"),
        (vec!["verify", "s.tenure", "--public-key", "mine.pem"], 2, "found a private key"),
        (vec!["verify", "s.tenure", "--public-key", "none.pem"], 2, "none.pem"),
        (vec!["sign", "b.tenure", "--key", "mine.pem.pub"], 2, "found a public key"),
        (vec!["sign", "b.tenure", "--key", "b.tenure"], 2, "b.tenure"),
        (vec!["sign", "mine.pem", "--key", "mine.pem"], 5, "not a Tenure bundle"),
        (vec!["sign", "b.tenure"], 2, "--key"),
    ];
    for (words, code, says) in cases {
        let done = desk.run(&words);
        assert_eq!(done.code, code, "{words:?}: {}", done.stderr);
        assert!(done.stderr.contains(says), "{words:?}: {}", done.stderr);
    }
    let said = desk.run(&["inspect", "forged.tenure"]).stdout;
    assert!(said.contains("NOT VALID"), "{said}");
}

/// A changed threshold under a right digest: what a forger would write.
fn forge(from: &Path, to: &Path) {
    let mut file = fs::read(from).expect("a bundle");
    let at =
        file.windows(8).position(|bytes| bytes == 0.31_f64.to_le_bytes()).expect("the threshold of the golden file");
    file[at..at + 8].copy_from_slice(&0.99_f64.to_le_bytes());
    let sum = digest(&file[24..]).to_le_bytes();
    file[16..24].copy_from_slice(&sum);
    fs::write(to, file).expect("written");
}
