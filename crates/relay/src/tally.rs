//! Counts kept in memory between two ticks: refused POSTs, and which channels and apps were heard from.
//!
//! Bounded by the number of apps times reasons, and of channels. A crash loses at most a tick of counts, never a webhook.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use socialhook_core::id::{AppId, ChannelId, TenantId};
use socialhook_store::onboarding::AppActivity;
use socialhook_store::refusals::Count;

#[derive(Default)]
pub(crate) struct Tally(Mutex<Counts>);

#[derive(Default)]
pub(crate) struct Counts {
    refused: HashMap<(TenantId, AppId, &'static str), (i64, DateTime<Utc>)>,
    heard: HashMap<(TenantId, ChannelId), DateTime<Utc>>,
    apps: HashMap<(TenantId, AppId), AppActivity>,
}

impl Tally {
    pub(crate) fn refused(&self, tenant_id: TenantId, app_id: AppId, reason: &'static str, now: DateTime<Utc>) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, last_at) = counts.refused.entry((tenant_id, app_id, reason)).or_insert((0, now));
        *count += 1;
        *last_at = now;
    }

    /// Meta asked whether the verify token is the app's.
    pub(crate) fn challenged(&self, app: (TenantId, AppId), fits: bool, now: DateTime<Utc>) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let activity = counts.apps.entry(app).or_default();
        *(if fits { &mut activity.challenged_at } else { &mut activity.challenge_failed_at }) = Some(now);
    }

    /// A webhook came in, signed as Meta does; without its app if it was simulated.
    pub(crate) fn heard(
        &self,
        app: Option<(TenantId, AppId)>,
        channels: impl Iterator<Item = (TenantId, ChannelId)>,
        now: DateTime<Utc>,
    ) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(app) = app {
            counts.apps.entry(app).or_default().signed_at = Some(now);
        }
        for channel in channels {
            counts.heard.insert(channel, now);
        }
    }

    /// Takes the counts out.
    pub(crate) fn take(&self) -> Counts {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Counts {
    pub(crate) fn refusals(&self) -> Vec<Count> {
        let count =
            |(&(tenant_id, app_id, reason), &(count, last_at))| Count { tenant_id, app_id, reason, count, last_at };
        self.refused.iter().map(count).collect()
    }

    pub(crate) fn apps(&self) -> Vec<(TenantId, AppId, AppActivity)> {
        self.apps.iter().map(|(&(tenant_id, app_id), &activity)| (tenant_id, app_id, activity)).collect()
    }

    pub(crate) fn activity(&self) -> Vec<(TenantId, ChannelId, DateTime<Utc>)> {
        self.heard.iter().map(|(&(tenant_id, channel_id), &at)| (tenant_id, channel_id, at)).collect()
    }
}
