//! What computes.

#[cfg(feature = "gpu")]
use tenure_kernels::kmeans::gpu::Gpu;

/// What computes: the CPU's threads, or a GPU.
///
/// On a GPU run Lloyd iterations of rows in memory, all restarts together, and labels; seeding, distances in `f64` and rows
/// that are streamed stay on the CPU. Small batches ([`fit_batch`](crate::KMeans::fit_batch)) do too: they fit its cache.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub enum Device {
    /// All threads of the present pool.
    #[default]
    Cpu,
    /// A GPU; only with the feature `gpu`.
    #[cfg(feature = "gpu")]
    Gpu(Gpu),
}
