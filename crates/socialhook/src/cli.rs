//! The command line: what there is to ask of the binary, and how its answers leave.

use std::ffi::OsString;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Parser, Subcommand};
use secrecy::ExposeSecret;
use socialhook_core::clock::Clock;
use socialhook_core::event::Normalised;
use socialhook_core::offline;
use socialhook_relay::Means;
use socialhook_store::nodes;
use url::Url;

use crate::config::{Config, Database, Options};
use crate::{
    bench, database, demo, doctor, key, meta_sim, operator, provision, replay, seed, serve, simulate, telemetry,
    with_postgres,
};

/// How long provisioning waits until running processes work with what it changed.
const IN_FORCE_LIMIT: Duration = Duration::from_secs(5);
const IN_FORCE_EVERY: Duration = Duration::from_millis(50);

/// Relays Meta's webhooks to each tenant's endpoint: stored, normalised, signed, retried, logged.
#[derive(Debug, Parser)]
#[command(version)]
pub struct Cli {
    #[command(flatten)]
    options: Options,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service
    Serve {
        /// With a demo tenant, whose first events arrive at once
        #[arg(long)]
        demo: bool,
    },
    /// For operators
    #[command(subcommand)]
    Admin(Admin),
    /// Post correctly signed webhooks to a running service, as Meta would
    Simulate {
        #[command(flatten)]
        plan: simulate::Plan,
        /// Name every kind of webhook and end
        #[arg(long)]
        list: bool,
        /// Whose channels they are for: a tenant's name, or its ten_… id
        #[arg(long, default_value = demo::TENANT)]
        tenant: String,
        /// Where the service listens [default: the configured address]
        #[arg(long, value_name = "URL")]
        server: Option<Url>,
    },
    /// Stand for Meta on this machine: Graph, the login dialogs, media and webhooks, to connect and try things without an account
    MetaSim {
        #[command(flatten)]
        app: meta_sim::MetaApp,
        /// Where it listens
        #[arg(long = "at", value_name = "ADDR", default_value = "127.0.0.1:9800")]
        at: SocketAddr,
    },
    /// Print the events in a webhook's body as JSON lines, without a service or a database
    Normalise {
        /// The body as Meta posts it [default: standard input]
        file: Option<PathBuf>,
    },
    /// Measure the relay on this machine, beside the least that a relay can do and a pipeline built by hand
    Bench {
        #[command(flatten)]
        plan: bench::Plan,
    },
    /// The least that a relay can do; `bench` runs it
    #[command(hide = true)]
    BenchFloor { receiver: hyper::Uri },
    /// Bring the database's schema up to date
    Migrate,
    /// Print the settings in force, secrets masked
    Config,
    /// Run a command with `DATABASE_URL` set to a private PostgreSQL that ends with it
    WithPostgres {
        #[arg(last = true, required = true)]
        command: Vec<OsString>,
    },
}

#[derive(Debug, Subcommand)]
enum Admin {
    /// Make what a JSON file names: tenants, apps, channels, endpoints
    Provision {
        /// The file, or - for standard input
        file: PathBuf,
    },
    /// Send what happened in a stretch of time to an endpoint again; the running service does it
    Replay(replay::Wish),
    /// Tell why a channel gets no messages: the chain from Meta's app to the endpoint, a line a link
    Doctor(doctor::Whose),
    /// Seal every stored secret with a new key, while the service runs
    ///
    /// The key's file in the data directory gets a new key, and running services follow it. Where the key is given as `SOCIALHOOK_SECRET_KEY`, put the new
    /// one before the old one with a comma between, start all services anew, run this, and take the old one away.
    RotateKeys,
    /// Print what operators did by these commands, or what was done in a tenant: a line of JSON a record, the newest first
    Audit(operator::Log),
    /// Take the second factor of somebody away who has lost it and all recovery codes: make sure first that it is they who ask
    ResetSecondFactor(operator::Whose),
    /// Fill an empty database with what a month of much traffic leaves behind, to measure on
    Seed(seed::Plan),
}

pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Runs the command line's command; a failure is told with all its causes.
pub async fn run() -> ExitCode {
    match execute(Cli::parse()).await {
        Ok(code) => code,
        Err(failure) => {
            let mut text = format!("socialhook: {failure}");
            let mut cause = failure.source();
            while let Some(error) = cause {
                let error_text = error.to_string();
                if !text.ends_with(&error_text) {
                    text.push_str(": ");
                    text.push_str(&error_text);
                }
                cause = error.source();
            }
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

async fn execute(cli: Cli) -> Result<ExitCode, Failure> {
    let data_dir_given = cli.options.data_dir_given();
    let config = cli.options.resolve()?;
    match cli.command {
        Command::Serve { demo } => {
            telemetry::start(&config);
            serve::run(&config, demo).await?;
        }
        Command::Admin(Admin::Provision { file }) => say(&format!("{:#}\n", provision(&config, &file).await?))?,
        Command::Admin(Admin::Replay(wish)) => say(&format!("{:#}\n", replay(&config, &wish).await?))?,
        Command::Admin(Admin::Doctor(whose)) => say(&doctor::run(&config, &whose).await?)?,
        Command::Admin(Admin::RotateKeys) => say(&format!("{} secrets sealed anew\n", rotate_keys(&config).await?))?,
        Command::Admin(Admin::Audit(wanted)) => say(&audit(&config, &wanted).await?)?,
        Command::Admin(Admin::ResetSecondFactor(whose)) => reset_second_factor(&config, &whose).await?,
        Command::Admin(Admin::Seed(plan)) => say(&format!("{:#}\n", seed(&config, &plan).await?))?,
        Command::Simulate { list: true, .. } => say(&simulate::list())?,
        Command::Simulate { plan, tenant, server, .. } => {
            let server = server.unwrap_or_else(|| serve::own_url(config.listen));
            let sent =
                with_means(&config, async |means| Ok(simulate::run(means, &server, &tenant, &plan).await?)).await?;
            say(&format!("{sent} webhooks accepted\n"))?;
        }
        Command::MetaSim { app, at } => meta_sim::run(at, app).await?,
        Command::Normalise { file } => say(&normalise(file.as_deref())?)?,
        Command::Bench { plan } => return Ok(bench::run(&plan, pg_bin(&config).as_deref()).await?),
        Command::BenchFloor { receiver } => {
            let Database::External { url } = &config.database else {
                return Err("the floor needs DATABASE_URL".into());
            };
            bench::floor::run(config.listen, url.expose_secret(), receiver).await?;
        }
        Command::Migrate => database::open_beside(&config).await?.close().await?,
        Command::Config => say(&config.describe())?,
        Command::WithPostgres { command } => {
            let pg_bin = pg_bin(&config);
            return Ok(with_postgres::run(pg_bin, data_dir_given.then_some(config.data_dir), command).await?);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Where the programs of an embedded PostgreSQL are, if that was said.
fn pg_bin(config: &Config) -> Option<PathBuf> {
    match &config.database {
        Database::Embedded { pg_bin } => pg_bin.clone(),
        Database::External { .. } => None,
    }
}

/// A closed pipe is nobody's failure.
pub(crate) fn say(text: &str) -> std::io::Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

/// Does what needs a database and the key, and closes the database whatever came of it.
pub(crate) async fn with_means<T>(
    config: &Config,
    work: impl AsyncFnOnce(&Means) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let open = database::open_beside(config).await?;
    let done = match key::settled(config, &open.pools).await {
        Ok(sealer) => {
            let means = Means { pools: open.pools.clone(), sealer: Arc::new(sealer), clock: Clock::System };
            work(&means).await
        }
        Err(error) => Err(error.into()),
    };
    open.close().await?;
    done
}

/// The file's content; standard input for none or `-`.
fn read(file: Option<&std::path::Path>) -> Result<Vec<u8>, Failure> {
    if let Some(file) = file.filter(|file| file.as_os_str() != "-") {
        return Ok(std::fs::read(file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?);
    }
    let mut content = Vec::new();
    std::io::stdin().read_to_end(&mut content)?;
    Ok(content)
}

/// The events of a body, a line each, as they would be delivered but for `delivery`.
fn normalise(file: Option<&std::path::Path>) -> Result<String, Failure> {
    let events = offline::events(&read(file)?, Clock::System.now(), false)?;
    // What Meta sent between its values may hold ends of lines; within strings JSON has none.
    let line = |event: Normalised| {
        let body = event.body.into_iter().filter(|byte| !matches!(byte, b'\n' | b'\r'));
        String::from_utf8(body.chain([b'\n']).collect())
    };
    Ok(events.into_iter().map(line).collect::<Result<String, _>>()?)
}

async fn provision(config: &Config, file: &std::path::Path) -> Result<serde_json::Value, Failure> {
    let text = String::from_utf8(read(Some(file))?)?;
    with_means(config, async |means| {
        let mut c = means.pools.background.acquire().await?;
        let tree = provision::apply(&mut c, means, config.policy, &text).await?;
        operator::record(&mut c, &means.clock, &provision::tenants(&tree), "Provisioned", &[]).await?;
        wait_until_in_force(&mut c, &means.clock).await?;
        Ok(tree)
    })
    .await
}

async fn rotate_keys(config: &Config) -> Result<usize, Failure> {
    with_means(config, async |means| {
        let sealed = key::rotate(config, means).await?;
        let mut c = means.pools.background.acquire().await?;
        operator::record(&mut c, &means.clock, &[], "Sealed every secret with a new key", &[]).await?;
        Ok(sealed)
    })
    .await
}

async fn audit(config: &Config, wanted: &operator::Log) -> Result<String, Failure> {
    let open = database::open_beside(config).await?;
    let told = async {
        let mut c = open.pools.background.acquire().await?;
        Ok::<_, Failure>(operator::log(&mut c, wanted).await?)
    }
    .await;
    open.close().await?;
    told
}

async fn reset_second_factor(config: &Config, whose: &operator::Whose) -> Result<(), Failure> {
    with_means(config, async |means| operator::reset_second_factor(config, means, whose).await).await
}

async fn seed(config: &Config, plan: &seed::Plan) -> Result<serde_json::Value, Failure> {
    with_means(config, async |means| {
        let seeded = seed::run(means, plan).await?;
        let mut c = means.pools.background.acquire().await?;
        operator::record(&mut c, &means.clock, &[], "Filled the empty database to measure on", &[]).await?;
        Ok(seeded)
    })
    .await
}

async fn replay(config: &Config, wish: &replay::Wish) -> Result<serde_json::Value, Failure> {
    let open = database::open_beside(config).await?;
    let told = async {
        // A server that we had to start has no service beside it.
        if wish.wait && open.embedded.is_some() {
            return Err(replay::Error::NoService.into());
        }
        let mut c = open.pools.web.acquire().await?;
        Ok::<_, Failure>(replay::run(&mut c, &Clock::System, wish).await?)
    }
    .await;
    open.close().await?;
    told
}

/// Whoever posts after provisioning expects what was provisioned.
async fn wait_until_in_force(c: &mut socialhook_store::PgConnection, clock: &Clock) -> socialhook_store::Result<()> {
    let mut every = tokio::time::interval(IN_FORCE_EVERY);
    let waited = async {
        while !nodes::config_is_in_force(c, clock.by_hand()).await? {
            every.tick().await;
        }
        Ok(())
    };
    tokio::time::timeout(IN_FORCE_LIMIT, waited).await.unwrap_or(Ok(()))
}
