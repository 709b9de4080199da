//! Memory of a plugin.
//!
//! An instance lives for one call, and what a call needs is there from the start: allocations come one after the other out of
//! a fixed room and are never given back. Memory that grows is dearer than it looks, because the host has to open each new
//! stretch to the guest and to close it again before the next call. A call that needs more room, or allocates and frees without
//! end, gets the rest from the usual allocator.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, UnsafeCell};

/// Holds the columns of a full call of about ten facts and its answer.
const ROOM: usize = 512 << 10;
/// What the room begins at a multiple of.
const ALIGN: usize = 16;

#[repr(align(16))]
struct Arena {
    room: UnsafeCell<[u8; ROOM]>,
    used: Cell<usize>,
}

#[global_allocator]
static ARENA: Arena = Arena {
    room: UnsafeCell::new([0; ROOM]),
    used: Cell::new(0),
};

// SAFETY: a plugin has one thread; the host refuses components with shared memory.
unsafe impl Sync for Arena {}

impl Arena {
    fn begin(&self) -> *mut u8 {
        self.room.get().cast()
    }

    /// Where in the room the block begins, if it is in the room.
    fn place(&self, block: *mut u8) -> Option<usize> {
        let place = block.addr().wrapping_sub(self.begin().addr());
        (place < ROOM).then_some(place)
    }

    /// The next stretch of the room, which nothing has been written to.
    fn take(&self, layout: Layout) -> Option<*mut u8> {
        let begin = self.used.get().next_multiple_of(layout.align());
        let end = begin.checked_add(layout.size())?;
        if end > ROOM || layout.align() > ALIGN || layout.size() == 0 {
            return None;
        }
        self.used.set(end);
        // SAFETY: `begin` is less than `ROOM`, as the block is not empty and ends inside the room.
        Some(unsafe { self.begin().add(begin) })
    }
}

// SAFETY: blocks of the room do not overlap, as `used` only grows; they are aligned as asked, as the room begins at a multiple of
// `ALIGN` and `take` refuses more than that; all other blocks come from `System` and go back to it with their own layout.
unsafe impl GlobalAlloc for Arena {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `alloc`, which is the same for `System`.
        self.take(layout).unwrap_or_else(|| unsafe { System.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // The room begins as zeros and no part of it is handed out twice.
        // SAFETY: as in `alloc`.
        self.take(layout)
            .unwrap_or_else(|| unsafe { System.alloc_zeroed(layout) })
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if self.place(block).is_none() {
            // SAFETY: the block is not of the room, so `System` gave it, with this layout.
            unsafe { System.dealloc(block, layout) }
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let Some(place) = self.place(block) else {
            // SAFETY: the block is not of the room, so `System` gave it, with this layout.
            return unsafe { System.realloc(block, layout, size) };
        };
        if size <= layout.size() {
            return block;
        }
        if place + layout.size() == self.used.get() && size <= ROOM - place {
            // The last block grows where it stands.
            self.used.set(place + size);
            return block;
        }
        // SAFETY: the caller vouches for the size with this alignment; the new block has room for the old one's bytes and does
        // not overlap with it, as the old one stays taken.
        unsafe {
            let grown = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !grown.is_null() {
                grown.copy_from_nonoverlapping(block, layout.size());
            }
            grown
        }
    }
}
