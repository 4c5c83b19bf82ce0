//! Memory for each row, filled on all threads: the system hands a page out when it is first written, which takes as long as
//! reading it.

use rayon::prelude::*;

/// Values that one thread writes at a time.
const AT_ONCE: usize = 1 << 16;

/// So many times the same value.
pub(crate) fn filled<T: Copy + Default + Send + Sync>(value: T, len: usize) -> Vec<T> {
    let mut values = vec![T::default(); len];
    values.par_chunks_mut(AT_ONCE).for_each(|part| part.fill(value));
    values
}
