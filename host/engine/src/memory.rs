//! What the process gives back of the memory it does not need.

#[cfg(test)]
use libmimalloc_sys::mi_option_get;
use libmimalloc_sys::mi_option_set;
use std::ffi::c_long;

/// The option of mimalloc 3 that says for how many milliseconds free pages are kept: 1,000 unless it is set.
const PURGE_DELAY: i32 = 15;

/// For how many milliseconds free pages are kept. What works on everybody at once, as a night does, needs much for a moment, one step after
/// the other; kept for a second, it adds up. What requests free, the next ones need within a moment: given back at once, it costs them a tenth of
/// their time.
const KEPT_MILLIS: c_long = 5;

/// Has the allocator give pages back soon after they are free. A setting in the environment (`MIMALLOC_PURGE_DELAY`) stands.
pub fn give_back_soon() {
    if std::env::var_os("MIMALLOC_PURGE_DELAY").is_none() {
        set_purge_delay(KEPT_MILLIS);
    }
}

#[cfg(test)]
fn purge_delay() -> c_long {
    // SAFETY: reads a number of the allocator's own table; an option it does not know reads as 0.
    #[allow(unsafe_code, reason = "the allocator is set by calls of C")]
    unsafe {
        mi_option_get(PURGE_DELAY)
    }
}

fn set_purge_delay(millis: c_long) {
    // SAFETY: writes a number into the allocator's own table, which it reads anew whenever it decides what to give back.
    #[allow(unsafe_code, reason = "the allocator is set by calls of C")]
    unsafe {
        mi_option_set(PURGE_DELAY, millis);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_option_is_the_one_that_is_meant() {
        assert_eq!(
            purge_delay(),
            1_000,
            "another version of mimalloc has another number for it"
        );
        give_back_soon();
        assert_eq!(purge_delay(), KEPT_MILLIS);
    }
}
