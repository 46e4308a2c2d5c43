//! `socialhook bench`: measures the relay on this machine, with one command and nothing left behind.
//!
//! The nouns: a *contender* is what is measured, in processes of its own: the relay, the *floor* (the least that a relay can do,
//! [`floor`]) and the pipeline that one would build by hand ([`handmade`]). The *generator* plays Meta, the *receiver* plays the
//! tenants' endpoints; both are threads of this process, with one clock. A *run* is one contender under one load; its *ledger*
//! knows of each event when it was due, answered and delivered. Contenders take turns, so that a machine that slows down slows
//! all of them.

mod contender;
pub mod floor;
mod generator;
mod handmade;
mod ledger;
mod machine;
mod noisy;
mod parked;
mod receiver;
mod report;
mod scene;
mod usage;
mod webhook;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::ValueEnum;
use clap::builder::RangedU64ValueParser;
use socialhook_store::Pools;
use sqlx::postgres::PgConnectOptions;
use tokio::signal::unix::{SignalKind, signal};

use crate::postgres::{self, Embedded};
use crate::with_postgres::ThrowAway;

use contender::{Contender, Database};
use generator::{Load, Pace};
use handmade::Handmade;
use ledger::Ledger;
use receiver::Receiver;
use report::{Row, say};
use webhook::Webhooks;

/// What all webhooks of the benchmark are signed with.
const APP_SECRET: &str = "benchmark";

/// Before each run, the same load for so long, which nobody counts: connections and caches are there when it counts.
const WARM_UP: Duration = Duration::from_millis(500);
/// What was acknowledged and has not arrived so long after the last answer is missing.
const DRAIN_LIMIT: Duration = Duration::from_mins(1);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What to measure, and for how long.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "What to measure")]
pub struct Plan {
    /// Webhooks a second; 0: as fast as they are answered. Each rate is measured by itself
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "0,1000")]
    rate: Vec<u32>,
    /// How long a run lasts [default: 8; 30 with --noisy]
    #[arg(long, value_name = "N", value_parser = at_least_one::<u32>())]
    seconds: Option<u32>,
    /// How often each is measured, in turn
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = at_least_one::<u32>())]
    rounds: u32,
    /// Connections that webhooks come in on
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = at_least_one::<u16>())]
    connections: u16,
    /// How many customers write [default: each message is from a new one, which is the dearest]
    #[arg(long, value_name = "N", value_parser = at_least_one::<u64>())]
    senders: Option<u64>,
    /// Measure these only
    #[arg(long, value_name = "WHAT,…", value_delimiter = ',')]
    only: Vec<Kind>,
    /// Instead: what a tenant with 10 events a second notices while another floods the relay (at --rate, if it is given) and a
    /// fifth of all endpoints hang and a tenth refuse connections
    #[arg(long)]
    noisy: bool,
    /// Instead: what so many events that wait for a dead endpoint cost the others, at the first --rate
    #[arg(long, value_name = "N", conflicts_with = "noisy", value_parser = at_least_one::<u32>())]
    parked: Option<u32>,
    /// Where the database lies for the while; its disk is measured too
    #[arg(long, value_name = "DIR", default_value = "/tmp")]
    directory: PathBuf,
}

fn at_least_one<T: TryFrom<u64> + Clone + Send + Sync + 'static>() -> RangedU64ValueParser<T>
where
    <T as TryFrom<u64>>::Error: Send + Sync + 'static + std::error::Error,
{
    RangedU64ValueParser::new().range(1..)
}

/// A contender, by its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// This program
    Relay,
    /// The least that a relay can do
    Floor,
    #[value(help = "A pipeline of Express, BullMQ and Redis")]
    Handmade,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Postgres(#[from] postgres::Error),
    #[error("cannot make a directory below {}", directory.display())]
    Directory { directory: PathBuf, source: std::io::Error },
    #[error("the benchmark's database cannot be used")]
    Store(#[from] socialhook_store::Error),
    #[error("a part of the benchmark cannot run")]
    Start(#[source] std::io::Error),
    #[error("{0} ended or did not answer")]
    NotReady(&'static str),
    #[error("the relay could not be provisioned: {0}")]
    Provision(String),
    #[error("the report cannot be written")]
    Report(#[source] std::io::Error),
    #[error("interrupted")]
    Interrupted,
}

/// Measures and prints. Fails also where the relay lost something.
///
/// # Errors
/// If something cannot start or be written.
pub async fn run(plan: &Plan, pg_bin: Option<&Path>) -> Result<ExitCode, Error> {
    let home = ThrowAway::below(&plan.directory);
    let home = home.map_err(|source| Error::Directory { directory: plan.directory.clone(), source })?;
    let server = Embedded::start(home.path(), pg_bin).await?;
    let measured = tokio::select! {
        measured = measure(plan, home.path(), &server) => measured,
        error = interrupted() => Err(error),
    };
    server.stop().await?;
    let missing = measured?;
    if missing == 0 {
        return Ok(ExitCode::SUCCESS);
    }
    say(&format!("\n{missing} of the relay's acknowledged events are missing\n"))?;
    Ok(ExitCode::FAILURE)
}

async fn interrupted() -> Error {
    let signals = signal(SignalKind::interrupt()).and_then(|i| Ok((i, signal(SignalKind::terminate())?)));
    let Ok((mut interrupt, mut terminate)) = signals else { return std::future::pending().await };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Error::Interrupted
}

/// Returns how many of the relay's acknowledged events are missing.
async fn measure(plan: &Plan, home: &Path, server: &Embedded) -> Result<usize, Error> {
    let options = PgConnectOptions::from_str(&server.url()).map_err(socialhook_store::Error::from)?;
    let pools = Pools::open(&options).await?;
    let version = pools.server_version().await?;
    pools.close().await;
    say(&format!("SocialHook {} on {}\n", env!("CARGO_PKG_VERSION"), machine::describe(version, home)))?;
    if cfg!(debug_assertions) {
        say("This is a debug build: what it measures says little.\n")?;
    }
    let database = Database { url: server.url(), server: server.pid()?.into_iter().collect() };
    let receiver = Receiver::start().map_err(Error::Start)?;
    let mut bench = Bench { plan, database, receiver, runs: 0 };
    match plan.parked {
        Some(parked) => parked::measure(&mut bench, parked).await,
        None if plan.noisy => noisy::measure(&mut bench).await,
        None => bench.take_turns(home).await,
    }
}

struct Bench<'a> {
    plan: &'a Plan,
    database: Database,
    receiver: Receiver,
    runs: u32,
}

impl Bench<'_> {
    async fn take_turns(&mut self, home: &Path) -> Result<usize, Error> {
        let (file, numbers) = scene::even(&self.receiver);
        let webhooks = Webhooks::new(numbers, self.plan.senders);
        let wanted = |kind| self.plan.only.is_empty() || self.plan.only.contains(&kind);
        let mut kinds: Vec<Kind> = Kind::value_variants().iter().copied().filter(|kind| wanted(*kind)).collect();
        let handmade = if kinds.contains(&Kind::Handmade) { installed(home).await? } else { None };
        kinds.retain(|kind| *kind != Kind::Handmade || handmade.is_some());
        let relay = if wanted(Kind::Relay) { Some(contender::relay(&self.database, &file).await?) } else { None };
        let mut missing = 0;
        for pace in self.paces() {
            say(&report::heading(pace, self.plan, self.lasting()))?;
            let mut rows: Vec<(Kind, Row)> = Vec::new();
            for round in 1..=self.plan.rounds {
                for kind in &kinds {
                    let row = match (kind, &relay, &handmade) {
                        (Kind::Relay, Some(relay), _) => self.one(relay, &webhooks, pace).await?,
                        (Kind::Handmade, _, Some(handmade)) => match handmade.start(&self.receiver).await {
                            Ok(contender) => self.one_and_end(contender, &webhooks, pace).await?,
                            Err(error) => {
                                say(&format!("{round}  {}: {error}\n", kind.name()))?;
                                continue;
                            }
                        },
                        _ => {
                            let contender = contender::floor(&self.database, &self.receiver).await?;
                            self.one_and_end(contender, &webhooks, pace).await?
                        }
                    };
                    say(&row.line(&format!("{round}  {}", kind.name())))?;
                    if *kind == Kind::Relay {
                        missing += row.missing;
                    }
                    rows.push((*kind, row));
                }
            }
            say(&report::summary(pace, &kinds, &rows))?;
        }
        if let Some(relay) = relay {
            say(&format!("\n{}\n", memory(&relay)))?;
            relay.end().await;
        }
        Ok(missing)
    }

    fn paces(&self) -> Vec<Pace> {
        self.plan.rate.iter().map(|rate| if *rate == 0 { Pace::Full } else { Pace::Rate(f64::from(*rate)) }).collect()
    }

    fn first_pace(&self) -> Pace {
        self.paces().first().copied().unwrap_or(Pace::Full)
    }

    fn lasting(&self) -> Duration {
        let default = if self.plan.noisy { 30 } else { 8 };
        Duration::from_secs(self.plan.seconds.unwrap_or(default).into())
    }

    async fn one_and_end(&mut self, contender: Contender, webhooks: &Webhooks, pace: Pace) -> Result<Row, Error> {
        let row = self.one(&contender, webhooks, pace).await;
        contender.end().await;
        row
    }

    /// One run of one contender.
    async fn one(&mut self, contender: &Contender, webhooks: &Webhooks, pace: Pace) -> Result<Row, Error> {
        let warm_up = self.load(contender, webhooks, (pace, WARM_UP));
        let ledger = warm_up.ledger.clone();
        self.post(vec![warm_up]).await?;
        self.drain(&ledger).await;
        let before = Cpu::now(contender);
        let load = self.load(contender, webhooks, (pace, self.lasting()));
        let ledger = load.ledger.clone();
        self.post(vec![load]).await?;
        self.drain(&ledger).await;
        let after = Cpu::now(contender);
        Ok(Row::new(&ledger.tally(), &before, &after))
    }

    fn load(&mut self, contender: &Contender, webhooks: &Webhooks, (pace, lasting): (Pace, Duration)) -> Load {
        let ledger = self.ledger(pace.events_max(lasting));
        Load {
            to: contender.address,
            path: contender.path.clone(),
            webhooks: webhooks.clone(),
            pace,
            lasting,
            connections: self.plan.connections.into(),
            ledger,
        }
    }

    /// Of the next run.
    fn ledger(&mut self, events_max: usize) -> Arc<Ledger> {
        self.runs += 1;
        Arc::new(Ledger::new(self.runs, events_max))
    }

    /// Posts the loads.
    async fn post(&self, loads: Vec<Load>) -> Result<(), Error> {
        let ledgers: Vec<_> = loads.iter().map(|load| load.ledger.clone()).collect();
        self.receiver.note_in(&ledgers);
        generator::post(loads).await.map_err(Error::Start)
    }

    /// Waits until what was acknowledged has arrived, or is missing.
    async fn drain(&self, ledger: &Ledger) {
        let posted = Instant::now();
        while !ledger.complete() && posted.elapsed() < DRAIN_LIMIT {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

async fn installed(home: &Path) -> Result<Option<Handmade>, Error> {
    match Handmade::install(home).await {
        Ok(handmade) => Ok(Some(handmade)),
        Err(reason) => {
            say(&format!("Without the hand-built pipeline: {reason}.\n"))?;
            Ok(None)
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a run has fewer events than a float tells apart")]
fn real(count: u64) -> f64 {
    count as f64
}

/// CPU time so far.
struct Cpu {
    own: Option<Duration>,
    store: Option<Duration>,
    bench: Option<Duration>,
    machine: Option<usage::Machine>,
}

impl Cpu {
    fn now(contender: &Contender) -> Self {
        let (own, store) = (usage::cpu(&contender.own), usage::cpu(&contender.store));
        Self { own, store, bench: usage::own_cpu(), machine: usage::machine() }
    }
}

fn memory(contender: &Contender) -> String {
    match contender.own.first().and_then(|pid| usage::memory_mb(*pid)) {
        Some((now, peak)) => format!("memory of the relay: {now} MB, at its peak {peak} MB"),
        None => "memory of the relay: not measured".to_owned(),
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Relay => "relay",
            Self::Floor => "floor",
            Self::Handmade => "hand-built",
        }
    }
}
