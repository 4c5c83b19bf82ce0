//! A model that owns its bundle's bytes, for callers that cannot borrow.
#![allow(unsafe_code)]

use alloc::boxed::Box;
use alloc::vec;
use core::ptr::NonNull;

use tenure_artifact::bundle::BundleError;

use crate::{Model, Workspace};

/// A cache line: weights lie where vectors load fastest.
#[repr(align(64))]
#[derive(Clone, Copy)]
struct Line([u8; 64]);

/// A model with its bytes and a workspace.
pub(crate) struct Owned {
    // Fields are dropped in this order: the model before the bytes that it borrows.
    pub(crate) model: Model<'static>,
    pub(crate) workspace: Workspace,
    _bytes: Bytes,
}

struct Bytes(NonNull<[Line]>);

impl Drop for Bytes {
    fn drop(&mut self) {
        // SAFETY: the pointer came from `Box::into_raw` in `Owned::load` and is freed once, here.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

impl Owned {
    /// A model of a copy of this file.
    pub(crate) fn load(file: &[u8]) -> Result<Self, BundleError> {
        let mut lines = vec![Line([0; 64]); file.len().div_ceil(64)].into_boxed_slice();
        for (line, chunk) in lines.iter_mut().zip(file.chunks(64)) {
            line.0[..chunk.len()].copy_from_slice(chunk);
        }
        let lines = NonNull::from(Box::leak(lines));
        let bytes = Bytes(lines);
        // SAFETY: the lines hold `file.len()` bytes without padding, nothing writes to them, and they are freed after the
        // model, which never leaves this structure.
        let file: &'static [u8] = unsafe { core::slice::from_raw_parts(lines.as_ptr().cast::<u8>(), file.len()) };
        let model = Model::from_bytes(file)?;
        let workspace = Workspace::new(&model);
        Ok(Self { model, workspace, _bytes: bytes })
    }
}
