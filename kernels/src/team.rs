//! Threads that go through phases of numbered tasks together.
//!
//! A training step of a small network takes tens of microseconds: threads stay for a whole epoch and meet at a gate that
//! spins, instead of being woken for every product. Which thread takes which task is open; what a task does never depends
//! on it.

// Between phases tasks hand memory to each other; the gate's ordering is what makes that sound, and is told at each use.
#![allow(unsafe_code)]

use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Spins before a waiting thread offers its core to others.
const SPINS: usize = 4096;

/// Where the threads of a team meet.
pub(crate) struct Gate {
    n_threads: usize,
    next_task: AtomicUsize,
    arrived: AtomicUsize,
    generation: AtomicUsize,
    broken: AtomicBool,
}

/// Breaks the gate when its thread unwinds, so that the others do not wait for ever.
struct Breaker<'a>(&'a Gate);

impl Drop for Breaker<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.broken.store(true, Ordering::Release);
        }
    }
}

impl Gate {
    /// Runs `work` on `n_threads` threads, this one among them; all go through the same phases.
    pub(crate) fn run(n_threads: usize, work: impl Fn(&Gate) + Sync) {
        let gate = Gate {
            n_threads: n_threads.max(1),
            next_task: AtomicUsize::new(0),
            arrived: AtomicUsize::new(0),
            generation: AtomicUsize::new(0),
            broken: AtomicBool::new(false),
        };
        let guarded = || {
            let _breaker = Breaker(&gate);
            work(&gate);
        };
        std::thread::scope(|scope| {
            for _ in 1..gate.n_threads {
                scope.spawn(guarded);
            }
            guarded();
        });
    }

    /// Takes tasks `0..n_tasks` in order until none is left, then waits for the other threads. What any thread wrote before
    /// the end of a phase, every thread sees after it.
    pub(crate) fn phase(&self, n_tasks: usize, mut work: impl FnMut(usize)) {
        loop {
            let task = self.next_task.fetch_add(1, Ordering::Relaxed);
            if task >= n_tasks {
                break;
            }
            work(task);
        }
        self.wait();
    }

    fn wait(&self) {
        let generation = self.generation.load(Ordering::Acquire);
        if self.arrived.fetch_add(1, Ordering::AcqRel) + 1 == self.n_threads {
            self.arrived.store(0, Ordering::Relaxed);
            self.next_task.store(0, Ordering::Relaxed);
            self.generation.store(generation.wrapping_add(1), Ordering::Release);
            return;
        }
        let mut spins = 0;
        while self.generation.load(Ordering::Acquire) == generation {
            assert!(!self.broken.load(Ordering::Acquire), "another thread of the team panicked");
            spins += 1;
            if spins < SPINS { std::hint::spin_loop() } else { std::thread::yield_now() }
        }
    }
}

/// Plain numbers in one allocation that tasks of a phase write at disjoint places; aligned to cache lines.
pub(crate) struct Shared<T: Copy> {
    at: *mut T,
    len: usize,
}

// SAFETY: it owns plain numbers; access to them is unsafe and argued for by whoever does it.
unsafe impl<T: Copy + Send> Send for Shared<T> {}
// SAFETY: as above.
unsafe impl<T: Copy + Send> Sync for Shared<T> {}

/// A number for which all zero bits are a value.
pub(crate) trait Zeroed: Copy {}
impl Zeroed for f32 {}
impl Zeroed for f64 {}

impl<T: Zeroed> Shared<T> {
    pub(crate) fn zeros(len: usize) -> Self {
        let layout = Self::layout(len);
        // SAFETY: the layout is not empty.
        let at = unsafe { alloc_zeroed(layout) }.cast::<T>();
        if at.is_null() {
            handle_alloc_error(layout);
        }
        Self { at, len }
    }
}

impl<T: Copy> Shared<T> {
    const ALIGNMENT: usize = 64;

    fn layout(len: usize) -> Layout {
        Layout::array::<T>(len.max(1))
            .and_then(|l| l.align_to(Self::ALIGNMENT))
            .expect("a buffer fits the address space")
    }

    /// Its first number. Reads and writes through it are for phases in which no other task writes the same place.
    #[inline]
    pub(crate) fn at(&self, place: usize) -> *mut T {
        debug_assert!(place <= self.len);
        // SAFETY: `place` is within the allocation, or its end.
        unsafe { self.at.add(place) }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// All numbers, where nobody shares them.
    pub(crate) fn values(&mut self) -> &mut [T] {
        // SAFETY: `&mut self` is the only way to them now; they were zeroed when allocated.
        unsafe { std::slice::from_raw_parts_mut(self.at, self.len) }
    }

    /// All numbers, where nobody writes them.
    ///
    /// # Safety
    /// No task writes any of them while the slice lives.
    #[inline]
    pub(crate) unsafe fn read(&self) -> &[T] {
        // SAFETY: the allocation holds `len` numbers, and the caller keeps writers away.
        unsafe { std::slice::from_raw_parts(self.at, self.len) }
    }

    /// Numbers `start..start + len`, to write.
    ///
    /// # Safety
    /// No other task touches them while the slice lives.
    #[inline]
    #[allow(clippy::mut_from_ref)]
    pub(crate) unsafe fn part(&self, start: usize, len: usize) -> &mut [T] {
        assert!(start + len <= self.len);
        // SAFETY: within the allocation; exclusive by the caller's word.
        unsafe { std::slice::from_raw_parts_mut(self.at.add(start), len) }
    }
}

impl<T: Copy> Drop for Shared<T> {
    fn drop(&mut self) {
        // SAFETY: allocated in `zeros` with the same layout.
        unsafe { dealloc(self.at.cast(), Self::layout(self.len)) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_of_every_phase_is_done_once_and_seen_by_the_next() {
        for n_threads in 1..=4 {
            let sums = Shared::<f64>::zeros(32);
            Gate::run(n_threads, |gate| {
                for phase in 0..50 {
                    // SAFETY: each task has a place of its own, in order with the phase before.
                    gate.phase(32, |task| unsafe { *sums.at((task + phase) % 32) += 1.0 });
                }
            });
            // SAFETY: all threads are gone.
            assert!(unsafe { sums.read() }.iter().all(|sum| *sum == 50.0));
        }
    }

    #[test]
    #[should_panic(expected = "task 1")]
    fn a_panic_ends_a_team_of_one() {
        Gate::run(1, |gate| gate.phase(3, |task| assert!(task != 1, "task 1")));
    }

    #[test]
    fn a_panic_ends_the_whole_team() {
        let team = || Gate::run(3, |gate| gate.phase(3, |task| assert!(task != 1, "task 1")));
        assert!(std::panic::catch_unwind(team).is_err());
    }
}
