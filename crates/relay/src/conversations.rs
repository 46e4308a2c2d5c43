//! Which conversation each customer's events belong to: answered from memory, or by the database where that does not do.
//!
//! What must hold: two processes give one customer one conversation. What is in memory is as the database has it, but for the
//! moment until a change of another process or of the other lane is seen at the next tick ([`Conversations::follow`]). A customer whom memory knows
//! costs no round trip; whoever asks for others while one batch of his lane is under way is answered together with the next.
//!
//! A lesson is committed before the event that taught it, and without a flush of its own: the event's commit comes later, so
//! it makes the lesson durable as well.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use lru::LruCache;
use socialhook_core::conversation::{Customer, Known, PeerKey, settle};
use socialhook_core::id::{ChannelId, ConversationId, TenantId};
use socialhook_store::conversations::{self, Learnt};
use socialhook_store::{PgConnection, Result};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use crate::Means;
use crate::lanes::{Lane, PerLane};
use crate::tasks::Tasks;
use crate::within::Line;

/// Names in memory, some 100 bytes each; the least recently used one goes first. More customers than that, each heard of in turn, would
/// never be found here.
const MEMORY: NonZeroUsize = NonZeroUsize::new(300_000).expect("not zero");
/// Webhooks that may wait for an answer; one more is answered 503.
const QUEUE: usize = 20_000;
/// Names that may wait, and KiB of the webhooks that hold them; beyond, 503.
const ROOM: u32 = 200_000;
/// Webhooks that are answered together, unless those before them hold so many customers.
const BATCH: usize = 512;
const BATCH_CUSTOMERS: usize = 4096;
/// How often a batch is begun anew because another process was quicker.
const TRIES: usize = 3;
/// How far back a tick looks for changes: what clocks of processes differ by and a statement takes is well within.
const OVERLAP: TimeDelta = TimeDelta::minutes(2);

/// Whoever asks does not wait longer.
const WITHIN: Duration = Duration::from_secs(4);

/// A customer of a channel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    pub(crate) tenant_id: TenantId,
    pub(crate) channel_id: ChannelId,
    pub(crate) customer: Customer,
}

/// It cannot be told right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotTold;

type Answer = std::result::Result<Vec<ConversationId>, NotTold>;

struct Waiting {
    asked: Vec<Asked>,
    /// Held for as long as the webhook waits.
    _room: OwnedSemaphorePermit,
    done: oneshot::Sender<Answer>,
}

/// What is known by key; nothing is known where it is none.
type Memory = LruCache<PeerKey, Option<Known>>;

pub(crate) struct Conversations {
    memory: Arc<Mutex<Memory>>,
    room: Arc<Semaphore>,
    senders: Mutex<Option<PerLane<mpsc::Sender<Waiting>>>>,
    followed_until: Mutex<DateTime<Utc>>,
}

impl Conversations {
    pub(crate) fn start(tasks: &Tasks, means: &Means) -> Self {
        let memory = Arc::new(Mutex::new(LruCache::new(MEMORY)));
        let followed_until = Mutex::new(means.clock.now());
        let senders = PerLane::new(|| {
            let (sender, receiver) = mpsc::channel(QUEUE);
            tasks.spawn_core(answer_all(receiver, means.clone(), memory.clone()));
            sender
        });
        let room = Arc::new(Semaphore::new(ROOM as usize));
        Self { memory, room, senders: Mutex::new(Some(senders)), followed_until }
    }

    /// The conversation of each customer in a webhook of so many bytes, in their order.
    pub(crate) async fn of(&self, asked: Vec<Asked>, bytes: usize, lane: Lane) -> Answer {
        if let Some(told) = self.remembered(&asked) {
            return Ok(told);
        }
        let weight = u32::try_from(asked.len() + bytes / 1024).unwrap_or(ROOM).min(ROOM);
        let room = self.room.clone().try_acquire_many_owned(weight).map_err(|_| NotTold)?;
        let (done, told) = oneshot::channel();
        {
            let senders = lock(&self.senders);
            let sender = senders.as_ref().ok_or(NotTold)?.of(lane);
            sender.try_send(Waiting { asked, _room: room, done }).map_err(|_| NotTold)?;
        }
        told.await.unwrap_or(Err(NotTold))
    }

    /// From memory alone, if it knows all about all of them.
    fn remembered(&self, asked: &[Asked]) -> Option<Vec<ConversationId>> {
        let mut memory = lock(&self.memory);
        let conversation = |one: &Asked| {
            if !one.customer.keys().all(|key| memory.get(&key).is_some()) {
                return None;
            }
            let (conversation_id, lessons) = settle(&one.customer, |key| memory.peek(&key).copied().flatten());
            lessons.is_empty().then_some(conversation_id)
        };
        asked.iter().map(conversation).collect()
    }

    /// Sees what other processes have changed. Where that cannot be told, nothing is believed any more.
    pub(crate) async fn follow(&self, c: &mut PgConnection, now: DateTime<Utc>) -> Result<()> {
        let since = *lock(&self.followed_until) - OVERLAP;
        let changed = conversations::changed_since(c, since).await;
        let mut memory = lock(&self.memory);
        let changed = changed.inspect_err(|_| memory.clear())?;
        for (key, known) in changed {
            if let Some(believed) = memory.peek_mut(&key) {
                *believed = Some(known);
            }
        }
        *lock(&self.followed_until) = now;
        Ok(())
    }

    /// Takes nothing more. Who waits is still answered, but has nobody to write for him then.
    pub(crate) fn close(&self) {
        lock(&self.senders).take();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn answer_all(mut receiver: mpsc::Receiver<Waiting>, means: Means, memory: Arc<Mutex<Memory>>) {
    let mut line = Line::new(means.pools.conversations.clone());
    while let Some(first) = receiver.recv().await {
        // Whoever is about to ask does so first: with much to do batches grow, with little this takes no time.
        tokio::task::yield_now().await;
        let mut customers = first.asked.len();
        let mut batch = vec![first];
        while batch.len() < BATCH && customers < BATCH_CUSTOMERS {
            let Ok(next) = receiver.try_recv() else { break };
            customers += next.asked.len();
            batch.push(next);
        }
        // Who has given up waiting needs no answer.
        batch.retain(|waiting| !waiting.done.is_closed());
        let asked: Vec<Asked> = batch.iter().flat_map(|waiting| &waiting.asked).copied().collect();
        let looked_up = line.within(WITHIN, async |c| look_up(c, &means, &asked).await).await;
        let mut told = remember(looked_up, &memory).map(Vec::into_iter);
        for waiting in batch {
            let answer = told.as_mut().map(|told| told.by_ref().take(waiting.asked.len()).collect()).ok_or(NotTold);
            let _ = waiting.done.send(answer);
        }
    }
}

/// Puts what is known now into memory. After a failure nothing there can be relied on: a lesson may not have been kept.
fn remember(looked_up: Result<LookedUp>, memory: &Mutex<Memory>) -> Option<Vec<ConversationId>> {
    let mut memory = lock(memory);
    match looked_up {
        Ok(Some((told, rows))) => {
            for (key, known) in rows {
                memory.put(key, known);
            }
            Some(told)
        }
        Ok(None) => {
            tracing::warn!("other processes were quicker with the same customers; their webhooks are to be repeated");
            None
        }
        Err(error) => {
            memory.clear();
            tracing::error!(error = &error as &dyn std::error::Error, "conversations could not be looked up");
            None
        }
    }
}

type Rows = HashMap<PeerKey, Option<Known>>;
/// The conversations, and what is known then; none if other processes were quicker every time.
type LookedUp = Option<(Vec<ConversationId>, Rows)>;

/// The conversations of all that are asked for, one after the other, each of which may teach something about the next.
async fn look_up(c: &mut PgConnection, means: &Means, asked: &[Asked]) -> Result<LookedUp> {
    let mut keys: Vec<(TenantId, PeerKey)> =
        asked.iter().flat_map(|one| one.customer.keys().map(|key| (one.tenant_id, key))).collect();
    keys.sort_unstable();
    keys.dedup();
    for _ in 0..TRIES {
        let mut rows: Rows = keys.iter().map(|(_, key)| (*key, None)).collect();
        for (key, known) in conversations::known(c, &keys).await? {
            rows.insert(key, Some(known));
        }
        let (told, learnt) = settle_all(asked, &mut rows);
        if learnt.is_empty() {
            return Ok(Some((told, rows)));
        }
        match conversations::learn(c, &learnt, means.clock.now()).await {
            Ok(true) => return Ok(Some((told, rows))),
            Ok(false) => {}
            Err(error) if error.is_deadlock() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

fn settle_all(asked: &[Asked], rows: &mut Rows) -> (Vec<ConversationId>, Vec<Learnt>) {
    let mut learnt: BTreeMap<(TenantId, PeerKey), Learnt> = BTreeMap::new();
    let mut told = Vec::with_capacity(asked.len());
    for one in asked {
        let (conversation_id, lessons) = settle(&one.customer, |key| rows.get(&key).copied().flatten());
        told.push(conversation_id);
        for lesson in lessons {
            let replaces = rows.insert(lesson.key, Some(lesson.known)).flatten();
            let first = learnt.entry((one.tenant_id, lesson.key)).or_insert(Learnt {
                tenant_id: one.tenant_id,
                channel_id: one.channel_id,
                key: lesson.key,
                replaces,
                known: lesson.known,
                is_change: lesson.is_change,
            });
            first.known = lesson.known;
            first.is_change |= lesson.is_change;
        }
    }
    (told, learnt.into_values().collect())
}
