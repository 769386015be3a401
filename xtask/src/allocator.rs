//! mimalloc, asked without more than is needed: `docs/decisions/0008-allocator.md`.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout};

use libmimalloc_sys::{mi_malloc, mi_realloc};
use mimalloc::MiMalloc;

/// Asks mimalloc for aligned memory only where the memory that it gives for a size need not be aligned so: nearly half the
/// instructions are for that, and hardly anything that this program asks for needs it.
pub(crate) struct Allocator;

/// Whether what mimalloc gives for the size is aligned so. Source: `mi_malloc` in its documentation, which aligns to what any type of C of
/// that size may need (`MI_MAX_ALIGN_SIZE`, 16), and to a pointer's size at least.
const fn is_aligned_by_size(layout: Layout) -> bool {
    layout.align() <= size_of::<usize>() || (layout.align() == 16 && layout.size() >= 16)
}

// SAFETY: all memory comes from mimalloc and goes back to it, whichever of its functions gave it. What `mi_malloc` and `mi_realloc` give
// is aligned as the layout says, since they are asked only where `is_aligned_by_size`; a layout's alignment does not change when it grows.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if is_aligned_by_size(layout) {
            // SAFETY: any size can be asked for.
            unsafe { mi_malloc(layout.size()) }.cast()
        } else {
            // SAFETY: the layout is passed on.
            unsafe { MiMalloc.alloc(layout) }
        }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the layout is passed on.
        unsafe { MiMalloc.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: it comes from mimalloc.
        unsafe { MiMalloc.dealloc(pointer, layout) }
    }

    #[inline]
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if layout.align() <= size_of::<usize>() {
            // SAFETY: it comes from mimalloc.
            unsafe { mi_realloc(pointer.cast(), size) }.cast()
        } else {
            // SAFETY: it comes from mimalloc, and the layout is passed on.
            unsafe { MiMalloc.realloc(pointer, layout, size) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each size up to where mimalloc has pages of their own, with each alignment that a type may have.
    #[test]
    fn all_memory_is_aligned_as_asked() {
        for size in (1..=1_024).chain([4_096, 70_000, 3 << 20]) {
            for align in [1, 2, 4, 8, 16, 32, 64, 4_096] {
                let layout = Layout::from_size_align(size, align).expect("a power of two");
                // SAFETY: the layout is not empty, and what is given goes back under the layout that it has by then.
                unsafe {
                    let given: Vec<*mut u8> = (0..3).map(|_| Allocator.alloc(layout)).collect();
                    for pointer in given {
                        assert!(!pointer.is_null() && pointer.addr().is_multiple_of(align), "{layout:?}");
                        pointer.write_bytes(7, size);
                        let grown = Allocator.realloc(pointer, layout, size + 100);
                        assert!(!grown.is_null() && grown.addr().is_multiple_of(align), "{layout:?}");
                        assert_eq!(grown.add(size - 1).read(), 7);
                        Allocator.dealloc(grown, Layout::from_size_align(size + 100, align).expect("a power of two"));
                    }
                }
            }
        }
    }
}
