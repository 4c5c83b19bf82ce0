//! Loads a bundle from flash, verifies its samples to the bit, scores a row, and tells what it cost.
#![no_std]
#![no_main]

extern crate alloc;

mod heap;
mod semihosting;

use core::arch::global_asm;
use core::panic::PanicInfo;

use tenure_artifact::RawValue;
use tenure_artifact::bundle::Cell;
use tenure_edge::{Model, Score, Workspace};

/// The golden bundle: every encoder, an 8-bit network.
#[unsafe(link_section = ".bundle")]
static BUNDLE: [u8; include_bytes!("../../tests/golden/v1-churn-8.tenure").len()] =
    *include_bytes!("../../tests/golden/v1-churn-8.tenure");

// The second word of the vector table; the first, the stack's top, comes from the linker script.
global_asm!(".section .vectors, \"a\"", ".word reset");

/// Where the processor starts: fills the stack with a pattern, so that its use can be measured, and runs.
#[unsafe(no_mangle)]
pub extern "C" fn reset() -> ! {
    semihosting::paint_stack();
    let ok = run();
    semihosting::exit(ok)
}

/// Whether the bundle reproduces its samples and a row is scored.
fn run() -> bool {
    let Ok(model) = Model::from_bytes(&BUNDLE) else { return false };
    let loaded = heap::used_bytes();
    let mut workspace = Workspace::new(&model);
    let ready = heap::used_bytes();
    let verified = model.verify(&mut workspace).is_ok();
    let before = heap::used_bytes();
    let mut row = [RawValue::Missing; 7];
    for (raw, cell) in row.iter_mut().zip(model.samples().first().map_or(&[][..], |sample| &sample.cells[..])) {
        *raw = Cell::as_raw(cell);
    }
    let scored = model.predict(&row, &mut workspace);
    let allocated_by_predict = heap::used_bytes() - before;
    semihosting::tell("heap after load: ", loaded);
    semihosting::tell("heap with workspace: ", ready);
    semihosting::tell("heap that predict took: ", allocated_by_predict);
    semihosting::tell("stack: ", semihosting::stack_used());
    let probable = matches!(scored, Ok(p) if matches!(p.score, Score::Churn { probability } if probability > 0.0));
    verified && probable && allocated_by_predict == 0
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    semihosting::exit(false)
}
