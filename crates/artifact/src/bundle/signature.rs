//! Room for an Ed25519 signature; signing and verifying happen where a cryptographic library may be.
//!
//! A signed bundle ends in a section of 96 bytes: the public key (32) and the signature (64) over every byte of the file
//! before it except the first 32 (magic, version, digest, length, which the frame checks): [`signed_message`]. To sign: [`reserve_signature`], sign
//! [`signed_message`], [`attach_signature`].

use alloc::vec::Vec;

use super::contents::Bundle;
use super::error::BundleError;
use super::file::{Section, Sections, offset_of, seal};

/// Bytes of an Ed25519 signature.
pub const SIGNATURE_BYTES: usize = 64;
const KEY_BYTES: usize = 32;
/// The signed part begins behind magic, version, digest and length.
const SIGNED_FROM: usize = 32;

/// Who vouches for a bundle. Reading a bundle does not verify it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The Ed25519 public key.
    pub public_key: [u8; KEY_BYTES],
    /// The signature of [`signed_message`].
    pub signature: [u8; SIGNATURE_BYTES],
}

/// The same bundle with room for a signature by this key, to be filled by [`attach_signature`].
pub fn reserve_signature(file: &[u8], public_key: [u8; KEY_BYTES]) -> Result<Vec<u8>, BundleError> {
    let mut bundle = Bundle::read(file)?;
    bundle.signature = Some(Signature { public_key, signature: [0; SIGNATURE_BYTES] });
    Ok(bundle.to_bytes())
}

/// What is signed: the bytes from the header's section count up to the signature itself, the public key among them.
pub fn signed_message(file: &[u8]) -> Result<&[u8], BundleError> {
    Sections::check(file)?.get(Section::Signature)?;
    let start = offset_of(file, Section::Signature).ok_or(BundleError::Missing { section: Section::Signature })?;
    Ok(&file[SIGNED_FROM..start + KEY_BYTES])
}

/// The bundle with this signature in its room.
pub fn attach_signature(file: &[u8], signature: [u8; SIGNATURE_BYTES]) -> Result<Vec<u8>, BundleError> {
    let end = SIGNED_FROM + signed_message(file)?.len();
    let mut signed = Vec::from(file);
    signed[end..end + SIGNATURE_BYTES].copy_from_slice(&signature);
    seal(&mut signed);
    Ok(signed)
}

pub(super) fn write(signature: &Signature) -> Vec<u8> {
    [&signature.public_key[..], &signature.signature[..]].concat()
}

pub(super) fn read(bytes: &[u8]) -> Result<Signature, BundleError> {
    let wrong = BundleError::Invalid {
        section: Section::Signature,
        offset: 0,
        expected: "a key of 32 and a signature of 64 bytes",
        found: bytes.len() as u64,
    };
    let (key, signature) = bytes.split_first_chunk().ok_or(wrong)?;
    let (signature, rest) = signature.split_first_chunk().ok_or(wrong)?;
    if rest.is_empty() { Ok(Signature { public_key: *key, signature: *signature }) } else { Err(wrong) }
}
