//! The hot loops, once for every kind of processor.
//!
//! A layer is multiplied in blocks of `P` panels (16 outputs each) by `R` rows. What differs between processors is one
//! function, [`Lanes::products`]: sums of products of 8-bit integers. Everything else is written once, in plain Rust, and
//! compiled anew for each kernel so that its vectors are used; single-precision sums are vectors over outputs, so wider
//! vectors do not change the order in which products are added. `reference.rs` is the readable definition of all of it.
//!
//! Cost of 64-128-64-1, one row: 17,408 multiply-adds (the last layer is padded to 16 outputs). AVX-512 VNNI does 64 in an
//! instruction, AVX2 32 in three or four, NEON with dot product 16 in one.
#![allow(unsafe_code)]
#![allow(clippy::needless_range_loop, reason = "an index walks weights, inputs and sums together")]
#![allow(clippy::inline_always, reason = "what is not inlined is not compiled for the kernel's instructions")]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
mod float;
mod integer;
#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod portable;
#[cfg(test)]
mod reference;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128;
#[cfg(test)]
mod tests;

use core::fmt;

use tenure_artifact::bundle::OUTPUTS_PER_PANEL;
use tenure_artifact::{Calibration, EncodeScratch, RowEncoder, RowFlags};

use crate::Workspace;
use crate::network::{IntLayer, Layers, PanelConstants};

/// Rows that are scored together in a batch.
pub(crate) const TILE: usize = 8;
/// Sums of a panel.
type Sums = [i32; OUTPUTS_PER_PANEL];
/// What they become.
type Outputs = [i8; OUTPUTS_PER_PANEL];

/// A way to compute; all of them give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kernel {
    /// Plain Rust for any processor.
    Portable,
    /// x86-64 with 256-bit vectors.
    Avx2,
    /// x86-64 with 512-bit vectors and 8-bit dot products.
    Avx512Vnni,
    /// 64-bit ARM.
    Neon,
    /// 64-bit ARM with 8-bit dot products.
    NeonDot,
    /// WebAssembly with 128-bit vectors.
    Simd128,
}

/// A kernel that this processor, or this build, does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnavailableKernel {
    /// The kernel asked for.
    pub kernel: Kernel,
}

impl fmt::Display for UnavailableKernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "kernel `{}` is not available on this processor, or not in this build", self.kernel.name())
    }
}

impl core::error::Error for UnavailableKernel {}

impl Kernel {
    /// All of them, the best of each processor last.
    pub const ALL: [Self; 6] = [Self::Portable, Self::Avx2, Self::Avx512Vnni, Self::Neon, Self::NeonDot, Self::Simd128];

    /// Those that this processor and this build have.
    pub fn available() -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(|kernel| kernel.is_available())
    }

    /// The last of [`Kernel::available`].
    pub fn best() -> Self {
        Self::available().last().unwrap_or(Self::Portable)
    }

    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512Vnni => "avx512-vnni",
            Self::Neon => "neon",
            Self::NeonDot => "neon-dot",
            Self::Simd128 => "simd128",
        }
    }

    /// Whether this processor and this build have it. With `std` the processor is asked, else the build decides.
    pub fn is_available(self) -> bool {
        match self {
            // A wasm build has one kernel: two would be half of its size.
            Self::Portable => !cfg!(all(target_arch = "wasm32", target_feature = "simd128")),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => avx2::is_available(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Vnni => avx512::is_available(),
            #[cfg(target_arch = "aarch64")]
            Self::Neon => true,
            #[cfg(target_arch = "aarch64")]
            Self::NeonDot => neon::has_dot_product(),
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            Self::Simd128 => true,
            _ => false,
        }
    }

    /// Whether rows are worth a job of their own, from raw to scored: not in a page, which loads every byte of it, nor in firmware.
    pub(crate) const HAS_ROW_JOB: bool = cfg!(any(target_arch = "x86_64", target_arch = "aarch64"));

    /// The second half of encoding, on this kernel's vectors.
    #[inline]
    pub(crate) fn scale(
        self,
        encoder: &RowEncoder,
        place: usize,
        scratch: &mut EncodeScratch,
        continuous: &mut [f32],
    ) -> RowFlags {
        self.run(Scaling { encoder, place, scratch, continuous })
    }

    /// Calibrated probabilities in place of logits.
    #[inline]
    pub(crate) fn calibrate(self, calibration: &Calibration, logits: &mut [f64]) {
        self.run(Calibrating { calibration, logits });
    }

    /// Logits of a tile.
    pub(crate) fn forward(self, layers: &Layers<'_>, n_members: usize, tile: Tile<'_>) {
        self.run(Forward { layers, n_members, tile });
    }

    /// Runs a job compiled for this kernel.
    ///
    /// The safety of every call: a model's kernel comes from [`Kernel::best`] or has passed [`Kernel::is_available`], so
    /// the processor has the instructions.
    #[inline]
    pub(crate) fn run<J: Job>(self, job: J) -> J::Output {
        match self {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the processor has AVX2, see above.
            Self::Avx2 => unsafe { avx2::run(job) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: the processor has AVX-512 F, BW, VL, DQ and VNNI, see above.
            Self::Avx512Vnni => unsafe { avx512::run(job) },
            #[cfg(target_arch = "aarch64")]
            Self::Neon => job.run::<neon::Plain>(),
            #[cfg(target_arch = "aarch64")]
            // SAFETY: the processor has the dot-product extension, see above.
            Self::NeonDot => unsafe { neon::run_dot(job) },
            #[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
            _ => job.run::<simd128::Simd128>(),
            #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
            _ => job.run::<portable::Portable>(),
        }
    }
}

/// What a processor brings.
pub(crate) trait Lanes {
    /// Whether inputs that may be negative are written with 128 added, which the sums' start must make good.
    const ADDS_OFFSET: bool = false;
    /// Whether [`Lanes::products`] gains from knowing that no input is negative.
    const KNOWS_SIGNS: bool = false;
    /// Panels that go well with one row.
    const PANELS: usize;
    /// Panels that go well with four rows: 0 (rows one at a time), 1, 2 or 4.
    const PANELS_OF_FOUR_ROWS: usize;

    /// Sums of products of `P` panels with `R` rows: `[R][P][16]`.
    ///
    /// # Safety
    /// The processor has the instructions; `panels` holds `P` panels of `panel_bytes`, and each row has
    /// `panel_bytes / 16` inputs; `panel_bytes` is a multiple of 64. Inputs and weights lie in -127..=127, and where
    /// `SIGNED` is false no input is negative.
    unsafe fn products<const P: usize, const R: usize, const SIGNED: bool>(
        panels: &[u8],
        panel_bytes: usize,
        rows: [&[i8]; R],
    ) -> [[Sums; P]; R];

    /// `clamp((a m + 2^(31+s)) >> (32+s))` to `least..=127` for the sums `a` of a panel in each of `R` rows, those of
    /// products and those that they start from together, with the panel's multipliers `m` and shifts `s` of 0..=30.
    ///
    /// # Safety
    /// The processor has the instructions.
    #[inline(always)]
    unsafe fn requantize<const R: usize>(sums: [&Sums; R], end: PanelEnd<'_>) -> [Outputs; R] {
        integer::requantize(sums, end)
    }

    /// Both for `P` panels: outputs of a hidden layer before its table, those of row `r` and panel `p` from
    /// `out[r * stride + 16 * p]` on.
    ///
    /// # Safety
    /// That of [`Lanes::products`]; every part of `ends` has `P` panels.
    #[inline(always)]
    unsafe fn hidden<const P: usize, const R: usize, const SIGNED: bool>(
        panels: &[u8],
        panel_bytes: usize,
        rows: [&[i8]; R],
        ends: Ends<'_>,
        (out, stride): (&mut [i8], usize),
    ) {
        // SAFETY: the caller's contract.
        let products = unsafe { Self::products::<P, R, SIGNED>(panels, panel_bytes, rows) };
        for p in 0..P {
            let mut sums = [&products[0][p]; R];
            for r in 0..R {
                sums[r] = &products[r][p];
            }
            // SAFETY: as above.
            let panel = unsafe { Self::requantize::<R>(sums, ends.panel(p)) };
            for r in 0..R {
                out[r * stride + p * OUTPUTS_PER_PANEL..][..OUTPUTS_PER_PANEL].copy_from_slice(&panel[r]);
            }
        }
    }
}

/// What turns sums of products into 8-bit integers, panel by panel.
#[derive(Clone, Copy)]
pub(crate) struct Ends<'l> {
    constants: &'l [PanelConstants],
    /// Whether inputs were read with 128 added.
    reads_offset: bool,
    least: i32,
}

impl<'l> Ends<'l> {
    #[inline(always)]
    fn panel(&self, panel: usize) -> PanelEnd<'l> {
        let constants = &self.constants[panel];
        let PanelConstants { multipliers, shifts, .. } = constants;
        PanelEnd { start: constants.start(self.reads_offset), multipliers, shifts, least: self.least }
    }
}

impl PanelConstants {
    /// What sums start from.
    #[inline(always)]
    fn start(&self, reads_offset: bool) -> &Sums {
        if reads_offset { &self.offset_bias } else { &self.bias }
    }
}

/// The same of one panel.
#[derive(Clone, Copy)]
pub(crate) struct PanelEnd<'l> {
    start: &'l Sums,
    multipliers: &'l Sums,
    shifts: &'l Sums,
    least: i32,
}

/// Something to run on a kernel. Implementations are always inlined, so that they are compiled for its instructions.
pub(crate) trait Job {
    type Output;

    fn run<L: Lanes>(self) -> Self::Output;
}

struct Scaling<'s> {
    encoder: &'s RowEncoder,
    place: usize,
    scratch: &'s mut EncodeScratch,
    continuous: &'s mut [f32],
}

impl Job for Scaling<'_> {
    type Output = RowFlags;

    #[inline(always)]
    fn run<L: Lanes>(self) -> RowFlags {
        self.encoder.scale(self.place, self.scratch, self.continuous)
    }
}

struct Calibrating<'s> {
    calibration: &'s Calibration,
    logits: &'s mut [f64],
}

impl Job for Calibrating<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        self.calibration.apply_to_logits(self.logits);
    }
}

struct Forward<'f, 'a> {
    layers: &'f Layers<'a>,
    n_members: usize,
    tile: Tile<'f>,
}

impl Job for Forward<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self) {
        match self.layers {
            Layers::Float(layers) => float::forward(layers, self.n_members, self.tile),
            Layers::Int { steps, layers } => integer::forward::<L>(steps, layers, self.n_members, self.tile),
        }
    }
}

/// Logits of the first encoded rows of a network in integers, for a [`Job`] that does more than that.
#[inline(always)]
pub(crate) fn forward_rows<L: Lanes>(
    steps: &[f32],
    layers: &[IntLayer<'_>],
    n_members: usize,
    n_rows: usize,
    workspace: &mut Workspace,
) {
    integer::forward::<L>(steps, layers, n_members, Tile::new(n_rows, workspace));
}

/// The first `n_rows` encoded rows of a workspace, and room for what is made of them.
pub(crate) struct Tile<'w> {
    n_rows: usize,
    n_inputs: usize,
    /// Of a row between layers.
    width: usize,
    n_logits: usize,
    inputs: &'w [f32],
    quantized: &'w mut [i8],
    floats: &'w mut [f32],
    integers: &'w mut [i8],
    logits: &'w mut [f64],
}

impl<'w> Tile<'w> {
    /// # Panics
    /// With more than [`TILE`] rows.
    pub(crate) fn new(n_rows: usize, workspace: &'w mut Workspace) -> Self {
        assert!(n_rows <= TILE, "a tile has at most {TILE} rows");
        Self {
            n_rows,
            n_inputs: workspace.shape.n_inputs,
            width: workspace.shape.width,
            n_logits: workspace.shape.n_logits,
            inputs: &workspace.inputs,
            quantized: &mut workspace.quantized,
            floats: &mut workspace.floats,
            integers: &mut workspace.integers,
            logits: &mut workspace.logits,
        }
    }
}
