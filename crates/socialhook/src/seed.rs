//! `socialhook admin seed`: a database as it is after a month of much traffic, to measure pages and the relay on.
//!
//! What must hold: ids, hashes and bodies are as the product makes them, so that paging and searching work; a database with
//! events of its own is left alone. The endpoints with open deliveries are paused, so that a relay on this database has nothing
//! to send.

mod rows;
mod sums;

use std::io::Write as _;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use socialhook_core::id::{AppId, TenantId};
use socialhook_relay::Means;
use socialhook_relay::destination::Policy;
use socialhook_store::endpoints::PauseReason;
use socialhook_store::partitions::{self, Retention};
use socialhook_store::seed::{self as stored, Rows, Table};
use socialhook_store::{PgConnection, channels, endpoints, tenants};

use crate::provision;
use rows::{Maker, Open};
use sums::Sums;

const EMAIL: &str = "seed@socialhook.test";
const PASSWORD: &str = "seed-password";
const TENANT: &str = "Seed";
/// Events go back so far.
const DAYS: i64 = 29;
/// Events that are copied together.
const CHUNK: u64 = 20_000;
/// Open deliveries belong to these, the first of the big tenant's endpoints.
const DEAD_ENDPOINTS: usize = 20;

/// How large it is to be.
#[derive(Debug, Clone, clap::Args)]
pub struct Plan {
    /// Events in all, spread over the last 29 days
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    pub events: u64,
    /// Endpoints of the tenant that nearly all events are for
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = clap::value_parser!(u16).range(30..=5000))]
    pub endpoints: u16,
    /// Deliveries that are still open, of all events evenly
    #[arg(long, value_name = "N", default_value_t = 50_000)]
    pub open: u64,
    /// Also where there are events already
    #[arg(long)]
    pub force: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Store(#[from] socialhook_store::Error),
    #[error(transparent)]
    Provision(#[from] provision::Error),
    #[error("there are events in this database; take an empty one, or say --force")]
    NotEmpty,
    #[error("there cannot be more open deliveries than events")]
    TooManyOpen,
    #[error("what was just set up is not there")]
    Gone,
}

/// Fills the database, telling how far it is; returns how to sign in.
pub async fn run(means: &Means, plan: &Plan) -> Result<Value, Error> {
    if plan.open > plan.events {
        return Err(Error::TooManyOpen);
    }
    let now = means.clock.now();
    let mut c = means.pools.web.acquire().await.map_err(socialhook_store::Error::from)?;
    if !plan.force && stored::has_events(&mut c).await? {
        return Err(Error::NotEmpty);
    }
    partitions::make(&mut c, Retention::default(), now).await?;
    // Nothing is requested while it is set up, and nothing after, since whoever has something open is paused.
    provision::apply(&mut c, means, Policy::AllowPrivate, &file(plan.endpoints)).await?;
    let maker = maker(&mut c, now, plan).await?;
    drop(c);
    fill(means, &maker, plan, now).await?;
    let mut c = means.pools.web.acquire().await.map_err(socialhook_store::Error::from)?;
    stored::analyze(&mut c).await?;
    Ok(json!({ "tenant": TENANT, "email": EMAIL, "password": PASSWORD, "events": plan.events, "open": plan.open }))
}

fn file(endpoints: u16) -> String {
    let secret = || uuid::Uuid::new_v4().simple().to_string();
    let tenant = |name: &str, owner: &str, first: u64, numbers: u64, endpoints: u16| {
        let channels: Vec<Value> = (0..numbers)
            .map(|n| {
                json!({ "app": "Main app", "platform": "whatsapp", "external_id": (first + n).to_string(),
                    "address": format!("+44207946{:04}", n), "name": format!("Number {:02}", n + 1) })
            })
            .collect();
        let endpoints: Vec<Value> = (1..=endpoints)
            .map(|n| json!({ "name": format!("Endpoint {n:04}"), "url": format!("http://127.0.0.1:9/hook/{n}") }))
            .collect();
        json!({ "name": name, "owner": { "email": owner, "password": PASSWORD },
            "apps": [{ "name": "Main app", "app_secret": secret(), "verify_token": secret() }],
            "channels": channels, "endpoints": endpoints })
    };
    json!({ "tenants": [
        tenant(TENANT, EMAIL, 209_000_000_000_000, 50, endpoints),
        tenant("Seed beside it", "seed2@socialhook.test", 219_000_000_000_000, 1, 1),
    ]})
    .to_string()
}

async fn maker(c: &mut PgConnection, now: DateTime<Utc>, plan: &Plan) -> Result<Maker, Error> {
    let tenant_id: TenantId = tenants::find_provisioned(c, TENANT).await?.ok_or(Error::Gone)?;
    let channels = channels::list(c, tenant_id).await?;
    let endpoints = endpoints::list(c, tenant_id).await?;
    let app_id: AppId = channels.first().map(|channel| channel.app_id).ok_or(Error::Gone)?;
    for endpoint in endpoints.iter().take(DEAD_ENDPOINTS) {
        endpoints::pause(c, tenant_id, endpoint.endpoint_id, PauseReason::Unhealthy, now).await?;
    }
    let open = Open { one_in: plan.events.checked_div(plan.open).unwrap_or(u64::MAX), endpoints: DEAD_ENDPOINTS };
    Ok(Maker { tenant_id, app_id, channels, endpoints, open, receipts_from: now - TimeDelta::days(1) })
}

async fn fill(means: &Means, maker: &Maker, plan: &Plan, now: DateTime<Utc>) -> Result<(), Error> {
    let began = Instant::now();
    let span = TimeDelta::days(DAYS);
    let step_us = span.num_microseconds().unwrap_or(i64::MAX) / i64::try_from(plan.events.max(1)).unwrap_or(i64::MAX);
    let mut sums = Sums::new(maker.tenant_id, now);
    let mut done = 0;
    while done < plan.events {
        let until = (done + CHUNK).min(plan.events);
        let mut rows = [Table::Event, Table::Attempt, Table::Delivery, Table::Receipt].map(Rows::new);
        for n in done..until {
            let back = TimeDelta::microseconds(step_us * i64::try_from(plan.events - n).unwrap_or(0));
            maker.make(n, now - back, &mut rows, &mut sums);
        }
        for table in rows {
            stored::copy(&means.pools, table).await?;
        }
        done = until;
        let rate = u128::from(done) * 1000 / began.elapsed().as_millis().max(1);
        eprint!("\r{done} of {} events, {rate} a second  ", plan.events);
        // Progress is a courtesy.
        let _ = std::io::stderr().flush();
    }
    eprintln!();
    let mut c = means.pools.web.acquire().await.map_err(socialhook_store::Error::from)?;
    sums.store(&mut c).await?;
    Ok(())
}
