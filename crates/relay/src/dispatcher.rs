//! Sends what this process owns, from memory: fairly, within limits, and records what came of it.
//!
//! What must hold: every job that is submitted ends in the recorder, or is given back to the database. A job's place in the
//! limits is held until its outcome is taken by the recorder, so a slow database slows sending down instead of filling memory.

mod consequences;
mod deleted;
mod pace;

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use socialhook_core::delivery::{Outcome, Schedule};
use socialhook_core::event::{DeliveryStamp, with_delivery};
use socialhook_core::id::{EndpointId, ManifestId, TenantId};
use socialhook_store::attempts::Finished;
use socialhook_store::deliveries::Released;
use tokio::sync::Notify;

use self::pace::Paces;
use crate::Means;
use crate::directory::{Directory, Endpoint};
use crate::health::Health;
use crate::job::{Job, Key, Manifest};
use crate::open::Open;
use crate::queue::{FairQueue, Limits};
use crate::recorder::{Entry, Recorder};
use crate::request::Request;
use crate::sender::{Answer, Sender};
use crate::tasks::Tasks;

/// Once this many more fit, an endpoint's deliveries that wait in the database are fetched.
const REFILL: usize = 250;

#[derive(Clone)]
pub(crate) struct Dispatcher(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    open: Arc<Open>,
    paces: Mutex<Paces>,
    /// Manifests whose commit may or may not have succeeded.
    doubtful: Mutex<Vec<ManifestId>>,
    /// Asks for a look at what is due.
    wake: Arc<Notify>,
    tasks: Tasks,
    directory: Directory,
    sender: Sender,
    recorder: Recorder,
    means: Means,
    schedule: Schedule,
}

struct State {
    queue: FairQueue<Job>,
    health: Health,
    /// Endpoints of which more waits in the database than fitted here.
    overflowing: HashSet<EndpointId>,
    /// Nothing is sent any more but what is under way.
    held: bool,
}

impl State {
    fn pop(&mut self) -> Option<Job> {
        let health = &self.health;
        self.queue.pop(|endpoint_id| health.window(endpoint_id))
    }
}

impl Dispatcher {
    pub(crate) fn new(
        tasks: &Tasks,
        directory: Directory,
        sender: Sender,
        (open, recorder, means): (Arc<Open>, Recorder, Means),
        (schedule, wake): (Schedule, Arc<Notify>),
    ) -> Self {
        let state = State {
            queue: FairQueue::new(Limits::default()),
            health: Health::new(schedule.attempts()),
            overflowing: HashSet::new(),
            held: false,
        };
        Self(Arc::new(Inner {
            state: Mutex::new(state),
            open,
            doubtful: Mutex::default(),
            paces: Mutex::default(),
            wake,
            tasks: tasks.clone(),
            directory,
            sender,
            recorder,
            means,
            schedule,
        }))
    }

    /// Queues jobs that this process owns. What does not fit into memory waits in the database; what is there already is the
    /// same delivery, taken over from this process while it was thought dead, and is not sent twice.
    pub(crate) fn submit(&self, mut jobs: Vec<Job>) {
        if jobs.is_empty() {
            return;
        }
        self.0.open.take_on(&mut jobs);
        let over = {
            let state = &mut *self.state();
            let over: Vec<Job> = if state.held {
                jobs
            } else {
                jobs.into_iter().filter_map(|job| state.queue.push(job).err()).collect()
            };
            state.overflowing.extend(over.iter().map(|job| job.endpoint_id));
            over
        };
        self.give_back(over, false);
        self.pump();
    }

    /// A manifest was stored of which everything had come before.
    pub(crate) fn nothing_to_send(&self, manifest: Arc<Manifest>) {
        let dispatcher = self.clone();
        self.0.tasks.spawn(async move { dispatcher.0.recorder.record(Entry::Empty(manifest)).await });
    }

    /// The commit of these manifests may have succeeded, though nobody here knows what is in them.
    pub(crate) fn doubt(&self, manifests: impl Iterator<Item = ManifestId>) {
        self.doubtful().extend(manifests);
    }

    /// What is in doubt, for the caller to settle.
    pub(crate) fn take_doubtful(&self) -> Vec<ManifestId> {
        std::mem::take(&mut *self.doubtful())
    }

    fn doubtful(&self) -> MutexGuard<'_, Vec<ManifestId>> {
        self.0.doubtful.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many more jobs of an endpoint, of which some are due, are to be fetched. If none, it is woken for when they are.
    pub(crate) fn room(&self, tenant_id: TenantId, endpoint_id: EndpointId) -> usize {
        let room = {
            let state = &mut *self.state();
            let room = state.queue.room_to_fetch(tenant_id, endpoint_id);
            if room == 0 {
                state.overflowing.insert(endpoint_id);
            }
            room
        };
        match self.0.directory.contents().endpoint(endpoint_id).and_then(|endpoint| endpoint.rate) {
            Some(rate) => room.min(self.paces().room(endpoint_id, rate, self.0.means.clock.now())),
            None => room,
        }
    }

    /// What is queued, under way or unrecorded.
    pub(crate) fn open(&self) -> &Open {
        &self.0.open
    }

    /// Gives back what is queued, and from now on what is submitted.
    pub(crate) fn hold(&self) {
        let queued = {
            let mut state = self.state();
            state.held = true;
            state.queue.take_all()
        };
        self.give_back(queued, false);
    }

    /// Records nothing more. To be called when idle.
    pub(crate) fn close(&self) {
        self.0.recorder.close();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a task for each job that the limits allow; each goes on with the next when it is done.
    fn pump(&self) {
        let ready: Vec<Job> = {
            let state = &mut *self.state();
            std::iter::from_fn(|| state.pop()).collect()
        };
        self.start(ready);
    }

    fn start(&self, jobs: impl IntoIterator<Item = Job>) {
        for job in jobs {
            let dispatcher = self.clone();
            // Boxed, since a task is moved several times on its way to a thread, and this one is large.
            self.0.tasks.spawn(Box::pin(async move {
                let mut next = Some(job);
                while let Some(job) = next {
                    next = dispatcher.carry_out(job).await;
                }
            }));
        }
    }

    async fn carry_out(&self, job: Job) -> Option<Job> {
        let manifest_id = job.manifest.as_ref().map(|manifest| manifest.manifest_id);
        let place = Place { dispatcher: self, key: job.key(), manifest_id, left: false };
        let (tenant_id, _, endpoint_id) = job.key();
        let endpoint =
            self.0.directory.contents().endpoint(endpoint_id).filter(|endpoint| endpoint.tenant_id == tenant_id);
        let park = !job.probe && self.is_down(endpoint_id);
        match endpoint {
            // It was dropped at the moment at which somebody had it sent again.
            _ if job.event.body.is_empty() => self.give_up(job).await,
            Some(endpoint) if !endpoint.paused && !park => {
                if self.may_send(&job, &endpoint) {
                    self.attempt(job, &endpoint).await;
                } else {
                    self.give_back(vec![job], false);
                }
            }
            None if self.is_deleted(endpoint_id) => self.give_up(job).await,
            _ => {
                let mut lane = self.state().queue.take_lane(tenant_id, endpoint_id);
                lane.push(job);
                self.give_back(lane, park);
            }
        }
        place.leave()
    }

    /// Sends one request outside of the queue and its records.
    pub(crate) async fn send_apart(&self, endpoint: &Endpoint, request: Request<'_>) -> Answer {
        self.0.sender.send(endpoint, request).await
    }

    /// Whether only probes go to this endpoint.
    pub(crate) fn is_down(&self, endpoint_id: EndpointId) -> bool {
        self.state().health.is_down(endpoint_id)
    }

    /// Takes over what all processes know together of endpoints that are down.
    pub(crate) fn follow_health(&self, down: &HashSet<EndpointId>) {
        self.state().health.follow(down);
    }

    async fn attempt(&self, job: Job, endpoint: &Endpoint) {
        let started_at = self.0.means.clock.now();
        let number = job.attempts + 1;
        let stamp = DeliveryStamp {
            attempt: number,
            latency_ms: (started_at - job.event.received_at).num_milliseconds(),
            replay: job.replay,
        };
        let request = Request {
            event_id: job.event_id,
            event: &job.event.word,
            attempt: number,
            timestamp: started_at.timestamp(),
            body: with_delivery(&job.event.body, job.event.raw.as_deref().filter(|_| endpoint.raw), stamp),
        };
        let clock = Instant::now();
        let Answer { outcome, excerpt, headers } = self.0.sender.send(endpoint, request).await;
        let latency_us = i32::try_from(clock.elapsed().as_micros()).unwrap_or(i32::MAX);
        let (status, failure) = match &outcome {
            Outcome::Delivered { status } => (Some(*status), None),
            Outcome::Failed { class, status, .. } => (*status, Some(class.as_str())),
        };
        self.observe(job.tenant_id, job.endpoint_id, matches!(outcome, Outcome::Delivered { .. })).await;
        let next = self.next(&job, &outcome).await;
        let finished = Finished {
            tenant_id: job.tenant_id,
            event_id: job.event_id,
            endpoint_id: job.endpoint_id,
            manifest_id: job.manifest.as_ref().map(|manifest| manifest.manifest_id),
            number,
            replay: job.replay,
            started_at,
            latency_us,
            status,
            failure,
            excerpt,
            response_headers: headers,
            next,
        };
        self.0.recorder.record(Entry::Finished(finished, job.manifest)).await;
    }

    /// Gives jobs back to the database, where they are due at once, or parked.
    fn give_back(&self, jobs: Vec<Job>, park: bool) {
        if jobs.is_empty() {
            return;
        }
        self.0.open.release(&jobs.iter().map(Job::key).collect::<Vec<_>>());
        let dispatcher = self.clone();
        self.0.tasks.spawn(async move {
            for job in jobs {
                let released = Released {
                    tenant_id: job.tenant_id,
                    event_id: job.event_id,
                    endpoint_id: job.endpoint_id,
                    manifest_id: job.manifest.as_ref().map(|manifest| manifest.manifest_id),
                    park,
                };
                dispatcher.0.recorder.record(Entry::Released(released, job.manifest)).await;
            }
        });
    }
}

/// A job's place among those under way. It is left when the job is done; a panic leaves it too, and the delivery, whose manifest or
/// row is still there, is given back by the next sweep.
struct Place<'a> {
    dispatcher: &'a Dispatcher,
    key: Key,
    manifest_id: Option<ManifestId>,
    left: bool,
}

impl Place<'_> {
    /// Leaves the place to the next job, if there is one.
    fn leave(mut self) -> Option<Job> {
        self.left = true;
        let (tenant_id, _, endpoint_id) = self.key;
        let state = &mut *self.dispatcher.state();
        state.queue.done(tenant_id, endpoint_id);
        let next = state.pop();
        // An endpoint's window may have grown.
        let more = state.pop();
        if state.overflowing.contains(&endpoint_id) && state.queue.room_to_fetch(tenant_id, endpoint_id) >= REFILL {
            state.overflowing.remove(&endpoint_id);
            self.dispatcher.0.wake.notify_one();
        }
        self.dispatcher.start(more);
        next
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if !self.left {
            self.dispatcher.state().queue.done(self.key.0, self.key.2);
            self.dispatcher.0.open.settle([self.key]);
            self.dispatcher.0.open.close(self.manifest_id.as_slice());
            self.dispatcher.pump();
        }
    }
}
