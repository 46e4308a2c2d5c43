//! What a channel was connected with, and how its access token is doing.

use chrono::TimeDelta;
use socialhook_core::id::RepairId;
use socialhook_relay::doctor;
use socialhook_store as store;
use socialhook_store::PgConnection;
use socialhook_store::connections::{Connection, Kind, care};

use crate::words::{Now, Pill, When};

/// A token that ends within this is told.
const SOON: TimeDelta = TimeDelta::days(14);

const REPAIRS_SHOWN: i64 = 5;

/// A connection in words.
pub struct Access {
    pub id: String,
    pub name: String,
    pub kind: &'static str,
    pub pill: Pill,
    pub sentence: String,
    pub checked: Option<When>,
    pub is_dead: bool,
    /// What was put right at Meta of late.
    pub repairs: Vec<(String, When)>,
    /// Meta has not registered the number yet.
    pub is_unregistered: bool,
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Whatsapp => "WhatsApp business account",
        Kind::Page => "Facebook page",
        Kind::Instagram => "Instagram account",
    }
}

/// How the token is doing.
pub fn token(connection: &Connection, now: Now) -> (Pill, String) {
    if let Some(reason) = &connection.dead_reason {
        let why = match reason.as_str() {
            "expired" => "The access token has expired.",
            "deauthorized" => "Somebody took the app’s permissions back at Meta.",
            _ => "Meta has withdrawn the access token.",
        };
        return (Pill::TOKEN_DEAD, format!("{why} Connect again to go on."));
    }
    let ends = [connection.token_expires_at, connection.data_access_expires_at];
    match ends.into_iter().flatten().min() {
        Some(at) if at <= now.to_utc() => {
            (Pill::TOKEN_DEAD, "The access has ended. Connect again to go on.".to_owned())
        }
        Some(at) if at - now.to_utc() < SOON && connection.kind != Kind::Instagram => {
            (Pill::TOKEN_ENDS, format!("The access ends {}. Connect again before.", When::new(at, now).words))
        }
        Some(at) => (Pill::TOKEN_GOOD, format!("The access ends {}.", When::new(at, now).words)),
        None => (Pill::TOKEN_GOOD, "The access has no end.".to_owned()),
    }
}

impl Access {
    /// `external_id` is the channel's.
    pub async fn of(
        c: &mut PgConnection,
        (connection, external_id): (&Connection, &str),
        now: Now,
    ) -> Result<Self, store::Error> {
        let repairs = care::repairs(c, connection.tenant_id, connection.connection_id, REPAIRS_SHOWN).await?;
        let repair = |(repair_id, what): (RepairId, String)| (what, When::new(repair_id.time(), now));
        let (pill, sentence) = token(connection, now);
        Ok(Self {
            id: connection.connection_id.to_string(),
            name: connection.name.clone(),
            kind: kind(connection.kind),
            pill,
            sentence,
            checked: connection.checked_at.map(|at| When::new(at, now)),
            is_dead: connection.dead_at.is_some(),
            repairs: repairs.into_iter().map(repair).collect(),
            is_unregistered: doctor::is_unregistered(connection, external_id),
        })
    }
}
