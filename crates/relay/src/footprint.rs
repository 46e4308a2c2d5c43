//! How large the futures are that every event passes through: memory that is copied and taken up for each, whatever is done in it.

use std::future::Future;

/// Bytes of the future that a function makes.
pub(crate) fn of<A, F: Future>(_: impl FnOnce(A) -> F) -> usize {
    size_of::<F>()
}
