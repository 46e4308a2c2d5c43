//! Work on a database connection, bounded from this side.
//!
//! A server bounds its statements itself, but not where it hangs, or where the line to it has gone dead: then an answer never comes,
//! and a connection that only waits for one never notices.

use std::io;
use std::time::{Duration, Instant};

use socialhook_store::{PgConnection, Result};
use sqlx::pool::PoolConnection;
use sqlx::{PgPool, Postgres};

/// So long a line keeps a connection: only its pool sees that one has been idle for long, or has grown old.
const KEPT_FOR: Duration = Duration::from_mins(1);

/// Does something on a connection of a pool. After `limit` the connection is given up, and whether the work was done is not known.
pub(crate) async fn within<T>(
    pool: &PgPool,
    limit: Duration,
    work: impl AsyncFnOnce(&mut PgConnection) -> Result<T>,
) -> Result<T> {
    Line::new(pool.clone()).within(limit, work).await
}

/// A connection for whoever has one batch after the other. It is kept for a while, since on its way back to its pool each makes a round
/// trip to the database.
pub(crate) struct Line {
    pool: PgPool,
    kept: Option<(PoolConnection<Postgres>, Instant)>,
}

impl Line {
    pub(crate) fn new(pool: PgPool) -> Self {
        Self { pool, kept: None }
    }

    /// As [`within`]. A connection on which anything fails goes back to its pool, which sees whether it is still good.
    pub(crate) async fn within<T>(
        &mut self,
        limit: Duration,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T>,
    ) -> Result<T> {
        // An old one goes back before another is asked for: it may be the last of its pool.
        let (mut c, since) = match self.kept.take().filter(|(_, since)| since.elapsed() < KEPT_FOR) {
            Some(kept) => kept,
            None => (self.pool.acquire().await?, Instant::now()),
        };
        let Ok(done) = tokio::time::timeout(limit, work(&mut c)).await else {
            // Back in the pool it would be waited for, and to close it in order would take its place for as long: it is cut.
            drop(c.detach());
            return Err(sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, "the database did not answer")).into());
        };
        if done.is_ok() {
            self.kept = Some((c, since));
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

    use super::*;

    #[sqlx::test(migrations = false)]
    async fn an_old_connection_goes_back_before_another_is_asked_for(pool: PgPoolOptions, server: PgConnectOptions) {
        let pool = pool.max_connections(1).acquire_timeout(WITHIN).connect_lazy_with(server);
        let mut line = Line::new(pool);
        for _ in 0..2 {
            line.within(WITHIN, async |_| Ok(())).await.expect("a connection");
            let (_, since) = line.kept.as_mut().expect("kept");
            *since -= KEPT_FOR;
        }
    }

    const WITHIN: Duration = Duration::from_secs(5);
}
