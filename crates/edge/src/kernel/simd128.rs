//! WebAssembly with 128-bit vectors.

use core::arch::wasm32::{
    i16x8_extmul_high_i8x16, i16x8_extmul_low_i8x16, i32x4_add, i32x4_extadd_pairwise_i16x8, i32x4_shuffle,
    i32x4_splat, v128_load, v128_store,
};

use super::{Lanes, Outputs, PanelEnd, Sums, integer};

pub(super) struct Simd128;

impl Lanes for Simd128 {
    const PANELS: usize = 1;
    /// A page scores a row at a time, and loads every byte of a loop for four.
    const PANELS_OF_FOUR_ROWS: usize = 0;

    #[inline(always)]
    unsafe fn products<const P: usize, const R: usize, const SIGNED: bool>(
        panels: &[u8],
        panel_bytes: usize,
        rows: [&[i8]; R],
    ) -> [[Sums; P]; R] {
        // SAFETY: the caller's contract: `panels` holds P panels of `panel_bytes`, a multiple of 64, and each row
        // `panel_bytes / 16` bytes; so every load below stays inside its slice.
        unsafe {
            // Each output has two sums, of its first and its last two inputs, side by side: eight vectors a panel.
            let mut sums = [[[i32x4_splat(0); 8]; P]; R];
            for group in 0..panel_bytes / 64 {
                for r in 0..R {
                    let inputs = i32x4_splat(rows[r].as_ptr().add(4 * group).cast::<i32>().read_unaligned());
                    for p in 0..P {
                        for quarter in 0..4 {
                            let at = panels.as_ptr().add(p * panel_bytes + group * 64 + quarter * 16);
                            let weights = v128_load(at.cast());
                            let low = i32x4_extadd_pairwise_i16x8(i16x8_extmul_low_i8x16(weights, inputs));
                            let high = i32x4_extadd_pairwise_i16x8(i16x8_extmul_high_i8x16(weights, inputs));
                            let pair = &mut sums[r][p][2 * quarter..2 * quarter + 2];
                            pair[0] = i32x4_add(pair[0], low);
                            pair[1] = i32x4_add(pair[1], high);
                        }
                    }
                }
            }
            let mut out = [[[0; 16]; P]; R];
            for r in 0..R {
                for p in 0..P {
                    for quarter in 0..4 {
                        // The two sums of each output meet.
                        let (low, high) = (sums[r][p][2 * quarter], sums[r][p][2 * quarter + 1]);
                        let first = i32x4_shuffle::<0, 2, 4, 6>(low, high);
                        let last = i32x4_shuffle::<1, 3, 5, 7>(low, high);
                        v128_store(out[r][p].as_mut_ptr().add(4 * quarter).cast(), i32x4_add(first, last));
                    }
                }
            }
            out
        }
    }

    unsafe fn requantize<const R: usize>(sums: [&Sums; R], end: PanelEnd<'_>) -> [Outputs; R] {
        sums.map(|sums| requantize_one(sums, end))
    }
}

/// Kept out of the loops that call it: every page that scores loads these bytes.
#[inline(never)]
fn requantize_one(sums: &Sums, end: PanelEnd<'_>) -> Outputs {
    let [out] = integer::requantize([sums], end);
    out
}
