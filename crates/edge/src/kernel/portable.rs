//! Plain Rust for any processor.

use tenure_artifact::bundle::OUTPUTS_PER_PANEL;

use super::{Lanes, Sums};

pub(super) struct Portable;

impl Lanes for Portable {
    const PANELS: usize = 1;
    const PANELS_OF_FOUR_ROWS: usize = 0;

    #[inline(always)]
    unsafe fn products<const P: usize, const R: usize, const SIGNED: bool>(
        panels: &[u8],
        panel_bytes: usize,
        rows: [&[i8]; R],
    ) -> [[Sums; P]; R] {
        let mut sums = [[[0; OUTPUTS_PER_PANEL]; P]; R];
        for (p, panel) in panels.chunks_exact(panel_bytes).enumerate() {
            for (sums, row) in sums.iter_mut().zip(rows) {
                for (group, inputs) in panel.as_chunks::<64>().0.iter().zip(row.as_chunks::<4>().0) {
                    add_group(&mut sums[p], group, inputs);
                }
            }
        }
        sums
    }
}

/// Adds four inputs' products to sixteen sums, pairs first: two products fit into 16 bits, and compilers know the pattern
/// of widening pairwise products.
#[inline(always)]
fn add_group(sums: &mut Sums, group: &[u8; 64], inputs: &[i8; 4]) {
    let inputs = inputs.map(i16::from);
    for o in 0..OUTPUTS_PER_PANEL {
        let weight = |i: usize| i16::from(group[4 * o + i].cast_signed());
        let first = weight(0) * inputs[0] + weight(1) * inputs[1];
        let last = weight(2) * inputs[2] + weight(3) * inputs[3];
        sums[o] += i32::from(first) + i32::from(last);
    }
}
