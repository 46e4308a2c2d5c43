//! Stores what came of deliveries: gathered for some milliseconds, written in one statement. The one place that settles them.
//!
//! What must hold: an outcome is kept until it is stored, however long the database is away; callers wait when too many
//! are unstored. Only then does the delivery count as ended, and a manifest goes only after the last of its own.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use socialhook_core::id::{ManifestId, NodeId};
use socialhook_store::attempts::{self, Finished};
use socialhook_store::deliveries::{self, Released};
use socialhook_store::{PgConnection, Result};
use tokio::sync::mpsc;

use crate::Means;
use crate::job::Manifest;
use crate::open::Open;
use crate::rollups::Rollups;
use crate::tasks::Tasks;
use crate::within::Line;

/// Outcomes that may wait to be stored.
const QUEUE: usize = 8192;
/// Outcomes stored together.
const BATCH: usize = 1024;
/// How long outcomes gather: a few of these fit between a request and the reader who looks for it.
const GATHER: Duration = Duration::from_millis(20);
/// A statement that takes longer is thought lost, and repeated: it stores nothing twice.
const WITHIN: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_millis(250);

/// What becomes of a delivery, and the manifest that it stands in.
pub(crate) enum Entry {
    Finished(Finished, Option<Arc<Manifest>>),
    Released(Released, Option<Arc<Manifest>>),
    /// A manifest of which nothing was left to send.
    Empty(Arc<Manifest>),
}

pub(crate) struct Recorder(Mutex<Option<mpsc::Sender<Entry>>>);

impl Recorder {
    pub(crate) fn start(tasks: &Tasks, means: Means, node_id: NodeId, (open, rollups): (Arc<Open>, Rollups)) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let line = Line::new(means.pools.recorder.clone());
        tasks.spawn_core(Writing { means, line, node_id, open, rollups, closed: Vec::new() }.run(receiver));
        Self(Mutex::new(Some(sender)))
    }

    /// Queues an entry; waits while the queue is full. After [`Recorder::close`] it is dropped: the delivery stays as it is in the
    /// database, and is taken over from this process.
    pub(crate) async fn record(&self, entry: Entry) {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(sender) = sender {
            let _ = sender.send(entry).await;
        }
    }

    /// Takes nothing more; what waits is still stored.
    pub(crate) fn close(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

struct Writing {
    means: Means,
    line: Line,
    node_id: NodeId,
    open: Arc<Open>,
    rollups: Rollups,
    /// Manifests that are over, to be deleted with what is stored next.
    closed: Vec<ManifestId>,
}

impl Writing {
    async fn run(mut self, mut receiver: mpsc::Receiver<Entry>) {
        let mut waiting = Vec::with_capacity(BATCH);
        loop {
            if receiver.is_empty() && !self.closed.is_empty() {
                self.store_finished(Vec::new()).await;
            }
            if receiver.recv_many(&mut waiting, BATCH).await == 0 {
                return;
            }
            let (mut finished, mut released) = (Vec::new(), Vec::new());
            for entry in waiting.drain(..) {
                match entry {
                    Entry::Finished(one, manifest) => finished.push((one, manifest)),
                    Entry::Released(one, manifest) => released.push((one, manifest)),
                    Entry::Empty(manifest) => self.closed.push(manifest.manifest_id),
                }
            }
            if !released.is_empty() {
                self.store_released(released).await;
            }
            if !finished.is_empty() {
                self.store_finished(finished).await;
            }
            tokio::time::sleep(GATHER).await;
        }
    }

    async fn store_finished(&mut self, batch: Vec<(Finished, Option<Arc<Manifest>>)>) {
        let (batch, manifests): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
        let closed = std::mem::take(&mut self.closed);
        let stored = self.in_parts(Batch::Finished(&batch, &closed)).await;
        if stored.is_whole {
            self.open.close(&closed);
        } else {
            self.closed = closed;
        }
        self.count(&batch, &stored);
        self.settle(manifests, &stored);
        self.open.settle(batch.iter().map(|one| (one.tenant_id, one.event_id, one.endpoint_id)));
    }

    fn count(&self, batch: &[Finished], stored: &Stored) {
        let mut counting = self.rollups.counting();
        for (place, finished) in batch.iter().enumerate() {
            if stored.refused.is_empty() || !stored.refused.contains(&place) {
                counting.attempt(finished);
            }
        }
    }

    async fn store_released(&mut self, batch: Vec<(Released, Option<Arc<Manifest>>)>) {
        let (batch, manifests): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
        let stored = self.in_parts(Batch::Released(&batch)).await;
        self.settle(manifests, &stored);
        self.open.released(batch.len());
    }

    /// A manifest is over once all of its deliveries are stored; one of which something could not be stored stays, for the next
    /// sweep to find.
    fn settle(&mut self, manifests: Vec<Option<Arc<Manifest>>>, stored: &Stored) {
        for (place, manifest) in manifests.into_iter().enumerate() {
            let Some(manifest) = manifest else { continue };
            if stored.refused.contains(&place) {
                self.open.close(&[manifest.manifest_id]);
            } else if manifest.settle_one() {
                self.closed.push(manifest.manifest_id);
            }
        }
    }

    /// Stores a batch, however long it takes; if the database refuses one entry, stores the others in parts.
    async fn in_parts(&mut self, batch: Batch<'_>) -> Stored {
        let whole = 0..batch.len();
        let mut open = vec![whole];
        let (mut refused, mut is_whole, mut in_doubt) = (Vec::new(), true, false);
        while let Some(range) = open.pop() {
            let part = batch.part(range.clone());
            let (node_id, now) = (self.node_id, self.means.clock.now());
            match self.line.within(WITHIN, async |c| part.store(c, node_id, now).await).await {
                Ok(()) => {}
                // An earlier try was committed, as a whole, and only its answer lost.
                Err(error) if error.is_duplicate() && (in_doubt || range.len() == 1) => {}
                Err(error) if error.is_about_the_statement() => {
                    is_whole = false;
                    if range.len() > 1 {
                        let middle = range.start + range.len() / 2;
                        open.extend([middle..range.end, range.start..middle]);
                    } else {
                        tracing::error!(
                            error = &error as &dyn std::error::Error,
                            "what came of a delivery could not be stored"
                        );
                        refused.push(range.start);
                    }
                }
                Err(error) => {
                    wait_out(&error, range.len()).await;
                    in_doubt = true;
                    open.push(range);
                }
            }
        }
        Stored { is_whole, refused }
    }
}

struct Stored {
    /// Nothing had to be stored by itself.
    is_whole: bool,
    /// Places of what the database refused.
    refused: Vec<usize>,
}

/// What is stored in one statement.
#[derive(Clone, Copy)]
enum Batch<'a> {
    /// Outcomes, and the manifests that are over.
    Finished(&'a [Finished], &'a [ManifestId]),
    Released(&'a [Released]),
}

impl Batch<'_> {
    fn len(self) -> usize {
        match self {
            Self::Finished(batch, _) => batch.len(),
            Self::Released(batch) => batch.len(),
        }
    }

    /// A part; manifests that are over go with the whole batch only.
    fn part(self, range: Range<usize>) -> Self {
        let is_whole = range.len() == self.len();
        match self {
            Self::Finished(batch, closed) => Self::Finished(&batch[range], if is_whole { closed } else { &[] }),
            Self::Released(batch) => Self::Released(&batch[range]),
        }
    }

    async fn store(self, c: &mut PgConnection, node_id: NodeId, now: DateTime<Utc>) -> Result<()> {
        match self {
            Self::Finished(batch, closed) => attempts::record(c, node_id, batch, closed).await,
            Self::Released(batch) => deliveries::release(c, node_id, batch, now).await,
        }
    }
}

async fn wait_out(error: &socialhook_store::Error, unstored: usize) {
    tracing::warn!(error = error as &dyn std::error::Error, unstored, "the database is away; outcomes wait");
    tokio::time::sleep(RETRY).await;
}
