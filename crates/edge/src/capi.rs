//! The C interface: `include/tenure.h` documents it.
#![allow(unsafe_code)]
#![allow(clippy::missing_safety_doc, reason = "the header states what each pointer must be")]

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;
use core::ffi::{c_char, c_int};
use core::fmt::Display;
use core::{ptr, slice};

use tenure_artifact::RawValue;

use crate::owned::Owned;
use crate::{BatchError, Flags, Kernel, Prediction, Rows, ScoreError};

const OK: c_int = 0;
const BAD_BUNDLE: c_int = 1;
const BAD_ROW: c_int = 2;
const REFUSED: c_int = 3;
const BAD_ARGUMENT: c_int = 4;
const NOT_VERIFIED: c_int = 5;

const VALUE_NUMBER: u32 = 1;
const VALUE_LEVEL: u32 = 2;
/// Rows that a batch scores between two looks at the caller's memory.
const CHUNK: usize = 64;

/// A loaded bundle with everything that scoring writes.
pub struct Scorer {
    owned: Owned,
    predictions: Vec<Prediction>,
    /// One row; kept so that scoring allocates nothing.
    row: Vec<RawValue<'static>>,
}

/// `tenure_value`
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Value {
    /// 0 missing, 1 number, 2 level.
    pub kind: u32,
    /// Of a number.
    pub number: f32,
    /// Of a level.
    pub level: *const c_char,
    /// Bytes of the level.
    pub level_size: usize,
}

/// `tenure_prediction`
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// By task.
    pub values: [f64; 3],
    /// How many of them there are.
    pub n_values: u32,
    /// [`Flags`]
    pub flags: u32,
}

impl From<Prediction> for Answer {
    fn from(prediction: Prediction) -> Self {
        let (values, n) = prediction.score.values();
        Self { values, n_values: n as u32, flags: Flags::from(prediction.unusual).0 }
    }
}

/// Writes a message, cut to the room there is and terminated.
///
/// # Safety
/// `message` is null or points to `size` writable bytes.
unsafe fn tell(error: &dyn Display, message: *mut c_char, size: usize) {
    if message.is_null() || size == 0 {
        return;
    }
    let text = format!("{error}");
    let mut n = text.len().min(size - 1);
    while !text.is_char_boundary(n) {
        n -= 1;
    }
    // SAFETY: `n` is below `size`, and the text is longer than `n` or as long.
    unsafe {
        ptr::copy_nonoverlapping(text.as_ptr().cast(), message, n);
        *message.add(n) = 0;
    }
}

fn status(error: &ScoreError) -> c_int {
    if matches!(error, ScoreError::Refused { .. }) { REFUSED } else { BAD_ROW }
}

/// `tenure_load`
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenure_load(
    file: *const u8,
    file_size: usize,
    scorer: *mut *mut Scorer,
    message: *mut c_char,
    message_size: usize,
) -> c_int {
    if file.is_null() || scorer.is_null() {
        return BAD_ARGUMENT;
    }
    // SAFETY: by the header, `file` points to `file_size` bytes.
    let file = unsafe { slice::from_raw_parts(file, file_size) };
    match Owned::load(file) {
        Ok(owned) => {
            let predictions = alloc::vec![Prediction::default(); CHUNK];
            let row = alloc::vec![RawValue::Missing; owned.model.encoder().inputs().len()];
            // SAFETY: by the header, `scorer` points to a pointer that may be written.
            unsafe { *scorer = Box::into_raw(Box::new(Scorer { owned, predictions, row })) };
            OK
        }
        Err(error) => {
            // SAFETY: by the header, `message` is null or has `message_size` bytes.
            unsafe { tell(&error, message, message_size) };
            BAD_BUNDLE
        }
    }
}

/// `tenure_free`
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenure_free(scorer: *mut Scorer) {
    if !scorer.is_null() {
        // SAFETY: by the header, it came from `tenure_load` and is freed once.
        drop(unsafe { Box::from_raw(scorer) });
    }
}

/// `tenure_task`
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenure_task(scorer: *const Scorer) -> *const c_char {
    // SAFETY: by the header, null or from `tenure_load`.
    let task = unsafe { scorer.as_ref() }.map_or("", |scorer| scorer.owned.model.task());
    let text = match task {
        "churn" => c"churn",
        "value" => c"value",
        "churn+value" => c"churn+value",
        "segment" => c"segment",
        _ => c"",
    };
    text.as_ptr()
}

/// `tenure_kernel`
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenure_kernel(scorer: *const Scorer) -> *const c_char {
    // SAFETY: by the header, null or from `tenure_load`.
    let kernel = unsafe { scorer.as_ref() }.map(|scorer| scorer.owned.model.kernel());
    let text = match kernel {
        Some(Kernel::Portable) => c"portable",
        Some(Kernel::Avx2) => c"avx2",
        Some(Kernel::Avx512Vnni) => c"avx512-vnni",
        Some(Kernel::Neon) => c"neon",
        Some(Kernel::NeonDot) => c"neon-dot",
        Some(Kernel::Simd128) => c"simd128",
        None => c"",
    };
    text.as_ptr()
}

/// `tenure_n_inputs`
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenure_n_inputs(scorer: *const Scorer) -> usize {
    // SAFETY: by the header, null or from `tenure_load`.
    unsafe { scorer.as_ref() }.map_or(0, |scorer| scorer.owned.model.encoder().inputs().len())
}

/// `tenure_input_name`
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenure_input_name(scorer: *const Scorer, input_idx: usize, size: *mut usize) -> *const c_char {
    // SAFETY: by the header, null or from `tenure_load`.
    let scorer = unsafe { scorer.as_ref() };
    let Some(input) = scorer.and_then(|scorer| scorer.owned.model.encoder().inputs().get(input_idx)) else {
        return ptr::null();
    };
    if !size.is_null() {
        // SAFETY: by the header, it may be written.
        unsafe { *size = input.name.len() };
    }
    input.name.as_ptr().cast()
}

/// `tenure_input_reads_numbers`
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenure_input_reads_numbers(scorer: *const Scorer, input_idx: usize) -> c_int {
    // SAFETY: by the header, null or from `tenure_load`.
    let scorer = unsafe { scorer.as_ref() };
    let input = scorer.and_then(|scorer| scorer.owned.model.encoder().inputs().get(input_idx));
    c_int::from(input.is_some_and(|input| input.encoder.reads_numbers()))
}

/// `tenure_predict`
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenure_predict(
    scorer: *mut Scorer,
    row: *const Value,
    n_values: usize,
    out: *mut Answer,
    message: *mut c_char,
    message_size: usize,
) -> c_int {
    // SAFETY: by the header, null or from `tenure_load`, and used by one thread at a time.
    let Some(scorer) = (unsafe { scorer.as_mut() }) else { return BAD_ARGUMENT };
    if row.is_null() || out.is_null() {
        return BAD_ARGUMENT;
    }
    // SAFETY: by the header, `row` points to `n_values` values.
    let values = unsafe { slice::from_raw_parts(row, n_values) };
    let n_inputs = scorer.row.len();
    if n_values != n_inputs {
        let error = tenure_artifact::ApplyError::RowLength { expected: n_inputs, found: n_values };
        // SAFETY: by the header, `message` is null or has `message_size` bytes.
        unsafe { tell(&error, message, message_size) };
        return BAD_ROW;
    }
    for (slot, value) in scorer.row.iter_mut().zip(values) {
        // SAFETY: by the header, a level points to its bytes for the length of this call; the slots are read in this call
        // only, and overwritten by the next.
        let Some(raw) = (unsafe { raw(value) }) else { return BAD_ARGUMENT };
        *slot = raw;
    }
    match scorer.owned.model.predict(&scorer.row, &mut scorer.owned.workspace) {
        Ok(prediction) => {
            // SAFETY: by the header, `out` may be written.
            unsafe { *out = prediction.into() };
            OK
        }
        Err(error) => {
            // SAFETY: by the header, `message` is null or has `message_size` bytes.
            unsafe { tell(&error, message, message_size) };
            status(&error)
        }
    }
}

/// The value as scoring takes it; none where it is not one.
///
/// # Safety
/// A level points to `level_size` bytes, which outlive every use of the result.
unsafe fn raw(value: &Value) -> Option<RawValue<'static>> {
    match value.kind {
        0 => Some(RawValue::Missing),
        VALUE_NUMBER => Some(RawValue::Number(value.number)),
        VALUE_LEVEL if !value.level.is_null() => {
            // SAFETY: the caller's contract.
            let bytes = unsafe { slice::from_raw_parts(value.level.cast::<u8>(), value.level_size) };
            core::str::from_utf8(bytes).ok().map(RawValue::Level)
        }
        _ => None,
    }
}

/// `tenure_predict_numbers`
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenure_predict_numbers(
    scorer: *mut Scorer,
    rows: *const f32,
    n_rows: usize,
    out: *mut Answer,
    message: *mut c_char,
    message_size: usize,
) -> c_int {
    // SAFETY: by the header, null or from `tenure_load`, and used by one thread at a time.
    let Some(scorer) = (unsafe { scorer.as_mut() }) else { return BAD_ARGUMENT };
    if rows.is_null() || out.is_null() {
        return BAD_ARGUMENT;
    }
    let n_inputs = scorer.row.len();
    // SAFETY: by the header, `rows` has `n_rows` rows of `n_inputs` numbers and `out` room for `n_rows` answers.
    let (rows, out) =
        unsafe { (slice::from_raw_parts(rows, n_rows * n_inputs), slice::from_raw_parts_mut(out, n_rows)) };
    if n_rows == 1 {
        return match scorer.owned.model.predict_numbers(rows, &mut scorer.owned.workspace) {
            Ok(prediction) => {
                out[0] = prediction.into();
                OK
            }
            Err(error) => {
                // SAFETY: by the header, `message` is null or has `message_size` bytes.
                unsafe { tell(&error, message, message_size) };
                status(&error)
            }
        };
    }
    for (chunk_idx, out) in out.chunks_mut(CHUNK).enumerate() {
        let first = chunk_idx * CHUNK;
        let rows = &rows[first * n_inputs..(first + out.len()) * n_inputs];
        let predictions = &mut scorer.predictions[..out.len()];
        let result = scorer.owned.model.predict_batch(Rows::Numbers(rows), predictions, &mut scorer.owned.workspace);
        let (n_scored, status) = match &result {
            Ok(()) => (out.len(), OK),
            Err(BatchError::Row { row_idx, error }) => (*row_idx, status(error)),
            Err(BatchError::Length { .. }) => (0, BAD_ROW),
        };
        for (out, prediction) in out.iter_mut().zip(&predictions[..n_scored]) {
            *out = (*prediction).into();
        }
        if let Err(error) = result {
            // SAFETY: by the header, `message` is null or has `message_size` bytes.
            unsafe { tell(&error.behind(first), message, message_size) };
            return status;
        }
    }
    OK
}

/// `tenure_verify`
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tenure_verify(scorer: *mut Scorer, message: *mut c_char, message_size: usize) -> c_int {
    // SAFETY: by the header, null or from `tenure_load`, and used by one thread at a time.
    let Some(scorer) = (unsafe { scorer.as_mut() }) else { return BAD_ARGUMENT };
    match scorer.owned.model.verify(&mut scorer.owned.workspace) {
        Ok(()) => OK,
        Err(error) => {
            // SAFETY: by the header, `message` is null or has `message_size` bytes.
            unsafe { tell(&error, message, message_size) };
            NOT_VERIFIED
        }
    }
}
