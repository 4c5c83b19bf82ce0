//! Keys and the files that hold them.

use std::fmt;

use ed25519_compact::{KeyPair, SecretKey, Seed};

/// The half of a key that signs. Whoever has it can vouch in its owner's name.
#[derive(Clone)]
pub struct SigningKey(pub(crate) KeyPair);

/// The half of a key that checks signatures. Not secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(pub(crate) [u8; 32]);

/// A key that cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The text is not a key of this kind.
    #[error("expected an Ed25519 {expected} key in PEM (`-----BEGIN {label}-----`), found {found}")]
    NotAKey {
        /// `private` or `public`.
        expected: &'static str,
        /// The label of its first line.
        label: &'static str,
        /// What stands there instead.
        found: &'static str,
    },
    /// The operating system gives no randomness.
    #[error("the operating system gives no randomness: {reason}")]
    Randomness {
        /// What it says.
        reason: String,
    },
}

const PRIVATE: &str = "PRIVATE KEY";
const PUBLIC: &str = "PUBLIC KEY";

impl SigningKey {
    /// A new key from the operating system's randomness.
    pub fn generate() -> Result<Self, KeyError> {
        let mut seed = [0; Seed::BYTES];
        getrandom::fill(&mut seed).map_err(|error| KeyError::Randomness { reason: error.to_string() })?;
        Ok(Self::from_seed(seed))
    }

    /// The key of a seed: for tests, and for keys that are kept elsewhere.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(KeyPair::from_seed(Seed::new(seed)))
    }

    /// The key in a PEM file's text.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let refused = || not_a_key("private", PRIVATE, text);
        let secret = SecretKey::from_pem(text.trim()).ok().ok_or_else(refused)?;
        Ok(Self(KeyPair { pk: secret.public_key(), sk: secret }))
    }

    /// A PEM file's text. Secret.
    pub fn to_pem(&self) -> String {
        ended(self.0.sk.to_pem())
    }

    /// The half that others may know.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(*self.0.pk)
    }
}

impl PublicKey {
    /// The key in a PEM file's text.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let refused = || not_a_key("public", PUBLIC, text);
        ed25519_compact::PublicKey::from_pem(text.trim()).ok().map(|key| Self(*key)).ok_or_else(refused)
    }

    /// A PEM file's text.
    pub fn to_pem(&self) -> String {
        ended(ed25519_compact::PublicKey::new(self.0).to_pem())
    }
}

/// Its 32 bytes in hexadecimal.
impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

/// Without the secret.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(public: {})", self.public_key())
    }
}

fn ended(mut pem: String) -> String {
    if !pem.ends_with('\n') {
        pem.push('\n');
    }
    pem
}

/// What a text is that is no such key, without a word of the text: it may be a secret.
fn not_a_key(expected: &'static str, label: &'static str, text: &str) -> KeyError {
    let begins = |label: &str| text.trim_start().starts_with(&format!("-----BEGIN {label}-----"));
    let found = match () {
        () if text.trim().is_empty() => "an empty file",
        () if begins(label) => "a key of another kind, or a damaged one",
        () if begins(PRIVATE) => "a private key",
        () if begins(PUBLIC) => "a public key",
        () if begins("ENCRYPTED PRIVATE KEY") => "an encrypted key: decrypt it first (`openssl pkey`)",
        () if begins("OPENSSH PRIVATE KEY") => "a key of OpenSSH",
        () => "something else",
    };
    KeyError::NotAKey { expected, label, found }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8410, section 10.3 and 10.1: the example private key and its public half.
    const RFC_PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n-----END PRIVATE KEY-----\n";
    const RFC_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\n\
        MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";

    #[test]
    fn keys_of_the_standard_are_read_and_written() {
        let key = SigningKey::from_pem(RFC_PRIVATE).expect("the standard's key");
        let public = PublicKey::from_pem(RFC_PUBLIC).expect("the standard's key");
        assert_eq!(key.public_key(), public);
        assert_eq!(SigningKey::from_pem(&key.to_pem()).expect("written here").public_key(), public);
        assert_eq!(PublicKey::from_pem(&public.to_pem()), Ok(public));
        assert_eq!(public.to_string(), "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1");
    }

    #[test]
    fn what_is_not_a_key_is_named_and_not_shown() {
        let refused = |text: &str| SigningKey::from_pem(text).expect_err("not a private key").to_string();
        assert!(refused(RFC_PUBLIC).ends_with("found a public key"));
        assert!(refused("").ends_with("found an empty file"));
        assert!(refused("hunter2").ends_with("found something else"));
        let damaged = RFC_PRIVATE.replace("MC4CAQ", "MC4CAR");
        assert!(refused(&damaged).ends_with("a damaged one"));
        let swapped = PublicKey::from_pem(RFC_PRIVATE).expect_err("not a public key");
        assert!(swapped.to_string().ends_with("found a private key"));
        let key = SigningKey::from_pem(RFC_PRIVATE).expect("the standard's key");
        assert!(!format!("{key:?}").contains("d4ee72db"), "a secret stays one");
    }

    #[test]
    fn new_keys_differ() {
        let [one, two] = [(); 2].map(|()| SigningKey::generate().expect("randomness").public_key());
        assert_ne!(one, two);
    }
}
