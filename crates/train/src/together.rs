//! Networks that learn side by side, each with threads of its own.
//!
//! Steps of networks on tables take tens of microseconds to milliseconds: threads that share one meet several times in it
//! and wait for the slowest each time. Threads with a network each never meet. What a network learns is the same.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::ScopedJoinHandle;

/// Threads of the machine that this process may use.
pub fn n_cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Jobs done side by side.
#[derive(Clone, Copy, Debug)]
pub struct SideBySide<'a> {
    /// Jobs at once.
    pub at_once: usize,
    /// Threads that all jobs at hand share.
    pub n_threads: usize,
    /// Set when a job has failed: the others need not go on.
    pub halted: &'a AtomicBool,
}

impl SideBySide<'_> {
    /// Does all jobs and gives their results in the order of the jobs. `work` is told a job's place in that order and how
    /// many threads are its own. Jobs that are left over when as many as possible have gone side by side share all threads
    /// among them.
    ///
    /// # Errors
    /// The first to happen. No job is begun after it.
    pub fn run<J: Send, T: Send, E: Send>(
        self,
        mut jobs: Vec<J>,
        work: impl Fn(usize, J, usize) -> Result<T, E> + Sync,
    ) -> Result<Vec<T>, E> {
        let n_jobs = jobs.len();
        let at_once = self.at_once.clamp(1, n_jobs.max(1));
        let rest = jobs.split_off(n_jobs - n_jobs % at_once);
        let mut results = self.wave(at_once, 0, jobs, &work)?;
        let first = results.len();
        results.extend(self.wave(rest.len(), first, rest, &work)?);
        Ok(results)
    }

    /// Jobs from the one in place `first`, `at_once` of them at a time.
    fn wave<J: Send, T: Send, E: Send>(
        &self,
        at_once: usize,
        first: usize,
        jobs: Vec<J>,
        work: &(impl Fn(usize, J, usize) -> Result<T, E> + Sync),
    ) -> Result<Vec<T>, E> {
        let n_threads = (self.n_threads / at_once.max(1)).max(1);
        let jobs = jobs.into_iter().enumerate().map(|(i, job)| (first + i, job));
        if at_once <= 1 {
            return jobs.map(|(place, job)| work(place, job, n_threads)).collect();
        }
        let (jobs, failed) = (Mutex::new(jobs), Mutex::new(None));
        let take = || jobs.lock().unwrap_or_else(PoisonError::into_inner).next();
        let worker = || {
            let mut done = Vec::new();
            while let Some((place, job)) = take().filter(|_| !self.halted.load(Ordering::Acquire)) {
                match work(place, job, n_threads) {
                    Ok(result) => done.push((place, result)),
                    Err(error) => {
                        // Kept before it is told: those who end for its sake come later.
                        failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                        self.halted.store(true, Ordering::Release);
                    }
                }
            }
            done
        };
        let mut done: Vec<(usize, T)> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..at_once).map(|_| scope.spawn(worker)).collect();
            let join = |worker: ScopedJoinHandle<'_, _>| worker.join().unwrap_or_else(|p| std::panic::resume_unwind(p));
            workers.into_iter().flat_map(join).collect()
        });
        if let Some(error) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(error);
        }
        done.sort_by_key(|(place, _)| *place);
        Ok(done.into_iter().map(|(_, result)| result).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run<E: Send>(
        at_once: usize,
        n_jobs: usize,
        work: impl Fn(usize, usize) -> Result<usize, E> + Sync,
    ) -> Result<Vec<usize>, E> {
        let together = SideBySide { at_once, n_threads: 4, halted: &AtomicBool::new(false) };
        together.run((0..n_jobs).collect(), |place, job, n_threads| {
            assert_eq!(place, job);
            work(job, n_threads)
        })
    }

    #[test]
    fn results_come_in_order_and_what_is_left_over_shares_all_threads() {
        let threads =
            |at_once, n_jobs| run(at_once, n_jobs, |_, n_threads| Ok::<_, ()>(n_threads)).expect("no job fails");
        assert_eq!(threads(1, 2), [4, 4]);
        assert_eq!(threads(2, 5), [2, 2, 2, 2, 4]);
        assert_eq!(threads(4, 6), [1, 1, 1, 1, 2, 2]);
        assert_eq!(threads(8, 3), [1, 1, 1]);
        assert!(threads(2, 0).is_empty());
        let order = run(3, 7, |job, _| Ok::<_, ()>(job * job)).expect("no job fails");
        assert_eq!(order, [0, 1, 4, 9, 16, 25, 36]);
    }

    #[test]
    fn jobs_go_side_by_side() {
        let barrier = std::sync::Barrier::new(2);
        run(2, 4, |job, _| {
            barrier.wait();
            Ok::<_, ()>(job)
        })
        .expect("each waits for another");
    }

    #[test]
    fn the_first_error_is_told_and_ends_the_others() {
        let halted = AtomicBool::new(false);
        let together = SideBySide { at_once: 2, n_threads: 2, halted: &halted };
        let found = together.run(vec![0, 1, 2, 3, 4], |_, job, _| match job {
            1 => Err("diverged"),
            0 => {
                while !halted.load(Ordering::Acquire) {
                    std::thread::yield_now();
                }
                Err("stopped")
            }
            later => Ok(later),
        });
        assert_eq!(found, Err("diverged"));
    }
}
