//! Products of a dense layer: forward, gradient of its inputs, gradient of its weights.
//!
//! # Shapes
//! `B` rows, `N` inputs, `D` outputs. Activations lie in panels of 32 columns, `[D/32][B][32]`; the last panel is filled
//! with zeros. Weights are packed once a step in panels of their outputs, `[D/32][N][32]`, and turned, `[N/32][D][32]`.
//!
//! # Cost
//! `2·B·N·D` FLOP each. A tile of 14 rows by 32 columns (AVX-512; 4 by 16 elsewhere) stays in registers while the sum runs
//! over 128 inputs, whose part of a panel of weights stays in the L1 cache over the rows of a block; what comes next is asked
//! for meanwhile. What comes after the sum (scale, bias, activation, dropout, the next layer's scale) is done on the tile
//! before it is stored, by the caller's [`cpu::Finish`].
//!
//! # Numbers
//! Every sum is one chain of fused products in the order of its index, whatever the tile: results depend neither on the
//! blocks of rows nor on the instruction set, where that has fused products.

pub(crate) mod cpu;
#[cfg(test)]
mod reference;

/// Columns of a panel.
pub(crate) const PANEL: usize = 32;

/// Panels of a matrix with `width` columns.
pub(crate) const fn panels(width: usize) -> usize {
    width.div_ceil(PANEL)
}

/// `width` with the last panel filled.
pub(crate) const fn padded(width: usize) -> usize {
    panels(width) * PANEL
}
