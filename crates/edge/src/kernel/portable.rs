//! Plain Rust for any processor.

use tenure_artifact::bundle::OUTPUTS_PER_PANEL;

use super::{Lanes, Sums};

pub(super) struct Portable;

impl Lanes for Portable {
    const PANELS: usize = 1;
    const PANELS_OF_FOUR_ROWS: usize = 1;

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
                    for (sum, weights) in sums[p].iter_mut().zip(group.as_chunks::<4>().0) {
                        for (weight, input) in weights.iter().zip(inputs) {
                            *sum += i32::from(weight.cast_signed()) * i32::from(*input);
                        }
                    }
                }
            }
        }
        sums
    }
}
