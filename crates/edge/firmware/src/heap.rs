//! An allocator that only grows: a model is loaded once and kept.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::UnsafeCell;
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering};

const SIZE: usize = 32 * 1024;

#[repr(align(8))]
struct Heap(UnsafeCell<[u8; SIZE]>);

// SAFETY: the program has one thread and no interrupts.
unsafe impl Sync for Heap {}

static HEAP: Heap = Heap(UnsafeCell::new([0; SIZE]));
static USED: AtomicUsize = AtomicUsize::new(0);

struct Growing;

#[global_allocator]
static ALLOCATOR: Growing = Growing;

/// Bytes handed out so far.
pub fn used_bytes() -> usize {
    USED.load(Ordering::Relaxed)
}

// SAFETY: each allocation is a fresh, aligned range of the heap, or null.
unsafe impl GlobalAlloc for Growing {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let start = used_bytes().next_multiple_of(layout.align());
        let end = start + layout.size();
        if end > SIZE || layout.align() > 8 {
            return ptr::null_mut();
        }
        USED.store(end, Ordering::Relaxed);
        // SAFETY: `start` lies within the heap.
        unsafe { HEAP.0.get().cast::<u8>().add(start) }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}
