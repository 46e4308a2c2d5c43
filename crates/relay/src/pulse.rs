//! Whether the database answers, asked a few times a second on a connection of its own.
//!
//! What must hold: while it does not, Meta is told so at once and nobody waits; neither a statement timeout, which a server
//! that hangs does not keep, nor a pool that goes on trying to connect may be what ends the wait.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use socialhook_store::{PgConnection, Pools, directory};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::tasks::Tasks;

const EVERY: Duration = Duration::from_millis(250);
/// A database that takes longer over one row of a small table is as good as away.
const ANSWER_WITHIN: Duration = Duration::from_millis(750);

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Pulse {
    there: watch::Receiver<bool>,
    /// When it was last not felt, or felt on a new connection only.
    shaken: Shaken,
}

type Shaken = Arc<Mutex<Option<Instant>>>;

impl Pulse {
    /// For a relay that is driven by hand: the database is never thought away.
    pub(crate) fn untaken() -> Self {
        Self { there: watch::channel(true).1, shaken: Shaken::default() }
    }

    pub(crate) fn take(tasks: &Tasks, pools: Pools, stop: CancellationToken) -> Self {
        let (tell, there) = watch::channel(true);
        let shaken = Shaken::default();
        let shake = shaken.clone();
        tasks.spawn_core(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = feel(&pools, &tell, &shake) => {}
            }
        });
        Self { there, shaken }
    }

    pub(crate) fn is_lost(&self) -> bool {
        !*self.there.borrow()
    }

    /// Resolves once it is lost.
    pub(crate) async fn lost(&self) {
        if self.there.clone().wait_for(|there| !there).await.is_err() {
            // Nobody feels it any more: the relay stops, which has its own bounds.
            std::future::pending::<()>().await;
        }
    }

    /// True once for each time that the database was away or dropped its connections, and has been there for `calm` since:
    /// answers may have been lost, and what it had not flushed.
    pub(crate) fn was_shaken(&self, calm: Duration) -> bool {
        let mut shaken = self.shaken.lock().unwrap_or_else(PoisonError::into_inner);
        shaken.take_if(|at| at.elapsed() >= calm).is_some()
    }
}

async fn feel(pools: &Pools, tell: &watch::Sender<bool>, shaken: &Shaken) {
    let mut connection = None;
    let mut interval = tokio::time::interval(EVERY);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        let first = beat(pools, &mut connection).await;
        if !matches!(first, Beat::Felt) {
            *shaken.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
        let there = match first {
            Beat::Felt => true,
            // A connection that ended says little: a new one decides.
            Beat::Broken => matches!(beat(pools, &mut connection).await, Beat::Felt),
            Beat::Late => false,
        };
        let was_there = tell.send_replace(there);
        match (was_there, there) {
            (true, false) => tracing::error!("the database does not answer; webhooks are answered 503 until it does"),
            (false, true) => tracing::warn!("the database answers again"),
            _ => {}
        }
    }
}

enum Beat {
    Felt,
    Broken,
    Late,
}

async fn beat(pools: &Pools, connection: &mut Option<PgConnection>) -> Beat {
    let asked = async {
        let mut c = match connection.take() {
            Some(c) => c,
            None => pools.apart().await?,
        };
        directory::epoch(&mut c).await?;
        Ok::<_, socialhook_store::Error>(c)
    };
    match tokio::time::timeout(ANSWER_WITHIN, asked).await {
        Ok(Ok(c)) => {
            *connection = Some(c);
            Beat::Felt
        }
        Ok(Err(error)) => {
            tracing::debug!(error = &error as &dyn std::error::Error, "no pulse");
            Beat::Broken
        }
        Err(_) => Beat::Late,
    }
}
