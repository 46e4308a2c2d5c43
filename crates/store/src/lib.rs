//! The only SQL. A file a noun; functions take the connection that the caller holds, then the tenant.
//!
//! What must hold: every function on a tenant's rows filters by `tenant_id`; a foreign id is not found, not forbidden.
//! The few that serve all tenants at once, for the relay's batches and upkeep, are listed by name in a test (`tests/it/tidy.rs`). No transaction stays open while anyone waits for someone else's network.

pub mod account_links;
pub mod accounts;
pub mod alerts;
pub mod api_keys;
pub mod apps;
pub mod attempts;
pub mod audit;
pub mod channels;
pub mod connections;
pub mod conversations;
pub mod deliveries;
pub mod directory;
pub mod doctor;
pub mod endpoint_options;
pub mod endpoints;
pub mod erasure;
pub mod events;
pub mod everything;
pub mod floor;
pub mod health;
pub mod idempotency;
pub mod ingest;
pub mod inspections;
pub mod invitations;
pub mod leaving;
pub mod ledger;
pub mod mail;
pub mod manifests;
pub mod media;
pub mod meta_logins;
pub mod nodes;
pub mod onboarding;
pub mod overview;
pub mod partitions;
pub mod pools;
pub mod refusals;
pub mod refused_requests;
pub mod replays;
pub mod resealing;
pub mod retention;
pub mod rollups;
pub mod seal;
pub mod second_factors;
pub mod seed;
pub mod sessions;
pub mod sign_ups;
pub mod tenants;
pub mod throttle;
pub mod token;

pub use pools::Pools;
pub use sqlx::PgConnection;

pub type PoolConnection = sqlx::pool::PoolConnection<sqlx::Postgres>;
pub type Transaction = sqlx::Transaction<'static, sqlx::Postgres>;

/// All migrations, embedded. One static, so that tests and the binary share it.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations");

/// Our side's failure: the database, or what it holds. The world's failures are data and never come here.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    #[error("a migration failed")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    #[error("a sealed value cannot be opened: wrong key, or it was moved or changed")]
    Seal,
    #[error("{table}.{column} holds a value that this version does not know")]
    Unreadable { table: &'static str, column: &'static str },
    #[error("hashing a password failed")]
    Password,
}

impl Error {
    /// The violated constraint's name, so that the place of the insert can turn it into a form's message.
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Database(error) => error.as_database_error().and_then(|error| error.constraint()),
            _ => None,
        }
    }

    /// True where the values themselves were refused, so that trying a part of them makes sense; false for all that
    /// may pass by itself: no connection, a server that shuts down or is read-only, a deadlock, a migration under way.
    #[must_use]
    pub fn is_about_the_statement(&self) -> bool {
        let Self::Database(error) = self else { return false };
        // Class 22 is a data exception, 23 a violated constraint or a missing partition.
        error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .is_some_and(|code| ["22", "23"].contains(&code.get(..2).unwrap_or_default()))
    }

    /// True where this is stored already.
    #[must_use]
    pub fn is_duplicate(&self) -> bool {
        let Self::Database(error) = self else { return false };
        error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|code| code == "23505")
    }

    /// True where connecting failed in a way that passes by itself: nobody listens yet, the server starts, recovers or stops, or all
    /// of its connections are taken.
    #[must_use]
    pub fn is_about_the_moment(&self) -> bool {
        match self {
            Self::Database(sqlx::Error::Io(error)) => {
                use std::io::ErrorKind::{ConnectionRefused, ConnectionReset, UnexpectedEof};
                [ConnectionRefused, ConnectionReset, UnexpectedEof].contains(&error.kind())
            }
            Self::Database(error) => error
                .as_database_error()
                .and_then(sqlx::error::DatabaseError::code)
                .is_some_and(|code| ["57P01", "57P02", "57P03", "53300"].contains(&&*code)),
            _ => false,
        }
    }

    /// True where the database turned this away so that another, which waited for it, could go on: trying again helps.
    #[must_use]
    pub fn is_deadlock(&self) -> bool {
        let Self::Database(error) = self else { return false };
        error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|code| code == "40P01")
    }
}

pub type Result<T, E = Error> = std::result::Result<T, E>;
