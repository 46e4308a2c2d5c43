//! Mail about what needs attention: what the overview tells whoever looks, told to those who do not.
//!
//! What must hold: what lasts is told once, to the members of its own tenant who want it; nothing that customers wrote is in a letter.

use std::collections::HashSet;
use std::time::Duration;

use chrono::TimeDelta;
use chrono_tz::Tz;
use socialhook_store::alerts::{self as stored, Due};
use socialhook_store::endpoints::PauseReason;
use socialhook_store::overview::Stretch;
use socialhook_store::rollups::Grain;

use crate::attention::{self, Concern, Present};
use crate::error::Error;
use crate::mail::{self, Alert};
use crate::state::App;
use crate::words::Now;

/// Each tenant's things are looked at so often.
const EVERY: TimeDelta = TimeDelta::minutes(5);
/// Tenants taken at a time.
const TAKEN: i64 = 20;
/// How long a letter is worth sending.
const WORTH_FOR: TimeDelta = TimeDelta::hours(12);

/// Looks again and again until the service stops.
pub async fn run(app: App, every: Duration) {
    let mut interval = tokio::time::interval(every);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = app.stopping.cancelled() => return,
            _ = interval.tick() => {}
        }
        if let Err(error) = sweep(&app).await
            && !app.stopping.is_cancelled()
        {
            tracing::warn!(error = &error as &dyn std::error::Error, "what needs attention could not be looked for");
        }
    }
}

/// Looks at all tenants that are due; gives how many letters were written.
///
/// # Errors
/// If the database fails; those that were not looked at are in a while.
pub async fn sweep(app: &App) -> Result<usize, Error> {
    let mut letters = 0;
    while !app.stopping.is_cancelled() {
        let mut c = app.pools.background.acquire().await.map_err(socialhook_store::Error::from)?;
        let due = stored::take_due(&mut c, TAKEN, (EVERY, app.clock.now())).await?;
        drop(c);
        if due.is_empty() {
            break;
        }
        for tenant in due {
            match look(app, &tenant).await {
                Ok(written) => letters += written,
                // Whoever was not looked at is in a while.
                Err(_) if app.stopping.is_cancelled() => return Ok(letters),
                // The others have their turn all the same.
                Err(error) => tracing::warn!(
                    tenant.id = %tenant.tenant_id,
                    error = &error as &dyn std::error::Error,
                    "what needs attention could not be told"
                ),
            }
        }
    }
    Ok(letters)
}

async fn look(app: &App, tenant: &Due) -> Result<usize, Error> {
    let now = app.clock.now().with_timezone(&tenant.time_zone.parse().unwrap_or(Tz::UTC));
    let concerns = concerns(app, tenant, now).await?;
    let subjects: Vec<String> = concerns.iter().map(subject).collect::<HashSet<_>>().into_iter().collect();
    let mut tx = app.begin(tenant.tenant_id).await?;
    let told: HashSet<String> =
        stored::note(&mut tx, tenant.tenant_id, &subjects, now.to_utc()).await?.into_iter().collect();
    let mut letters = 0;
    if !told.is_empty() {
        let news: Vec<(String, String)> = concerns
            .into_iter()
            .filter(|concern| told.contains(&subject(concern)))
            .map(|concern| (concern.sentence, mail::page(app, &concern.href)))
            .collect();
        let letter = Alert { tenant: tenant.name.clone(), news, settings: mail::page(app, "/settings#alerts") };
        for address in stored::recipients(&mut tx, tenant.tenant_id).await? {
            mail::post(app, &mut tx, (&address, WORTH_FOR), &letter).await?;
            letters += 1;
        }
    }
    tx.commit().await.map_err(socialhook_store::Error::from)?;
    Ok(letters)
}

/// What tells one from another, as long as it lasts.
fn subject(concern: &Concern) -> String {
    format!("{} {}", concern.pill.word, if concern.about.is_empty() { &concern.href } else { &concern.about })
}

async fn concerns(app: &App, tenant: &Due, now: Now) -> Result<Vec<Concern>, Error> {
    let at = now.to_utc();
    let traffic = Stretch { grain: Grain::Hour, from: Grain::Hour.floor(at - TimeDelta::days(1)) };
    let mut c = app.tenant(tenant.tenant_id).await?;
    let mut present = Present::read(&mut c, tenant.tenant_id, traffic, at).await?;
    drop(c);
    // Whoever paused it knows.
    present.endpoints.retain(|one| !matches!(one.paused, Some((_, PauseReason::Person))));
    present.ask_whose_side(app, tenant.tenant_id, now).await?;
    Ok(attention::of(&present, now))
}
