//! Looks after every connection on a schedule: whether its token works and the app is subscribed to it; puts right what it may.
//!
//! What must hold: every repair is recorded; what Meta could not be asked about changes nothing; one process looks after a connection
//! at a time.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rand::RngExt;
use secrecy::SecretString;
use socialhook_core::id::{ConnectionId, TenantId};
use socialhook_graph::{Access, AppIdentity, Cause, Error};
use socialhook_store::apps::meta_side;
use socialhook_store::connections::{self, Connection, Death, Kind, care};

use crate::Relay;
use crate::connect::{INSTAGRAM_FIELDS, PAGE_FIELDS};
use crate::doctor::{Mend, TokenSeen};
use crate::within::within;

/// Twice in a working day: Meta unsubscribes after an hour of failures (Messenger §7), and its limits are per hour.
const EVERY: TimeDelta = TimeDelta::hours(4);
/// So that what was connected together is not looked after together.
const SPREAD_MINUTES: i64 = 60;
/// Taken at a time.
const TAKEN: i64 = 4;
const STORE_WITHIN: Duration = Duration::from_secs(5);
/// An Instagram token lives 60 days; it is renewed from its half.
const RENEW_BEFORE: TimeDelta = TimeDelta::days(30);
/// Younger ones are not renewed (Messenger §10.3).
const RENEW_AFTER: TimeDelta = TimeDelta::hours(24);

/// Looks after what is due until the relay stops.
pub(crate) async fn run(relay: Relay, every: Duration) {
    let mut interval = tokio::time::interval(every);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = relay.0.stop.cancelled() => return,
            _ = interval.tick() => {}
        }
        if let Err(error) = run_due(&relay).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "connections could not be looked after");
        }
    }
}

/// Looks after what is due; returns how many.
pub(crate) async fn run_due(relay: &Relay) -> Result<usize, socialhook_store::Error> {
    let now = relay.0.means.clock.now();
    let again_in = EVERY + TimeDelta::minutes(rand::rng().random_range(0..SPREAD_MINUTES));
    let pool = &relay.0.means.pools.background;
    let due = within(pool, STORE_WITHIN, async |c| care::take_due(c, TAKEN, (again_in, now)).await).await?;
    for (tenant_id, connection_id) in &due {
        if relay.0.stop.is_cancelled() {
            break;
        }
        look_after(relay, *tenant_id, *connection_id).await?;
    }
    Ok(due.len())
}

async fn look_after(
    relay: &Relay,
    tenant_id: TenantId,
    connection_id: ConnectionId,
) -> Result<(), socialhook_store::Error> {
    let examiner = &relay.0.examiner;
    let mut c = relay.0.means.pools.background.acquire().await?;
    let Some(connection) = connections::find(&mut c, tenant_id, connection_id).await? else { return Ok(()) };
    let token = connections::token(&mut c, tenant_id, connection_id, &relay.0.means.sealer).await?;
    let key = meta_side::callback_key(&mut c, connection.app_tenant_id, connection.app_id).await?;
    drop(c);
    let app = examiner.identity_of(&connection).await?;
    let (Some(app), Some(token), Some(key)) = (app, token, key) else { return Ok(()) };
    let (mut look, mend, seen) = examiner.look(&connection, (&app, &token), &key).await?;
    note_token(relay, &connection, &seen).await?;
    if mend == Some(Mend::Subscribe) && subscribe(relay, &connection, (&app, &token)).await {
        let what = "Subscribed the app to it again, with all fields";
        look.mended("It was gone, and was put right just now.");
        repaired(relay, &connection, what).await?;
    }
    if connection.kind == Kind::Instagram && seen.dead.is_none() {
        renew(relay, &connection, (&app, &token)).await?;
    }
    let findings = serde_json::to_value(&look).unwrap_or_default();
    let now = relay.0.means.clock.now();
    within(&relay.0.means.pools.background, STORE_WITHIN, async |c| {
        care::note_check(c, tenant_id, connection_id, &findings, now).await
    })
    .await
}

async fn repaired(relay: &Relay, connection: &Connection, what: &str) -> Result<(), socialhook_store::Error> {
    tracing::info!(connection.id = %connection.connection_id, what, "a connection was put right at Meta");
    let now = relay.0.means.clock.now();
    within(&relay.0.means.pools.background, STORE_WITHIN, async |c| {
        care::note_repair(c, connection.tenant_id, connection.connection_id, what, now).await
    })
    .await
}

async fn note_token(relay: &Relay, connection: &Connection, seen: &TokenSeen) -> Result<(), socialhook_store::Error> {
    let (tenant_id, connection_id) = (connection.tenant_id, connection.connection_id);
    let now = relay.0.means.clock.now();
    within(&relay.0.means.pools.background, STORE_WITHIN, async |c| {
        if let Some(cause) = seen.dead {
            let death = if cause == Cause::TokenExpired { Death::Expired } else { Death::Revoked };
            if connections::bury(c, tenant_id, connection_id, death, now).await? {
                tracing::warn!(connection.id = %connection_id, ?death, "a connection's access token does not work any more");
            }
            return Ok(());
        }
        // A page's own token is told of with the ends of the login's, and Instagram's of none.
        let Some(info) = seen.info.as_ref().filter(|_| connection.kind != Kind::Instagram) else { return Ok(()) };
        let at = |seconds: Option<i64>| seconds.and_then(|seconds| DateTime::<Utc>::from_timestamp(seconds, 0));
        let ends = (at(info.expires_at), at(info.data_access_expires_at));
        care::note_token(c, tenant_id, connection_id, &info.scopes, ends).await
    })
    .await
}

async fn subscribe(relay: &Relay, connection: &Connection, (app, token): (&AppIdentity, &SecretString)) -> bool {
    let (graph, access) = (relay.graph(), Access { app, token });
    let asked: Result<(), Error> = match connection.kind {
        Kind::Whatsapp => graph.subscribe(access, &connection.external_id, &[]).await,
        Kind::Page => graph.subscribe(access, &connection.external_id, PAGE_FIELDS).await,
        Kind::Instagram => graph.instagram_subscribe(access, INSTAGRAM_FIELDS).await,
    };
    if let Err(error) = &asked {
        tracing::warn!(connection.id = %connection.connection_id, %error, "a connection could not be subscribed again");
    }
    asked.is_ok()
}

/// Another 60 days, ahead of time.
async fn renew(
    relay: &Relay,
    connection: &Connection,
    (app, token): (&AppIdentity, &SecretString),
) -> Result<(), socialhook_store::Error> {
    let now = relay.0.means.clock.now();
    let is_due = connection.token_expires_at.is_some_and(|at| at - now < RENEW_BEFORE);
    if !is_due || now - connection.token_made_at < RENEW_AFTER {
        return Ok(());
    }
    let fresh = match relay.graph().refresh_instagram_token(Access { app, token }).await {
        Ok(fresh) => fresh,
        Err(error) => {
            tracing::warn!(connection.id = %connection.connection_id, %error, "an access token could not be renewed");
            return Ok(());
        }
    };
    let ends = fresh.expires_in.map(|seconds| now + TimeDelta::seconds(seconds));
    let means = &relay.0.means;
    within(&means.pools.background, STORE_WITHIN, async |c| {
        let (tenant_id, connection_id) = (connection.tenant_id, connection.connection_id);
        connections::renew(c, tenant_id, connection_id, (&fresh.access_token, &means.sealer), (ends, now)).await
    })
    .await?;
    repaired(relay, connection, "Renewed the access token").await
}
