//! Scoring allocates nothing; reading allocates nothing before the digest is right, and little afterwards.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use tenure_artifact::bundle::digest;
use tenure_edge::{Kernel, Model, Prediction, Rows, Workspace};

use crate::made::{Scaling, mixed_bundle, numeric_bundle, numeric_rows, raw};

/// Counts what the calling thread asks for.
struct Counting;

thread_local! {
    static ALLOCATED: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

#[allow(unsafe_code)]
// SAFETY: every call is handed to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = ALLOCATED.try_with(|count| {
            let (calls, bytes) = count.get();
            count.set((calls + 1, bytes + layout.size()));
        });
        // SAFETY: the caller's contract is the system's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's contract is the system's.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Calls and bytes that `job` allocates on this thread.
pub(crate) fn allocated<T>(job: impl FnOnce() -> T) -> (T, (usize, usize)) {
    ALLOCATED.set((0, 0));
    let result = job();
    (result, ALLOCATED.get())
}

#[test]
fn scoring_allocates_nothing() {
    for bits in [8, 32] {
        for task in ["churn", "value", "joint", "segment", "angle"] {
            let file = mixed_bundle(task, bits).to_bytes();
            for kernel in Kernel::available() {
                let model = Model::from_bytes(&file).unwrap().with_kernel(kernel).unwrap();
                let mut workspace = Workspace::new(&model);
                let row = raw(&model.samples()[0].cells);
                let (_, count) = allocated(|| model.predict(&row, &mut workspace).unwrap());
                assert_eq!(count, (0, 0), "{task}, {bits} bits, {kernel:?}");
            }
        }
    }
    let file = numeric_bundle(&[64, 128, 64, 1], 8, Scaling::Quantile(1000)).to_bytes();
    let model = Model::from_bytes(&file).unwrap();
    let mut workspace = Workspace::new(&model);
    let (rows, mut out) = (numeric_rows(100, 64, 1), vec![Prediction::default(); 100]);
    let ((), count) = allocated(|| model.predict_batch(Rows::Numbers(&rows), &mut out, &mut workspace).unwrap());
    assert_eq!(count, (0, 0));
    let (_, count) = allocated(|| model.predict_numbers(&rows[..64], &mut workspace).unwrap());
    assert_eq!(count, (0, 0));
}

#[test]
fn damage_is_found_before_anything_is_allocated() {
    let file = mixed_bundle("churn", 8).to_bytes();
    for at in 0..file.len() {
        let cut = &file[..at];
        let (result, count) = allocated(|| Model::from_bytes(cut).is_err());
        assert!(result && count == (0, 0), "cut to {at} bytes");
        let mut flipped = file.clone();
        flipped[at] ^= 1 << (at % 8);
        let (result, count) = allocated(|| Model::from_bytes(&flipped).is_err());
        assert!(result && count == (0, 0), "byte {at} flipped");
    }
}

/// Counts of four billion with a digest that is right: refused before room is made for them.
#[test]
fn huge_counts_allocate_next_to_nothing() {
    let file = mixed_bundle("churn", 8).to_bytes();
    let mut n_refused = 0;
    for at in (64..file.len() - 4).step_by(1) {
        for value in [u32::MAX, 1 << 24] {
            let mut huge = file.clone();
            huge[at..at + 4].copy_from_slice(&value.to_le_bytes());
            let sum = digest(&huge[24..]);
            huge[16..24].copy_from_slice(&sum.to_le_bytes());
            let (result, (_, bytes)) = allocated(|| Model::from_bytes(&huge).is_err());
            n_refused += usize::from(result);
            assert!(bytes < 64 * file.len(), "{value} at byte {at}: {bytes} bytes allocated");
        }
    }
    assert!(n_refused > 500, "{n_refused}");
}
