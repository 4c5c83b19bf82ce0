//! What the kernels need of a vector register, and which registers this CPU has.

/// Instruction sets with a kernel of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Plain Rust, products and sums rounded apart.
    Portable,
    /// 8 lanes, fused products.
    Avx2,
    /// 16 lanes, fused products.
    Avx512,
    /// 4 lanes, fused products.
    Neon,
}

impl Level {
    /// The widest set this CPU has.
    pub fn detect() -> Level {
        Level::available().pop().unwrap_or(Level::Portable)
    }

    /// All sets this CPU has, the widest last.
    pub fn available() -> Vec<Level> {
        let mut levels = vec![Level::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            if avx2 {
                levels.push(Level::Avx2);
            }
            if avx2 && is_x86_feature_detected!("avx512f") {
                levels.push(Level::Avx512);
            }
        }
        #[cfg(target_arch = "aarch64")]
        if std::arch::is_aarch64_feature_detected!("neon") {
            levels.push(Level::Neon);
        }
        levels
    }

    /// Lanes of one register.
    pub fn lanes(self) -> usize {
        match self {
            Level::Portable | Level::Avx2 => 8,
            Level::Avx512 => 16,
            Level::Neon => 4,
        }
    }

    /// Centroids in one block: two accumulators each, two rows' registers and one broadcast fit the register file.
    pub(super) fn block(self) -> usize {
        match self {
            Level::Portable => 4,
            Level::Avx2 => 6,
            Level::Neon => 8,
            Level::Avx512 => MAX_BLOCK,
        }
    }

    /// Runs a task with this set's registers.
    ///
    /// # Panics
    /// If the CPU lacks the set: `self` then comes neither from `detect` nor from `available`.
    pub(super) fn run<T: Task>(self, task: T) -> T::Output {
        assert!(Level::available().contains(&self), "this CPU has no {self:?}");
        match self {
            // SAFETY: plain Rust needs no feature.
            Level::Portable => unsafe { task.run::<super::portable::Portable>() },
            // SAFETY: the assertion above found the features that the function enables.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => unsafe { super::x86::avx2(task) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => unsafe { super::x86::avx512(task) },
            // SAFETY: as above.
            #[cfg(target_arch = "aarch64")]
            Level::Neon => unsafe { super::neon::neon(task) },
            other => unreachable!("{other:?} is not in this build"),
        }
    }
}

/// Most centroids in a block.
pub(super) const MAX_BLOCK: usize = 14;

/// A kernel, to be compiled once for each instruction set.
pub(super) trait Task {
    type Output;

    /// # Safety
    /// The CPU has the instructions of `V`; implementations are inlined into a function that enables them.
    unsafe fn run<V: Vector>(self) -> Self::Output;
}

/// A register of `f32` lanes.
///
/// # Safety
/// Every function needs the CPU to have the instructions of the implementing type; `load` and `store` need `LANES`
/// values at the pointer.
pub(super) trait Vector: Copy {
    const LANES: usize;
    /// Sums and products in double precision.
    type Eight: Eight;
    /// How many [`Eight`]s a sum may keep in registers, twice.
    const EIGHTS: usize;

    unsafe fn splat(value: f32) -> Self;
    unsafe fn load(from: *const f32) -> Self;
    unsafe fn store(self, to: *mut f32);
    unsafe fn sub(self, other: Self) -> Self;
    unsafe fn mul(self, other: Self) -> Self;
    unsafe fn min(self, other: Self) -> Self;
    /// `self · factor + term`.
    unsafe fn fma(self, factor: Self, term: Self) -> Self;
    /// Lane by lane `yes` where `self < other`, else `no`, bits kept.
    unsafe fn where_less(self, other: Self, yes: Self, no: Self) -> Self;
    /// Columns `0..8` of `8` rows that lie `stride` apart, to `8` columns that lie `pitch` apart.
    unsafe fn transpose_8x8(from: *const f32, stride: usize, to: *mut f32, pitch: usize);

    /// Asks for the cache line at `at`.
    unsafe fn prefetch(at: *const f32);
}

/// Eight `f64`, whatever registers that takes: sums have the same order on every set.
///
/// # Safety
/// Every function needs the CPU to have the instructions of the implementing type; `load` and `store` need 8 values at
/// the pointer, `widen` 8 `f32`.
pub(super) trait Eight: Copy {
    unsafe fn splat(value: f64) -> Self;
    unsafe fn load(from: *const f64) -> Self;
    unsafe fn widen(from: *const f32) -> Self;
    unsafe fn store(self, to: *mut f64);
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn sub(self, other: Self) -> Self;
    unsafe fn mul(self, other: Self) -> Self;
}
