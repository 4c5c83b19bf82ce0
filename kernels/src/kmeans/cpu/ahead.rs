//! Rows asked for ahead of time, a few lines at each step of the work before them.

use crate::lanes::Lanes;

/// Values in one cache line.
const LINE: usize = 16;

/// Rows that come next, on their way into the cache. Asked for all at once they would fill the queues that the work
/// itself needs; and what the processor fetches of its own accord ends at each page.
pub(super) struct Ahead<'a> {
    rest: &'a [f32],
    per_step: usize,
}

impl<'a> Ahead<'a> {
    /// `next` is to have been asked for after `n_steps`.
    pub(super) fn new(next: &'a [f32], n_steps: usize) -> Self {
        Self { rest: next, per_step: next.len().div_ceil(LINE).div_ceil(n_steps.max(1)) }
    }

    /// # Safety
    /// `L`'s instructions.
    #[inline(always)]
    pub(super) unsafe fn step<L: Lanes>(&mut self) {
        let (now, rest) = self.rest.split_at((LINE * self.per_step).min(self.rest.len()));
        for line in now.chunks(LINE) {
            // SAFETY: the line exists; a prefetch changes nothing.
            unsafe { L::prefetch(line.as_ptr()) };
        }
        self.rest = rest;
    }
}
