//! A word to the debugger, or to QEMU: text, numbers, the end; and how deep the stack has been.

use core::arch::asm;

const WRITE0: usize = 0x04;
const EXIT: usize = 0x18;
const EXIT_SUCCESS: usize = 0x20026;
const EXIT_FAILURE: usize = 0x20023;

/// What unused stack is filled with.
const PATTERN: u32 = 0xdead_beef;
/// The stack's top, as in `link.ld`, and how far below it is painted.
const STACK_TOP: usize = 0x2040_0000;
const PAINTED: usize = 64 * 1024;
/// What the painter itself may be using.
const OWN: usize = 256;

fn call(operation: usize, argument: usize) {
    // SAFETY: the semihosting call of ARMv7-M; it reads what `argument` points to and returns in r0.
    unsafe { asm!("bkpt 0xab", inout("r0") operation => _, in("r1") argument, options(nostack)) };
}

/// Says a number behind a text.
pub fn tell(text: &str, number: usize) {
    let mut line = [0_u8; 64];
    line[..text.len()].copy_from_slice(text.as_bytes());
    let (mut digits, mut n_digits, mut rest) = ([0_u8; 20], 0, number);
    loop {
        digits[n_digits] = b'0' + (rest % 10) as u8;
        n_digits += 1;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    for place in 0..n_digits {
        line[text.len() + place] = digits[n_digits - 1 - place];
    }
    line[text.len() + n_digits] = b'\n';
    call(WRITE0, line.as_ptr() as usize);
}

/// Fills the unused stack.
pub fn paint_stack() {
    for at in (STACK_TOP - PAINTED..STACK_TOP - OWN).step_by(4) {
        // SAFETY: the RAM below the stack's use, which nothing else holds: the heap ends far below it.
        unsafe { (at as *mut u32).write_volatile(PATTERN) };
    }
}

/// How deep the stack has been since it was painted, in bytes.
pub fn stack_used() -> usize {
    let mut at = STACK_TOP - PAINTED;
    // SAFETY: as above; reading only.
    while at < STACK_TOP - OWN && unsafe { (at as *const u32).read_volatile() } == PATTERN {
        at += 4;
    }
    STACK_TOP - at
}

/// Ends the program.
pub fn exit(ok: bool) -> ! {
    call(EXIT, if ok { EXIT_SUCCESS } else { EXIT_FAILURE });
    loop {}
}
