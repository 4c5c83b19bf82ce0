//! A bundle and a key into a signed bundle, and a signed bundle into a verdict.
//!
//! Signatures are Ed25519 (RFC 8032) over [`tenure_artifact::bundle::signed_message`]: every byte of the file but magic,
//! version, digest and length, which the reader checks, and the signature itself. The public key travels in the bundle,
//! so that a verdict needs nothing else; whose key it is, only a copy that came another way can tell ([`Verdict`]).
//!
//! # Key files
//! PEM as OpenSSL writes it (RFC 8410). Private: `-----BEGIN PRIVATE KEY-----`, base64 of the 48 bytes of a PKCS#8
//! structure with a 32-byte seed. Public: `-----BEGIN PUBLIC KEY-----`, base64 of the 44 bytes of a
//! `SubjectPublicKeyInfo`. So `openssl genpkey -algorithm ed25519` makes a key that signs here, and
//! `openssl pkey -pubout` its public half.
//!
//! # Example
//! ```
//! # use tenure_artifact::bundle::{Answer, Bundle, Layer, Network};
//! # use tenure_artifact::{Calibration, Encoder, InputColumn, Magnitude, Scale};
//! use tenure_signing::{SigningKey, Verdict, judge, sign};
//!
//! # let scale = Scale::Robust { median: 20.0, width: 10.0 };
//! # let spend = Encoder::Magnitude(Magnitude { scale, min: 0.0, max: 90.0, missing_indicator: false });
//! # let network = Network {
//! #     n_inputs: 1, category_width: 0, category_table: Default::default(), input_steps: Default::default(),
//! #     n_members: 1, layers: vec![Layer::dense(&[0.7], &[-1.0], None)],
//! # };
//! # let bundle = Bundle {
//! #     inputs: vec![InputColumn::new("spend", spend)], network: Some(network),
//! #     answer: Answer::Churn { calibration: Calibration::Identity },
//! #     thresholds: vec![], policy: Default::default(), samples: vec![], metadata: vec![], signature: None,
//! # };
//! # let file = bundle.to_bytes();
//! let key = SigningKey::generate()?;
//! assert_eq!(judge(&file)?, Verdict::Unsigned);
//! let signed = sign(&file, &key)?;
//! assert_eq!(judge(&signed)?, Verdict::Valid { by: key.public_key() });
//! # Ok::<(), tenure_signing::SigningError>(())
//! ```

mod key;
mod signature;

pub use key::{KeyError, PublicKey, SigningKey};
pub use signature::{SigningError, Verdict, judge, sign};
