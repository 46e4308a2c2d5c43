//! How large the futures are that every event passes through: memory that is copied and taken up for each, whatever is done in it.

use std::future::Future;

/// Bytes. What rarely happens is to be boxed, so that not every event carries the room for it about.
const MAX: usize = 2048;

/// Fails if the future that a function makes is too large.
pub(crate) fn assert_small<A, F: Future>(_: impl FnOnce(A) -> F) {
    let size = size_of::<F>();
    assert!(size < MAX, "{size} bytes: box what rarely happens");
}
