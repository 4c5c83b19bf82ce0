//! Signing a bundle, and judging a signature.

use ed25519_compact::{PublicKey as Verifier, Signature};
use tenure_artifact::bundle::{Bundle, BundleError, attach_signature, reserve_signature, signed_message};

use crate::{KeyError, PublicKey, SigningKey};

/// Why there is no signature, or no verdict on one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SigningError {
    /// The file is not a whole bundle.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The key cannot be had.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// What a bundle's signature says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// There is none.
    Unsigned,
    /// The owner of this key has signed exactly these contents. Whose key it is must be known from elsewhere.
    Valid {
        /// The key.
        by: PublicKey,
    },
    /// The contents are not those that the owner of this key has signed, or were never signed by it.
    Invalid {
        /// The key that the bundle names.
        claims: PublicKey,
    },
}

/// The bundle with a signature by this key; one that it had before is replaced.
pub fn sign(file: &[u8], key: &SigningKey) -> Result<Vec<u8>, SigningError> {
    let reserved = reserve_signature(file, key.public_key().0)?;
    let signature = key.0.sk.sign(signed_message(&reserved)?, None);
    Ok(attach_signature(&reserved, *signature)?)
}

/// The verdict on a whole bundle's signature.
pub fn judge(file: &[u8]) -> Result<Verdict, SigningError> {
    let Some(found) = Bundle::read(file)?.signature else { return Ok(Verdict::Unsigned) };
    let by = PublicKey(found.public_key);
    let verified = Verifier::new(found.public_key).verify(signed_message(file)?, &Signature::new(found.signature));
    Ok(if verified.is_ok() { Verdict::Valid { by } } else { Verdict::Invalid { claims: by } })
}

#[cfg(test)]
mod tests {
    use tenure_artifact::bundle::{Answer, Centroids, digest};
    use tenure_artifact::{Encoder, InputColumn};

    use super::*;

    fn bundle() -> Vec<u8> {
        Bundle {
            inputs: vec![InputColumn::new("phone", Encoder::Presence)],
            network: None,
            answer: Answer::Segment(Centroids::new(&[0.0, 1.0], 1)),
            thresholds: vec![],
            policy: tenure_artifact::bundle::Policy::default(),
            samples: vec![],
            metadata: vec![("name".into(), "two segments".into())],
            signature: None,
        }
        .to_bytes()
    }

    fn seal(file: &mut [u8]) {
        let sum = digest(&file[24..]).to_le_bytes();
        file[16..24].copy_from_slice(&sum);
    }

    #[test]
    fn a_signature_holds_for_its_bundle_alone() {
        let (ours, theirs) = (SigningKey::from_seed([1; 32]), SigningKey::from_seed([2; 32]));
        let signed = sign(&bundle(), &ours).expect("signed");
        assert_eq!(judge(&signed), Ok(Verdict::Valid { by: ours.public_key() }));
        assert_eq!(sign(&signed, &ours).as_deref(), Ok(signed.as_slice()), "the same key gives the same bytes");
        let again = sign(&signed, &theirs).expect("signed again");
        assert_eq!(judge(&again), Ok(Verdict::Valid { by: theirs.public_key() }));
    }

    /// Whoever changes a byte and recomputes the digest gets past the digest, and not past the signature.
    #[test]
    fn no_byte_of_the_contents_can_be_changed() {
        let signed = sign(&bundle(), &SigningKey::from_seed([3; 32])).expect("signed");
        let mut n_read = 0;
        for at in 32..signed.len() {
            let mut forged = signed.clone();
            forged[at] ^= 0x20;
            seal(&mut forged);
            // Most changes are not even read; what is read is not believed.
            if let Ok(verdict) = judge(&forged) {
                n_read += 1;
                assert!(matches!(verdict, Verdict::Invalid { .. }), "byte {at}: {verdict:?}");
            }
        }
        assert!(n_read > 100, "{n_read}");
    }

    #[test]
    fn another_key_in_the_same_room_is_not_believed() {
        let signed = sign(&bundle(), &SigningKey::from_seed([4; 32])).expect("signed");
        let thief = SigningKey::from_seed([5; 32]).public_key();
        let mut forged = signed.clone();
        let at = forged.len() - 96;
        forged[at..at + 32].copy_from_slice(&thief.0);
        seal(&mut forged);
        assert_eq!(judge(&forged), Ok(Verdict::Invalid { claims: thief }));
    }

    #[test]
    fn unsigned_cut_and_damaged_bundles_are_told_apart() {
        let file = bundle();
        assert_eq!(judge(&file), Ok(Verdict::Unsigned));
        let signed = sign(&file, &SigningKey::from_seed([6; 32])).expect("signed");
        for length in 0..signed.len() {
            assert!(judge(&signed[..length]).is_err(), "{length} bytes");
        }
        let mut damaged = signed;
        damaged[100] ^= 1;
        assert!(matches!(judge(&damaged), Err(SigningError::Bundle(BundleError::Digest { .. }))));
        assert!(sign(&damaged, &SigningKey::from_seed([6; 32])).is_err());
    }
}
