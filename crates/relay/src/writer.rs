//! Group commit: whatever waits is written in one statement and one commit, then everyone who waited is told.
//!
//! No timer: a batch is what came in while the one before was being flushed, so an idle service answers after one flush and
//! a busy one writes large batches. What must hold: a submission is answered with success only after its commit; fresh
//! deliveries go to the dispatcher at once; a batch that the database refuses is halved until only the culprit fails.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use socialhook_core::id::{EventId, NodeId, TenantId};
use socialhook_store::ingest::{self, NewEvent, NewReceipt};
use socialhook_store::pools::INGEST_CONNECTIONS;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use crate::dispatcher::Dispatcher;
use crate::job::Job;
use crate::tasks::Tasks;
use crate::within::within;

/// Submissions that may wait; one more is answered 503.
const QUEUE: usize = 20_000;
/// KiB of bodies that may wait; beyond, 503.
const QUEUE_KIB: u32 = 128 << 10;
/// Submissions written together.
const BATCH: usize = 512;
/// Bytes of bodies written together, unless one submission alone is larger.
const BATCH_BYTES: usize = 8 << 20;

/// Longer than a statement may take: only a dead line is given up.
const WITHIN: Duration = Duration::from_secs(5);

/// What one POST asks to be stored.
#[derive(Debug, Default)]
pub(crate) struct Submission {
    pub(crate) receipts: Vec<NewReceipt>,
    pub(crate) events: Vec<NewEvent>,
}

impl Submission {
    fn size(&self) -> usize {
        let receipts: usize = self.receipts.iter().map(|receipt| receipt.body.len()).sum();
        receipts + self.events.iter().map(|new| new.event.body.len()).sum::<usize>()
    }
}

/// It was not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotStored;

struct Waiting {
    submission: Submission,
    /// Held for as long as the bodies are in memory.
    _room: OwnedSemaphorePermit,
    done: oneshot::Sender<Result<usize, NotStored>>,
}

pub(crate) struct Writer {
    sender: Mutex<Option<mpsc::Sender<Waiting>>>,
    room: Arc<Semaphore>,
}

impl Writer {
    pub(crate) fn start(tasks: &Tasks, pool: sqlx::PgPool, node_id: NodeId, dispatcher: Dispatcher) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let writing = Arc::new(Writing { pool, node_id, dispatcher });
        tasks.spawn_core(batches(receiver, writing));
        Self { sender: Mutex::new(Some(sender)), room: Arc::new(Semaphore::new(QUEUE_KIB as usize)) }
    }

    /// Stores a submission; returns how many of its events were new.
    pub(crate) async fn write(&self, submission: Submission) -> Result<usize, NotStored> {
        let (done, stored) = oneshot::channel();
        let kib = u32::try_from(submission.size() / 1024 + 1).unwrap_or(u32::MAX).min(QUEUE_KIB);
        let room = self.room.clone().try_acquire_many_owned(kib).map_err(|_| NotStored)?;
        {
            let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
            let sender = sender.as_ref().ok_or(NotStored)?;
            sender.try_send(Waiting { submission, _room: room, done }).map_err(|_| NotStored)?;
        }
        stored.await.unwrap_or(Err(NotStored))
    }

    /// Takes nothing more; what waits is still written.
    pub(crate) fn close(&self) {
        self.sender.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

async fn batches(mut receiver: mpsc::Receiver<Waiting>, writing: Arc<Writing>) {
    let connections = Arc::new(Semaphore::new(INGEST_CONNECTIONS as usize));
    while let Some(first) = receiver.recv().await {
        let Ok(permit) = connections.clone().acquire_owned().await else { return };
        let mut bytes = first.submission.size();
        let mut batch = vec![first];
        while batch.len() < BATCH && bytes < BATCH_BYTES {
            let Ok(next) = receiver.try_recv() else { break };
            bytes += next.submission.size();
            batch.push(next);
        }
        let writing = writing.clone();
        tokio::spawn(async move {
            writing.write(batch).await;
            drop(permit);
        });
    }
    // Wait for the batches under way.
    let _ = connections.acquire_many(INGEST_CONNECTIONS).await;
}

struct Writing {
    pool: sqlx::PgPool,
    node_id: NodeId,
    dispatcher: Dispatcher,
}

type Fresh = HashSet<(TenantId, EventId)>;

impl Writing {
    async fn write(&self, batch: Vec<Waiting>) {
        let mut open = vec![batch];
        while let Some(mut batch) = open.pop() {
            match self.store(&batch).await {
                Ok(fresh) => self.hand_over(batch, fresh),
                Err(error) if error.is_about_the_statement() && batch.len() > 1 => {
                    let second = batch.split_off(batch.len() / 2);
                    open.extend([second, batch]);
                }
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        webhooks = batch.len(),
                        "webhooks could not be stored"
                    );
                    for waiting in batch {
                        let _ = waiting.done.send(Err(NotStored));
                    }
                }
            }
        }
    }

    async fn store(&self, batch: &[Waiting]) -> Result<Fresh, socialhook_store::Error> {
        let receipts: Vec<&NewReceipt> = batch.iter().flat_map(|waiting| &waiting.submission.receipts).collect();
        let mut events: Vec<&NewEvent> = batch.iter().flat_map(|waiting| &waiting.submission.events).collect();
        events.sort_unstable_by_key(|new| (new.tenant_id, new.event.event_id));
        within(&self.pool, WITHIN, async |c| ingest::write(c, self.node_id, &receipts, &events).await).await
    }

    /// Tells everyone, then sends what is new. An event that came twice in one batch is new once.
    fn hand_over(&self, batch: Vec<Waiting>, mut fresh: Fresh) {
        let mut jobs = Vec::with_capacity(fresh.len());
        for waiting in batch {
            let mut new = 0;
            for event in waiting.submission.events {
                if fresh.remove(&(event.tenant_id, event.event.event_id)) {
                    new += 1;
                    jobs.extend(Job::first(event));
                }
            }
            let _ = waiting.done.send(Ok(new));
        }
        self.dispatcher.submit(jobs);
    }
}
