//! The service's life: start everything in order, run, stop in the opposite order.
//!
//! Stopping: `/readyz` says so for as long as a balancer needs to notice, then no new connections, requests under way finish, the relay gives back what it has not sent and stores what came
//! of what it has, then the database goes. Each step is bounded; a second signal ends the process at once.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use socialhook_core::clock::Clock;
use socialhook_relay::destination::Policy;
use socialhook_relay::sender::ATTEMPT_TIMEOUT;
use socialhook_relay::{Means, Relay, Settings};
use socialhook_web::App;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::config::{Config, Database};
use crate::database::{self, Open};
use crate::{demo, key, postgres};

const TICK: Duration = Duration::from_secs(1);
/// How often it is seen whose things are to be looked at for what needs attention.
const LOOK_EVERY: Duration = Duration::from_mins(1);
/// Requests under way may take this long to finish.
const DRAIN_LIMIT: Duration = Duration::from_secs(5);
/// The embedded database ends itself if it takes longer.
const CLOSE_LIMIT: Duration = Duration::from_secs(15);
/// After the drain time: one attempt's time, and a little to store what came of it. Whoever asked waits for 15 s.
const STOP_LIMIT: Duration = Duration::from_millis(11_500);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Database(#[from] database::Error),
    #[error(transparent)]
    Key(#[from] key::Error),
    #[error("cannot listen on {address}; is something else running there? Choose another with --listen")]
    Listen { address: SocketAddr, source: std::io::Error },
    #[error("the relay could not start")]
    Relay(#[from] socialhook_relay::Error),
    #[error(transparent)]
    Demo(#[from] demo::Error),
    #[error("a part of the relay died; what is unfinished will be taken over")]
    RelayFailed,
    #[error("the embedded PostgreSQL ended by itself")]
    PostgresEnded(#[source] postgres::Error),
    #[error("serving failed")]
    Serve(#[source] std::io::Error),
}

/// Serves until a signal asks it to stop.
///
/// # Errors
/// If something cannot start, or ends that should not.
pub async fn run(config: &Config, with_demo: bool) -> Result<(), Error> {
    let mut signals = Signals::new().map_err(Error::Serve)?;
    // Bound first: a port that is taken is told before a database starts.
    let address = config.listen;
    let listener = TcpListener::bind(address).await.map_err(|source| Error::Listen { address, source })?;
    let address = listener.local_addr().map_err(Error::Serve)?;
    // The launcher prepares the data directory, so it comes before the key's file.
    let open = tokio::select! {
        open = database::open(config) => open?,
        () = signals.asked_to_stop() => return Ok(()),
    };
    let sealer = Arc::new(key::settled(config, &open.pools).await?);
    let means = Means { pools: open.pools.clone(), sealer, clock: Clock::System };
    let following = tokio::spawn(key::follow(config.clone(), means.sealer.clone()));
    let demo = if with_demo { Some(demo::prepare(config, &means, address).await?) } else { None };
    let relay = Relay::start(means.clone(), settings(config, address)).await?;
    let (draining, stopping) = (CancellationToken::new(), CancellationToken::new());
    let app = App {
        pools: means.pools,
        sealer: means.sealer,
        clock: means.clock,
        relay: relay.clone(),
        public_url: config.public_url.clone().unwrap_or_else(|| own_url(address)),
        trusted_proxies: config.trusted_proxies.as_slice().into(),
        confirms_addresses: config.smtp_url.is_some(),
        draining: draining.clone(),
        stopping: stopping.clone(),
    };
    announce(config, address);
    tokio::spawn(socialhook_web::alerts::run(app.clone(), LOOK_EVERY));
    let mut server = tokio::spawn(socialhook_web::serve(listener, app));
    if let Some(demo) = demo {
        tokio::spawn(demo.show());
    }
    let ended = tokio::select! {
        ended = &mut server => flat(ended),
        () = signals.asked_to_stop() => Ok(()),
        () = relay.failed() => Err(Error::RelayFailed),
        error = postgres_ended(&open) => Err(Error::PostgresEnded(error)),
    };
    following.abort();
    draining.cancel();
    let end = async {
        if ended.is_ok() {
            drain(config.drain, &relay).await;
        }
        stopping.cancel();
        stop(server, &relay).await;
    };
    tokio::select! {
        () = end => {}
        () = signals.asked_to_stop() => tracing::warn!("asked twice: stopping at once; what is unfinished will be taken over"),
    }
    if let Ok(closed) = tokio::time::timeout(CLOSE_LIMIT, open.close()).await {
        closed?;
    } else {
        tracing::warn!("the database could not be closed in time");
    }
    tracing::info!("stopped");
    ended
}

type Server = tokio::task::JoinHandle<std::io::Result<()>>;

fn flat(ended: Result<std::io::Result<()>, tokio::task::JoinError>) -> Result<(), Error> {
    ended.unwrap_or_else(|error| Err(std::io::Error::other(error))).map_err(Error::Serve)
}

/// A balancer has time to notice; until then all goes on as before.
async fn drain(time: Duration, relay: &Relay) {
    if !time.is_zero() {
        tracing::info!(seconds = time.as_secs(), "not ready any more; requests are taken a little longer");
        // A relay that fails meanwhile has nothing to wait for.
        let _ = tokio::time::timeout(time, relay.failed()).await;
    }
}

/// Nothing new is sent while requests finish, since what is sent may be for our own inspector; they need the rest of the relay,
/// so that goes after them.
async fn stop(server: Server, relay: &Relay) {
    relay.hold();
    let until = tokio::time::Instant::now() + STOP_LIMIT;
    if !server.is_finished() && tokio::time::timeout(DRAIN_LIMIT, server).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
    if tokio::time::timeout_at(until, relay.stop()).await.is_err() {
        tracing::warn!("not everything could be finished in time; it will be taken over");
    }
}

async fn postgres_ended(open: &Open) -> postgres::Error {
    match &open.embedded {
        Some(embedded) => embedded.exited().await,
        None => std::future::pending().await,
    }
}

fn settings(config: &Config, address: SocketAddr) -> Settings {
    Settings {
        schedule: config.schedule.clone(),
        policy: config.policy,
        retention: config.retention,
        room: config.room.clone(),
        inspector_base: own_url(address),
        sole_node: matches!(config.database, Database::Embedded { .. }),
        attempt_timeout: ATTEMPT_TIMEOUT,
        mail: config.mail(),
        meta: config.meta(),
        media: config.media.settings(config.public_url.clone().unwrap_or_else(|| own_url(address)), &config.data_dir),
        tick: Some(TICK),
    }
}

/// How this machine reaches a service that listens at `address`.
#[must_use]
pub fn own_url(address: SocketAddr) -> Url {
    let host = match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => "127.0.0.1".to_owned(),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => "[::1]".to_owned(),
        SocketAddr::V4(v4) => v4.ip().to_string(),
        SocketAddr::V6(v6) => format!("[{}]", v6.ip()),
    };
    Url::parse(&format!("http://{host}:{}/", address.port())).expect("an address makes a URL")
}

fn announce(config: &Config, address: SocketAddr) {
    tracing::info!("SocialHook listens on http://{address}");
    if config.policy == Policy::AllowPrivate {
        tracing::info!(
            "deliveries to private and loopback addresses are allowed; a public service should not allow them"
        );
    }
}

/// SIGINT and SIGTERM.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn asked_to_stop(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
