//! Group commit: whatever waits is written in one statement and one commit, then everyone who waited is told.
//!
//! No timer: a batch is what came in while the one before was being flushed, so an idle service answers after one flush and
//! a busy one writes large batches. What must hold: a submission is answered with success only after its commit; fresh
//! deliveries go to the dispatcher at once; a batch that the database refuses is halved until only the culprit fails.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use socialhook_core::clock::Clock;
use socialhook_core::id::{ManifestId, NodeId};
use socialhook_store::ingest::{self, Fresh, NewEvent, NewManifest, NewReceipt};
use socialhook_store::manifests::DELIVERIES_MAX;
use sqlx::PgPool;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use crate::Means;
use crate::dispatcher::Dispatcher;
use crate::job::{self, Job, Manifest};
use crate::lanes::{Lane, PerLane};
use crate::media::Files;
use crate::rollups::Rollups;
use crate::tasks::Tasks;
use crate::within::Line;

/// Submissions that may wait; one more is answered 503.
const QUEUE: usize = 20_000;
/// KiB of bodies that may wait; beyond, 503.
const QUEUE_KIB: u32 = 128 << 10;
/// Submissions written together.
const BATCH: usize = 512;
/// Bytes of bodies written together, unless one submission alone is larger.
const BATCH_BYTES: usize = 8 << 20;

/// A batch of so many does not wait for the one before.
const SECOND_FROM: usize = 48;
/// Longer than a statement may take: only a dead line is given up.
const WITHIN: Duration = Duration::from_secs(5);

/// What one POST asks to be stored.
#[derive(Debug)]
pub(crate) struct Submission {
    pub(crate) lane: Lane,
    pub(crate) receipts: Vec<NewReceipt>,
    pub(crate) events: Vec<NewEvent>,
}

/// The way in, by lane.
type Senders = PerLane<mpsc::Sender<Waiting>>;

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
    senders: Mutex<Option<Senders>>,
    room: Arc<Semaphore>,
}

impl Writer {
    pub(crate) fn start(
        tasks: &Tasks,
        means: &Means,
        node_id: NodeId,
        (dispatcher, rollups, files): (Dispatcher, Rollups, Arc<Files>),
    ) -> Self {
        let clock = means.clock.clone();
        let writing = Arc::new(Writing { node_id, clock, dispatcher, rollups, files });
        let senders = PerLane::new(|| {
            let (sender, receiver) = mpsc::channel(QUEUE);
            tasks.spawn_core(batches(receiver, Lines::new(&means.pools.ingest), writing.clone()));
            sender
        });
        Self { senders: Mutex::new(Some(senders)), room: Arc::new(Semaphore::new(QUEUE_KIB as usize)) }
    }

    /// Stores a submission; returns how many of its events were new.
    pub(crate) async fn write(&self, submission: Submission) -> Result<usize, NotStored> {
        let (done, stored) = oneshot::channel();
        let kib = u32::try_from(submission.size() / 1024 + 1).unwrap_or(u32::MAX).min(QUEUE_KIB);
        let room = self.room.clone().try_acquire_many_owned(kib).map_err(|_| NotStored)?;
        {
            let senders = self.senders.lock().unwrap_or_else(PoisonError::into_inner);
            let sender = senders.as_ref().ok_or(NotStored)?.of(submission.lane);
            sender.try_send(Waiting { submission, _room: room, done }).map_err(|_| NotStored)?;
        }
        stored.await.unwrap_or(Err(NotStored))
    }

    /// Takes nothing more; what waits is still written.
    pub(crate) fn close(&self) {
        self.senders.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Two batches of a lane may be under way, so that one fills the database's time while the other is being flushed. While one is, another
/// sets out only when it is worth a statement of its own: what waits meanwhile makes the next batch larger, and so each event cheaper.
async fn batches(mut receiver: mpsc::Receiver<Waiting>, lines: Lines, writing: Arc<Writing>) {
    while let Some(first) = receiver.recv().await {
        // Whoever is about to submit does so first: with much to do batches grow, with little this takes no time.
        tokio::task::yield_now().await;
        let mut bytes = first.submission.size();
        let mut batch = vec![first];
        let mut line = loop {
            let has_room = batch.len() < BATCH && bytes < BATCH_BYTES;
            let is_large = batch.len() >= SECOND_FROM || !has_room;
            tokio::select! {
                biased;
                Some(next) = receiver.recv(), if has_room => {
                    bytes += next.submission.size();
                    batch.push(next);
                }
                line = lines.one(), if is_large => break line,
                line = lines.one_of_all(), if !is_large => break line,
            }
        };
        let writing = writing.clone();
        // Boxed, since a task is moved several times on its way to a thread, and this one has room for statements of many columns.
        tokio::spawn(Box::pin(async move {
            writing.write(&mut line, batch).await;
        }));
    }
    // Wait for the batches under way.
    lines.one_of_all().await;
}

/// The lines of a lane; one that is locked has a batch under way.
struct Lines {
    first: Arc<AsyncMutex<Line>>,
    second: Arc<AsyncMutex<Line>>,
}

impl Lines {
    fn new(pool: &PgPool) -> Self {
        let line = || Arc::new(AsyncMutex::new(Line::new(pool.clone())));
        Self { first: line(), second: line() }
    }

    /// A line, as soon as one is free.
    async fn one(&self) -> OwnedMutexGuard<Line> {
        tokio::select! {
            line = self.first.clone().lock_owned() => line,
            line = self.second.clone().lock_owned() => line,
        }
    }

    /// A line, as soon as all are free.
    async fn one_of_all(&self) -> OwnedMutexGuard<Line> {
        let line = self.first.clone().lock_owned().await;
        let _ = self.second.lock().await;
        line
    }
}

struct Writing {
    node_id: NodeId,
    clock: Clock,
    dispatcher: Dispatcher,
    rollups: Rollups,
    files: Arc<Files>,
}

/// The events of a batch, each once, sorted, with the place of the submission that brought it.
type Events = Vec<(usize, NewEvent)>;

impl Writing {
    async fn write(&self, line: &mut Line, batch: Vec<Waiting>) {
        let mut open = vec![batch];
        while let Some(mut batch) = open.pop() {
            let events = events_of(&mut batch);
            let manifests = self.manifests(&events);
            match self.store(line, &batch, &events, &manifests).await {
                Ok(fresh) => self.hand_over(batch, events, manifests, &fresh),
                Err(error) if error.is_about_the_statement() && batch.len() > 1 => {
                    for (place, event) in events {
                        batch[place].submission.events.push(event);
                    }
                    let second = batch.split_off(batch.len() / 2);
                    open.extend([second, batch]);
                }
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        webhooks = batch.len(),
                        "webhooks could not be stored"
                    );
                    // The commit may have succeeded though its answer was lost.
                    self.dispatcher.doubt(manifests.iter().map(|manifest| manifest.manifest_id));
                    for waiting in batch {
                        let _ = waiting.done.send(Err(NotStored));
                    }
                }
            }
        }
    }

    /// Parts the events among manifests, of those that have anything to be sent at once.
    fn manifests(&self, events: &Events) -> Vec<NewManifest> {
        let now = self.clock.now();
        let mut manifests: Vec<NewManifest> = Vec::new();
        let mut room = 0;
        for (place, (_, new)) in events.iter().enumerate() {
            let count = job::sent_at_once(new);
            match manifests.last_mut() {
                Some(last) if count <= room => last.events.end = place + 1,
                _ if count == 0 => continue,
                _ => {
                    manifests.push(NewManifest { manifest_id: ManifestId::new(now), events: place..place + 1 });
                    room = DELIVERIES_MAX;
                }
            }
            room = room.saturating_sub(count);
        }
        manifests
    }

    async fn store(
        &self,
        line: &mut Line,
        batch: &[Waiting],
        events: &Events,
        manifests: &[NewManifest],
    ) -> Result<Fresh, socialhook_store::Error> {
        let receipts: Vec<&NewReceipt> = batch.iter().flat_map(|waiting| &waiting.submission.receipts).collect();
        let events: Vec<&NewEvent> = events.iter().map(|(_, new)| new).collect();
        line.within(WITHIN, async |c| ingest::write(c, self.node_id, &receipts, &events, manifests).await).await
    }

    /// How many of each submission's events are new.
    fn count(&self, submissions: usize, events: &Events, fresh: &Fresh) -> Vec<usize> {
        let mut counts = vec![0; submissions];
        let mut counting = self.rollups.counting();
        for (place, new) in events {
            if fresh.has(new.tenant_id, new.event.event_id) {
                counts[*place] += 1;
                counting.event(new.tenant_id, new.channel_id, new.received_at);
            }
        }
        counts
    }

    /// Tells everyone, then sends what is new.
    fn hand_over(&self, batch: Vec<Waiting>, events: Events, manifests: Vec<NewManifest>, fresh: &Fresh) {
        if events.iter().any(|(_, new)| !new.media.is_empty()) {
            self.files.wake.notify_one();
        }
        let counts = self.count(batch.len(), &events, fresh);
        for (waiting, count) in batch.into_iter().zip(counts) {
            let _ = waiting.done.send(Ok(count));
        }
        let mut jobs = Vec::with_capacity(events.len());
        let mut events = events.into_iter().map(|(_, new)| new);
        let mut taken = 0;
        for NewManifest { manifest_id, events: range } in manifests {
            // What stands between two manifests has nothing to be sent.
            let own = events.by_ref().take(range.end - taken);
            taken = range.end;
            let own: Vec<NewEvent> = own.filter(|new| fresh.has(new.tenant_id, new.event.event_id)).collect();
            let deliveries = own.iter().map(job::sent_at_once).sum();
            let manifest = Arc::new(Manifest::new(manifest_id, deliveries));
            if deliveries == 0 {
                self.dispatcher.nothing_to_send(manifest);
            } else {
                jobs.extend(own.into_iter().flat_map(|new| Job::first(new, &manifest)));
            }
        }
        self.dispatcher.submit(jobs);
    }
}

/// Takes the events out of a batch. Of one that came twice, the first counts.
fn events_of(batch: &mut [Waiting]) -> Events {
    let taken = batch.iter_mut().enumerate().flat_map(|(place, waiting)| {
        std::mem::take(&mut waiting.submission.events).into_iter().map(move |new| (place, new))
    });
    let mut events: Events = taken.collect();
    events.sort_by_key(|(_, new)| (new.tenant_id, new.event.event_id));
    events.dedup_by_key(|(_, new)| (new.tenant_id, new.event.event_id));
    events
}
