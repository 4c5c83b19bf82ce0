//! Progress, told to whoever asks.

/// Hears of progress. All methods do nothing by default.
pub trait Observer {
    /// `n_done` of `n_centroids` initial centroids of every restart are chosen.
    fn seeded(&mut self, n_done: usize, n_centroids: usize) {
        let _ = (n_done, n_centroids);
    }

    /// A Lloyd iteration of all running restarts ended; on a GPU, a few of them.
    fn iterated(&mut self, iteration: &Iteration) {
        let _ = iteration;
    }
}

/// One Lloyd iteration of all restarts that still ran.
#[derive(Debug, Clone, PartialEq)]
pub struct Iteration {
    /// Counted from 1.
    pub n_iter: usize,
    /// Restarts that were still running.
    pub n_running: usize,
    /// Lowest inertia of any running restart, before its centroids moved; on a GPU, of any restart.
    pub inertia: f64,
}

/// Hears nothing.
#[derive(Debug, Clone, Copy)]
pub struct Silent;

impl Observer for Silent {}
