//! What self-tests of all extension points share.

use crate::fault::{Fault, with_last_words};
use crate::refusal::Refusal;
use crate::shown;
use posthouse_domain::{Words, words};

/// Where what is drawn for every self-test comes from.
pub(crate) const SEED: u64 = 0x0b5e_55ed;

/// A call that failed, with what it was about: nobody real is in it.
pub(crate) fn faulted(what: &Words, fault: &Fault, asked: Option<&Words>) -> Refusal {
    let told = shown::behind(with_last_words(fault, &fault.receipt.log), asked);
    Refusal::new(
        "self_test_fault",
        words!("self-test with {what}: {told}", "自检（{what}）：{told}"),
    )
}
