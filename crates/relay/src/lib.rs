//! The relay itself: takes webhooks in, delivers events, keeps house. The only outbound HTTP.
//!
//! What must hold: 200 to Meta only after the commit; a bad endpoint delays nobody else; what this process has in memory
//! is owned by it in the database, so that whatever dies, another process or the next start finds it there.
//!
//! The journey: [`ingest`] verifies and normalises, asking [`conversations`] whose an event is; [`writer`] commits in batches, [`dispatcher`] sends fairly from memory
//! by [`queue`], [`sender`] makes the request, [`recorder`] stores what came of it. [`upkeep`] does what recurs, [`housekeeping`] makes and clears days.

pub mod connect;
mod conversations;
pub mod destination;
pub mod directory;
mod dispatcher;
pub mod doctor;
#[cfg(test)]
mod footprint;
mod health;
mod housekeeping;
pub mod ingest;
mod job;
mod lanes;
mod leaving;
pub mod mail;
pub mod media;
mod open;
pub mod priority;
mod pulse;
mod queue;
mod reconciler;
mod recorder;
mod recovery;
mod refused;
mod replays;
pub mod request;
mod rollups;
pub mod sender;
pub mod simulate;
mod tally;
mod tasks;
pub mod trial;
mod upkeep;
mod within;
mod writer;

use std::sync::Arc;
use std::time::{Duration, Instant};

use secrecy::ExposeSecret;
use socialhook_core::clock::Clock;
use socialhook_core::delivery::Schedule;
use socialhook_core::id::{NodeId, TenantId};
use socialhook_store::partitions::Retention;
use socialhook_store::seal::Sealer;
use socialhook_store::{Pools, nodes};
use subtle::ConstantTimeEq;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::conversations::Conversations;
use crate::destination::Policy;
use crate::directory::Directory;
use crate::dispatcher::Dispatcher;
use crate::housekeeping::House;
pub use crate::housekeeping::Room;
pub use crate::ingest::{Accepted, NotAccepted, Post};
use crate::lanes::Lanes;
use crate::open::Open;
use crate::pulse::Pulse;
use crate::refused::Refused;
use crate::rollups::Rollups;
use crate::tally::Tally;
use crate::tasks::Tasks;
use crate::within::within;
use crate::writer::Writer;

/// How often an unknown callback URL or channel may make the directory be read.
const LOOK_UP_EVERY: Duration = Duration::from_millis(200);
/// How long the directory is waited for, by someone who waits for us.
const LOOK_UP_WITHIN: Duration = Duration::from_secs(5);

/// How this process relays. Everything has a default but where the inspector listens.
#[derive(Debug, Clone)]
pub struct Settings {
    pub schedule: Schedule,
    pub policy: Policy,
    pub retention: Retention,
    /// How large the tables may grow before days go early.
    pub room: Room,
    /// This service's own address, for the inspector's deliveries.
    pub inspector_base: Url,
    /// True where no other process can use this database, so that whatever it finds owned is its own past.
    pub sole_node: bool,
    /// From the first byte of an attempt that is sent to the last that is read.
    pub attempt_timeout: Duration,
    pub mail: mail::Mail,
    /// Where Meta is, and which version of its Graph API is asked.
    pub meta: (socialhook_graph::Addresses, String),
    pub media: media::MediaSettings,
    /// How often the recurring work runs; none if it is driven by hand.
    pub tick: Option<Duration>,
}

/// What the relay works with.
#[derive(Debug, Clone)]
pub struct Means {
    pub pools: Pools,
    pub sealer: Arc<Sealer>,
    pub clock: Clock,
}

/// A running relay. Cheap to clone.
#[derive(Clone)]
pub struct Relay(Arc<Inner>);

struct Inner {
    node_id: NodeId,
    means: Means,
    settings: Settings,
    directory: Directory,
    dispatcher: Dispatcher,
    writer: Writer,
    conversations: Conversations,
    lanes: Lanes,
    tally: Tally,
    refused: Refused,
    rollups: Rollups,
    house: House,
    mailer: mail::Mailer,
    examiner: connect::Examiner,
    files: Arc<media::Files>,
    pulse: Pulse,
    looked_up: tokio::sync::Mutex<Option<Instant>>,
    trials: tokio::sync::Semaphore,
    wake: Arc<tokio::sync::Notify>,
    stop: CancellationToken,
    tasks: Tasks,
}

impl Relay {
    /// Registers this process, makes the partitions, reads the directory, takes over what dead processes left, and starts.
    pub async fn start(means: Means, settings: Settings) -> Result<Self, Error> {
        let mailer = mail::Mailer::new(&settings.mail)?;
        let examiner = connect::Examiner::new(means.clone(), settings.meta.clone(), settings.policy)?;
        let node_id = NodeId::new(means.clock.now());
        let directory = Directory::default();
        register(&means, &settings, node_id, &directory).await?;
        let files = Arc::new(media_files(&means, &settings).await?);
        let tasks = Tasks::default();
        let open = Arc::new(Open::default());
        let rollups = Rollups::default();
        let recorder = recorder::Recorder::start(&tasks, means.clone(), node_id, (open.clone(), rollups.clone()));
        let wake = Arc::new(tokio::sync::Notify::new());
        let dispatcher = Dispatcher::new(
            &tasks,
            directory.clone(),
            sender::Sender::new(&settings)?,
            (open, recorder, means.clone()),
            (settings.schedule.clone(), wake.clone()),
        );
        let writer = Writer::start(&tasks, &means, node_id, (dispatcher.clone(), rollups.clone(), files.clone()));
        let conversations = Conversations::start(&tasks, &means);
        let tick = settings.tick;
        let stop = CancellationToken::new();
        let pulse = match tick {
            Some(_) => Pulse::take(&tasks, means.pools.clone(), stop.clone()),
            None => Pulse::untaken(),
        };
        let relay = Self(Arc::new(Inner {
            node_id,
            means,
            settings,
            directory,
            dispatcher,
            writer,
            conversations,
            lanes: Lanes::new(),
            tally: Tally::default(),
            refused: Refused::default(),
            rollups,
            house: House::default(),
            mailer,
            examiner,
            files,
            pulse,
            looked_up: tokio::sync::Mutex::default(),
            trials: tokio::sync::Semaphore::new(trial::TRIALS_MAX),
            wake,
            stop,
            tasks,
        }));
        if let Some(tick) = tick {
            relay.keep_up(tick);
        }
        Ok(relay)
    }

    /// Starts the recurring work.
    fn keep_up(&self, tick: Duration) {
        let tasks = &self.0.tasks;
        tasks.spawn_core(upkeep::run(self.clone(), tick));
        tasks.spawn_core(upkeep::keep_lease(self.clone(), tick));
        tasks.spawn_core(housekeeping::run(self.clone(), tick));
        tasks.spawn_core(mail::run(self.clone(), tick));
        tasks.spawn_core(media::run(self.clone(), tick));
        tasks.spawn_core(reconciler::run(self.clone(), tick));
    }

    /// Apps, channels and endpoints as they are known now.
    #[must_use]
    pub fn directory(&self) -> Arc<directory::Contents> {
        self.0.directory.contents()
    }

    /// The directory, looked up anew if it does not know this app yet: another process may just have added it. At most a few
    /// times a second, so that made-up callback URLs cost the database nothing.
    async fn directory_with(&self, callback_key: &str) -> Arc<directory::Contents> {
        let contents = self.directory();
        if contents.app(callback_key).is_some() { contents } else { Box::pin(self.look_up_again(contents)).await }
    }

    async fn look_up_again(&self, contents: Arc<directory::Contents>) -> Arc<directory::Contents> {
        let Ok(mut last) = self.0.looked_up.try_lock() else { return contents };
        if last.is_some_and(|at| at.elapsed() < LOOK_UP_EVERY) {
            return contents;
        }
        *last = Some(Instant::now());
        let followed = within(&self.0.means.pools.background, LOOK_UP_WITHIN, async |c| {
            self.0.directory.follow(c, &self.0.means.sealer).await
        });
        if let Err(error) = followed.await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the directory could not be read anew");
        }
        self.directory()
    }

    /// How long the things of a tenant are kept that chose nothing else.
    #[must_use]
    pub fn default_retention(&self) -> Retention {
        self.0.settings.retention
    }

    /// How long the tenant's things are kept.
    #[must_use]
    pub fn retention(&self, tenant_id: TenantId) -> Retention {
        self.directory().retention(tenant_id, self.0.settings.retention)
    }

    /// Meta's challenge: true if `token` is the app's verify token. What came of it is noted, and a wrong one counted.
    pub async fn verifies(&self, callback_key: &str, token: &str) -> bool {
        let contents = self.directory_with(callback_key).await;
        let Some(app) = contents.app(callback_key) else { return false };
        let fits = app
            .verify_token
            .as_ref()
            .is_some_and(|own| bool::from(own.expose_secret().as_bytes().ct_eq(token.as_bytes())));
        let now = self.0.means.clock.now();
        self.0.tally.challenged((app.tenant_id, app.app_id), fits, now);
        if !fits {
            self.0.tally.refused(app.tenant_id, app.app_id, "verify_token_wrong", now);
        }
        fits
    }

    /// Reads apps, channels and endpoints anew: to be called after every committed change of them.
    pub async fn refresh(&self) -> Result<(), socialhook_store::Error> {
        within(&self.0.means.pools.background, LOOK_UP_WITHIN, async |c| {
            self.0.directory.load(c, &self.0.means.sealer).await
        })
        .await
    }

    /// Looks for due deliveries now instead of at the next tick.
    pub fn wake(&self) {
        self.0.wake.notify_one();
    }

    /// Whether events may go to this URL, as far as that can be told without asking the network.
    ///
    /// # Errors
    /// A sentence for the form.
    pub fn check_destination(&self, url: &str) -> Result<Url, String> {
        destination::check(url, self.0.settings.policy).map_err(|error| error.to_string())
    }

    /// Does the recurring work until nothing is due and nothing under way: for whoever drives the relay by hand.
    pub async fn settle(&self) -> Result<(), socialhook_store::Error> {
        loop {
            // What did not fit into memory is due still when memory has emptied.
            let was_idle = self.0.dispatcher.open().is_empty();
            let mut done = upkeep::tick(self).await? + mail::send_due(self).await?;
            done += media::fetch_due(self).await? + reconciler::run_due(self).await?;
            self.0.dispatcher.open().empty().await;
            if was_idle && done == 0 {
                return upkeep::flush_rollups(self).await;
            }
        }
    }

    /// Does the rare work once: partitions, retention, sweeps, deliveries without an owner.
    pub async fn keep_house(&self) -> Result<(), socialhook_store::Error> {
        let kept = housekeeping::keep(self).await;
        kept.and(upkeep::rarely(self).await)
    }

    /// Whether the database answers, asked now unless it is known that it does not.
    pub async fn reaches_database(&self, limit: Duration) -> bool {
        !self.0.pulse.is_lost()
            && within(&self.0.means.pools.background, limit, async |c| socialhook_store::directory::epoch(c).await)
                .await
                .inspect_err(|error| tracing::warn!(%error, "the database does not answer"))
                .is_ok()
    }

    /// Resolves if a part died that the relay cannot do without: the process should end, and be started anew.
    pub async fn failed(&self) {
        self.0.tasks.failed().await;
    }

    /// Begins nothing new: what is queued, and what still comes in, waits in the database for another process or the next start.
    pub fn hold(&self) {
        self.0.stop.cancel();
        self.0.dispatcher.hold();
    }

    /// Stops as one should: gives back what is queued, finishes what is being sent, stores what came of it. To be called when
    /// no POST is under way any more. Bounded by the attempt's timeout.
    pub async fn stop(&self) {
        self.hold();
        self.0.dispatcher.open().empty().await;
        self.0.dispatcher.close();
        self.0.conversations.close();
        self.0.writer.close();
        self.0.tasks.finish().await;
        let left = async {
            let mut c = self.0.means.pools.background.acquire().await?;
            upkeep::flush_tally(self, &mut c).await?;
            self.0.rollups.flush(&mut c).await?;
            nodes::leave(&mut c, self.0.node_id).await
        };
        if let Err(error) = left.await {
            tracing::warn!(%error, "this process could not sign off; another will take over from it");
        }
    }
}

async fn media_files(means: &Means, settings: &Settings) -> Result<media::Files, Error> {
    let mut c = means.pools.background.acquire().await.map_err(socialhook_store::Error::from)?;
    let key = socialhook_store::media::key::get(&mut c, &means.sealer).await?;
    Ok(media::Files::new(&settings.media, &key)?)
}

/// Has the database know this process, and what it needs be there; takes over what dead processes left.
async fn register(
    means: &Means,
    settings: &Settings,
    node_id: NodeId,
    directory: &Directory,
) -> socialhook_store::Result<()> {
    let now = means.clock.now();
    let mut c = means.pools.background.acquire().await?;
    socialhook_store::partitions::make(&mut c, settings.retention, now).await?;
    directory.load(&mut c, &means.sealer).await?;
    let works_with = (directory.contents().epoch(), &*means.sealer.key_id());
    nodes::heartbeat(&mut c, node_id, works_with, means.clock.by_hand()).await?;
    if settings.sole_node {
        nodes::bury_others(&mut c, node_id).await?;
    }
    nodes::bury(&mut c, means.clock.by_hand()).await?;
    nodes::take_over(&mut c, now).await?;
    Ok(())
}

/// The relay could not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Store(#[from] socialhook_store::Error),
    #[error(transparent)]
    Mail(#[from] mail::Error),
    #[error(transparent)]
    Media(#[from] media::Error),
    #[error("the HTTP client could not be set up")]
    Client(#[from] reqwest::Error),
}
