//! The database in force, opened: an external one, the embedded one started here, or the embedded one that already runs.

use std::str::FromStr;
use std::time::Duration;

use secrecy::ExposeSecret;
use socialhook_store::Pools;
use sqlx::postgres::PgConnectOptions;

use crate::config::{Config, Database};
use crate::postgres::{self, Embedded};

/// The oldest PostgreSQL that is tried: 15.0.
const VERSION_MIN: i32 = 150_000;
/// A database that is still starting or recovering is waited for; after that something else is wrong.
const START_LIMIT: Duration = Duration::from_mins(1);
const START_RETRY: Duration = Duration::from_millis(250);
/// Connections whose database does not answer are not waited for.
const DISCONNECT_LIMIT: Duration = Duration::from_millis(500);

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Embedded(#[from] postgres::Error),
    #[error("DATABASE_URL is not understood")]
    Url(#[source] sqlx::Error),
    #[error("the database cannot be used")]
    Store(#[from] socialhook_store::Error),
    #[error("the database is PostgreSQL {0}; 15 or newer is needed")]
    TooOld(i32),
    #[error("the database may lose what it has committed ({0}). Turn that on, or say --allow-volatile-database=true")]
    Volatile(String),
}

/// An open database, migrated and checked.
pub struct Open {
    pub pools: Pools,
    /// The server that ends with us, if we started it.
    pub embedded: Option<Embedded>,
}

/// For `serve`: starts the embedded server if it is to be used.
pub async fn open(config: &Config) -> Result<Open, Error> {
    match &config.database {
        Database::External { url } => {
            wait_for(url.expose_secret()).await?;
            Ok(Open { pools: connect(config, url.expose_secret()).await?, embedded: None })
        }
        Database::Embedded { pg_bin } => {
            let embedded = Embedded::start(&config.data_dir, pg_bin.as_deref()).await?;
            let pools = connect(config, &embedded.url()).await?;
            Ok(Open { pools, embedded: Some(embedded) })
        }
    }
}

/// For the other commands: uses the embedded server that `serve` runs, or starts it for the while.
pub async fn open_beside(config: &Config) -> Result<Open, Error> {
    if matches!(config.database, Database::Embedded { .. })
        && let Some(url) = postgres::running(&config.data_dir).await?
    {
        return Ok(Open { pools: connect(config, &url).await?, embedded: None });
    }
    open(config).await
}

/// Returns once the database takes connections, or refuses them for good: then connecting tells why.
async fn wait_for(url: &str) -> Result<(), Error> {
    let options = PgConnectOptions::from_str(url).map_err(Error::Url)?;
    let answers = async {
        let mut told = false;
        while let Err(error) = Pools::reach(&options).await
            && error.is_about_the_moment()
        {
            if !std::mem::replace(&mut told, true) {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the database takes no connections yet; waiting for it"
                );
            }
            tokio::time::sleep(START_RETRY).await;
        }
    };
    let _ = tokio::time::timeout(START_LIMIT, answers).await;
    Ok(())
}

async fn connect(config: &Config, url: &str) -> Result<Pools, Error> {
    let options = PgConnectOptions::from_str(url).map_err(Error::Url)?;
    let pools = Pools::open(&options).await?;
    let version = pools.server_version().await?;
    if version < VERSION_MIN {
        return Err(Error::TooOld(version / 10_000));
    }
    let gaps = pools.durability_gaps().await?;
    if !gaps.is_empty() {
        let gaps = gaps.join(", ");
        if !config.allow_volatile_database {
            return Err(Error::Volatile(gaps));
        }
        tracing::warn!(gaps, "the database may lose what it has committed");
    }
    pools.migrate().await?;
    Ok(pools)
}

impl Open {
    /// Closes the connections, and ends the server if it is ours.
    pub async fn close(self) -> Result<(), Error> {
        if tokio::time::timeout(DISCONNECT_LIMIT, self.pools.close()).await.is_err() {
            tracing::warn!("some connections to the database did not close in time");
        }
        if let Some(embedded) = self.embedded {
            embedded.stop().await?;
        }
        Ok(())
    }
}
