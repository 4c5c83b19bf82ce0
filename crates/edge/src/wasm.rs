//! What `wasm/tenure.js` calls: plain exports over numbers and pointers into linear memory.
//!
//! A session is one loaded bundle with one row to fill. Every function takes the pointer that [`tw_load`] gave; texts are
//! a pointer and a length. Indices out of range are ignored, or answered with 0.
#![allow(unsafe_code)]
#![allow(clippy::missing_safety_doc, reason = "the module states what each pointer must be; the wrapper keeps to it")]

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::slice;

use tenure_artifact::RawValue;
use tenure_artifact::bundle::Cell;

use crate::owned::Owned;
use crate::{Flags, Prediction, Rows};

/// Rows that a batch scores at once.
const CHUNK: usize = 64;

/// A loaded bundle, its row, and what came of scoring it.
pub struct Session {
    loaded: Option<Owned>,
    row: Vec<Cell>,
    values: [f64; 3],
    n_values: usize,
    flags: u32,
    message: String,
}

impl Session {
    fn new(file: &[u8]) -> Self {
        let (loaded, message) = match Owned::load(file) {
            Ok(owned) => (Some(owned), String::new()),
            Err(error) => (None, error.to_string()),
        };
        let n_inputs = loaded.as_ref().map_or(0, |owned| owned.model.encoder().inputs().len());
        let row = alloc::vec![Cell::Missing; n_inputs];
        Self { loaded, row, values: [f64::NAN; 3], n_values: 0, flags: 0, message }
    }

    fn score(&mut self) -> Result<(), String> {
        let owned = self.loaded.as_mut().ok_or_else(|| String::from("no bundle is loaded"))?;
        let row: Vec<RawValue<'_>> = self.row.iter().map(Cell::as_raw).collect();
        let prediction = owned.model.predict(&row, &mut owned.workspace).map_err(|error| error.to_string())?;
        (self.values, self.n_values) = prediction.score.values();
        self.flags = Flags::from(prediction.unusual).0;
        Ok(())
    }

    fn verify(&mut self) -> Result<(), String> {
        let owned = self.loaded.as_mut().ok_or_else(|| String::from("no bundle is loaded"))?;
        owned.model.verify(&mut owned.workspace).map_err(|error| error.to_string())
    }

    /// 1 for success; otherwise 0, and the message says why.
    fn told(&mut self, result: Result<(), String>) -> u32 {
        self.message = result.err().unwrap_or_default();
        u32::from(self.message.is_empty())
    }
}

/// Room for `size` bytes.
#[unsafe(no_mangle)]
pub extern "C" fn tw_alloc(size: usize) -> *mut u8 {
    Box::into_raw(alloc::vec![0_u8; size].into_boxed_slice()).cast()
}

/// Gives room back.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tw_release(pointer: *mut u8, size: usize) {
    // SAFETY: the wrapper hands back what `tw_alloc` gave, with its size.
    drop(unsafe { Box::from_raw(core::ptr::slice_from_raw_parts_mut(pointer, size)) });
}

/// A session of the bundle in these bytes; ask [`tw_is_loaded`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tw_load(file: *const u8, size: usize) -> *mut Session {
    // SAFETY: the wrapper has copied `size` bytes there.
    let file = unsafe { slice::from_raw_parts(file, size) };
    Box::into_raw(Box::new(Session::new(file)))
}

/// Ends a session.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tw_free(session: *mut Session) {
    // SAFETY: the wrapper hands back what `tw_load` gave, once.
    drop(unsafe { Box::from_raw(session) });
}

macro_rules! session_functions {
    ($($(#[$doc:meta])* fn $name:ident($session:ident $(, $argument:ident: $t:ty)*) -> $result:ty $body:block)*) => {$(
        $(#[$doc])*
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn $name(session: *mut Session $(, $argument: $t)*) -> $result {
            // SAFETY: the wrapper hands the pointer that `tw_load` gave, and JavaScript has one thread.
            let $session = unsafe { &mut *session };
            $body
        }
    )*};
}

session_functions! {
    /// Whether the bundle could be read.
    fn tw_is_loaded(session) -> u32 { u32::from(session.loaded.is_some()) }
    /// Why the last call failed.
    fn tw_message(session) -> *const u8 { session.message.as_ptr() }
    /// Its bytes.
    fn tw_message_size(session) -> usize { session.message.len() }
    /// `churn`, `value`, `churn+value` or `segment`.
    fn tw_task(session) -> *const u8 { session.loaded.as_ref().map_or("", |owned| owned.model.task()).as_ptr() }
    /// Its bytes.
    fn tw_task_size(session) -> usize { session.loaded.as_ref().map_or(0, |owned| owned.model.task().len()) }
    /// The kernel's name.
    fn tw_kernel(session) -> *const u8 { session.loaded.as_ref().map_or("", |o| o.model.kernel().name()).as_ptr() }
    /// Its bytes.
    fn tw_kernel_size(session) -> usize { session.loaded.as_ref().map_or(0, |o| o.model.kernel().name().len()) }
    /// How many values a row has.
    fn tw_n_inputs(session) -> usize { session.row.len() }
    /// The name of an input.
    fn tw_input_name(session, input_idx: usize) -> *const u8 {
        let inputs = session.loaded.as_ref().map(|owned| owned.model.encoder().inputs());
        inputs.and_then(|inputs| inputs.get(input_idx)).map_or("", |input| &input.name).as_ptr()
    }
    /// Its bytes.
    fn tw_input_name_size(session, input_idx: usize) -> usize {
        let inputs = session.loaded.as_ref().map(|owned| owned.model.encoder().inputs());
        inputs.and_then(|inputs| inputs.get(input_idx)).map_or(0, |input| input.name.len())
    }
    /// Whether an input reads numbers.
    fn tw_reads_numbers(session, input_idx: usize) -> u32 {
        let inputs = session.loaded.as_ref().map(|owned| owned.model.encoder().inputs());
        u32::from(inputs.and_then(|inputs| inputs.get(input_idx)).is_some_and(|i| i.encoder.reads_numbers()))
    }
    /// The row's value is missing.
    fn tw_set_missing(session, input_idx: usize) -> () {
        if let Some(cell) = session.row.get_mut(input_idx) {
            *cell = Cell::Missing;
        }
    }
    /// The row's value is a number.
    fn tw_set_number(session, input_idx: usize, number: f32) -> () {
        if let Some(cell) = session.row.get_mut(input_idx) {
            *cell = Cell::Number(number);
        }
    }
    /// The row's value is a level, in UTF-8.
    fn tw_set_level(session, input_idx: usize, level: *const u8, size: usize) -> () {
        // SAFETY: the wrapper has copied `size` bytes there.
        let level = String::from_utf8_lossy(unsafe { slice::from_raw_parts(level, size) });
        if let Some(cell) = session.row.get_mut(input_idx) {
            *cell = Cell::Level(level.into_owned());
        }
    }
    /// Scores the row: 1 for success.
    fn tw_score(session) -> u32 {
        let result = session.score();
        session.told(result)
    }
    /// A number of the last score.
    fn tw_value(session, place: usize) -> f64 { session.values.get(place).copied().unwrap_or(f64::NAN) }
    /// How many numbers the last score has.
    fn tw_n_values(session) -> usize { session.n_values }
    /// What was unusual about the last row.
    fn tw_flags(session) -> u32 { session.flags }
    /// Whether the bundle reproduces its own samples: 1 for success.
    fn tw_verify(session) -> u32 {
        let result = session.verify();
        session.told(result)
    }
    /// Scores `n_rows` rows of numbers: three values each go to `out`. 1 for success.
    fn tw_score_numbers(session, rows: *const f32, n_rows: usize, out: *mut f64) -> u32 {
        let n_inputs = session.row.len();
        // SAFETY: the wrapper has copied `n_rows * n_inputs` numbers there, and made room for three values a row.
        let (rows, out) = unsafe {
            (slice::from_raw_parts(rows, n_rows * n_inputs), slice::from_raw_parts_mut(out.cast::<[f64; 3]>(), n_rows))
        };
        let Some(owned) = session.loaded.as_mut() else { return 0 };
        let mut predictions = [Prediction::default(); CHUNK];
        for (chunk_idx, (chunk, out)) in rows.chunks(CHUNK * n_inputs.max(1)).zip(out.chunks_mut(CHUNK)).enumerate() {
            let predictions = &mut predictions[..out.len()];
            let result = owned.model.predict_batch(Rows::Numbers(chunk), predictions, &mut owned.workspace);
            if let Err(error) = result {
                session.message = error.behind(chunk_idx * CHUNK).to_string();
                return 0;
            }
            out.iter_mut().zip(predictions).for_each(|(out, p)| *out = p.score.values().0);
        }
        1
    }
}
