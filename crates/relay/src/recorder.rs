//! Stores what came of attempts: gathered for some milliseconds, written in one statement.
//!
//! What must hold: an outcome is kept until it is stored, however long the database is away; callers wait when too many
//! are unstored. Only then does the job count as ended.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use socialhook_core::id::{EndpointId, EventId, NodeId, TenantId};
use socialhook_store::attempts::{self, Finished};
use socialhook_store::deliveries;
use tokio::sync::mpsc;

use crate::Means;
use crate::tasks::Tasks;
use crate::within::within;

/// Outcomes that may wait to be stored.
const QUEUE: usize = 8192;
/// Outcomes stored together.
const BATCH: usize = 1024;
/// How long outcomes gather: a few of these fit between a request and the reader who looks for it.
const GATHER: Duration = Duration::from_millis(5);
/// A statement that takes longer is thought lost, and repeated: it stores nothing twice.
const WITHIN: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_millis(250);

type OnStored = Box<dyn FnOnce() + Send>;

pub(crate) struct Recorder {
    sender: Mutex<Option<mpsc::Sender<(Finished, OnStored)>>>,
    means: Means,
    node_id: NodeId,
}

impl Recorder {
    pub(crate) fn start(tasks: &Tasks, means: Means, node_id: NodeId) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        tasks.spawn_core(write(receiver, means.clone(), node_id));
        Self { sender: Mutex::new(Some(sender)), means, node_id }
    }

    /// Queues an outcome; `on_stored` runs once it is in the database. Waits while the queue is full.
    pub(crate) async fn record(&self, finished: Finished, on_stored: impl FnOnce() + Send + 'static) {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match sender {
            Some(sender) => {
                let _ = sender.send((finished, Box::new(on_stored))).await;
            }
            // Stopped: the delivery stays owned by this process, and is taken over from it.
            None => on_stored(),
        }
    }

    /// Gives deliveries back that will not be sent from here; tries until the database takes it.
    pub(crate) async fn release(&self, keys: &[(TenantId, EventId, EndpointId)]) {
        for chunk in keys.chunks(BATCH) {
            loop {
                let released = within(&self.means.pools.background, WITHIN, async |c| {
                    deliveries::release(c, self.node_id, chunk, self.means.clock.now()).await
                });
                match released.await {
                    Ok(()) => break,
                    Err(error) => wait_out(&error, chunk.len()).await,
                }
            }
        }
    }

    /// Takes nothing more; what waits is still stored.
    pub(crate) fn close(&self) {
        self.sender.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

async fn write(mut receiver: mpsc::Receiver<(Finished, OnStored)>, means: Means, node_id: NodeId) {
    let mut waiting = Vec::with_capacity(BATCH);
    while receiver.recv_many(&mut waiting, BATCH).await > 0 {
        let (batch, on_stored): (Vec<_>, Vec<_>) = waiting.drain(..).unzip();
        store(&means, node_id, &batch).await;
        for run in on_stored {
            run();
        }
        tokio::time::sleep(GATHER).await;
    }
}

/// Stores a batch; if the database refuses one outcome, stores the others one by one.
async fn store(means: &Means, node_id: NodeId, batch: &[Finished]) {
    let mut open = vec![batch];
    while let Some(batch) = open.pop() {
        let stored = within(&means.pools.background, WITHIN, async |c| attempts::record(c, node_id, batch).await);
        match stored.await {
            Ok(()) => {}
            Err(error) if error.is_about_the_statement() => match batch {
                [one] => {
                    tracing::error!(error = &error as &dyn std::error::Error, event.id = %one.event_id, "an attempt could not be recorded");
                }
                several => {
                    let (first, second) = several.split_at(several.len() / 2);
                    open.extend([second, first]);
                }
            },
            Err(error) => {
                wait_out(&error, batch.len()).await;
                open.push(batch);
            }
        }
    }
}

async fn wait_out(error: &socialhook_store::Error, unstored: usize) {
    tracing::warn!(error = error as &dyn std::error::Error, unstored, "the database is away; outcomes wait");
    tokio::time::sleep(RETRY).await;
}
