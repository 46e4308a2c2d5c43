//! Work on a database connection, bounded from this side.
//!
//! A server bounds its statements itself, but not where it hangs, or where the line to it has gone dead: then an answer never comes,
//! and a connection that only waits for one never notices.

use std::io;
use std::time::Duration;

use socialhook_store::{PgConnection, Result};
use sqlx::PgPool;

/// Does something on a connection of a pool. After `limit` the connection is given up, and whether the work was done is not known.
pub(crate) async fn within<T>(
    pool: &PgPool,
    limit: Duration,
    work: impl AsyncFnOnce(&mut PgConnection) -> Result<T>,
) -> Result<T> {
    let mut c = pool.acquire().await?;
    if let Ok(done) = tokio::time::timeout(limit, work(&mut c)).await {
        return done;
    }
    // Back in the pool it would be waited for, and to close it in order would take its place for as long: it is cut.
    drop(c.detach());
    Err(sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, "the database did not answer")).into())
}
