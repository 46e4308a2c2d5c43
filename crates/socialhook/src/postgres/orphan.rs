//! A server of this data directory that still runs although the lock was free: its relay was killed a moment ago, or its keeper too.
//!
//! It is ended and replaced, not adopted: it would run with yesterday's settings and without a keeper, and a fast shutdown
//! takes less time than a restart of the relay.

use std::time::Duration;

use super::layout::Layout;
use super::{Error, LOOK_EVERY, postmaster};

/// A fast shutdown writes what is in memory.
const LIMIT: Duration = Duration::from_mins(1);

/// After a request to end at once.
const CUT_OFF_LIMIT: Duration = Duration::from_secs(10);

/// Returns when no server listens on the socket. The caller holds the lock.
pub(super) async fn end(layout: &Layout) -> Result<(), Error> {
    let Some(server) = postmaster::read(&layout.cluster)? else {
        return Ok(());
    };
    if !postmaster::answers(&layout.socket()).await? {
        return Ok(());
    }
    tracing::warn!(
        pid = server.pid,
        "A PostgreSQL without a relay still runs in the data directory; waiting for its end."
    );
    server.interrupt();
    if gone(layout, LIMIT).await? {
        return Ok(());
    }
    server.cut_off();
    if gone(layout, CUT_OFF_LIMIT).await? {
        return Ok(());
    }
    Err(Error::OrphanStays { cluster: layout.cluster.clone(), pid: server.pid })
}

async fn gone(layout: &Layout, limit: Duration) -> Result<bool, Error> {
    let deadline = tokio::time::Instant::now() + limit;
    while postmaster::answers(&layout.socket()).await? {
        if tokio::time::Instant::now() >= deadline {
            return Ok(false);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(true)
}
