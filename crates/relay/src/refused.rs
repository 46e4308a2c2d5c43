//! Refused POSTs that are kept for a person to look at, between two ticks.
//!
//! What must hold: a flood of forged POSTs costs nothing. Of each app and reason one is taken in [`EVERY`], and few wait to be stored;
//! the others are only counted ([`crate::tally`]). Only what was posted to an app's callback URL comes here, and nothing of it is logged.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{AsHeaderName, CONTENT_TYPE, HeaderMap, USER_AGENT};
use socialhook_core::id::{AppId, TenantId};
use socialhook_core::signature::{HEADER, Refusal};
use socialhook_store::refused_requests::{BODY_KEPT, Headers, NewRefused};

/// Of one app and reason, one is taken in this time.
const EVERY: TimeDelta = TimeDelta::seconds(10);
/// Of all apps together, between two ticks.
const WAITING_MAX: usize = 64;
/// Characters of a header.
const HEADER_KEPT: usize = 512;

#[derive(Default)]
pub(crate) struct Refused(Mutex<State>);

#[derive(Default)]
struct State {
    last: HashMap<(AppId, &'static str), DateTime<Utc>>,
    waiting: Vec<NewRefused>,
}

impl Refused {
    /// Takes this one, unless one of its kind was taken a moment ago.
    pub(crate) fn note(
        &self,
        (tenant_id, app_id): (TenantId, AppId),
        refusal: Refusal,
        (headers, body): (&HeaderMap, &[u8]),
        now: DateTime<Utc>,
    ) {
        // Nobody could look at those of the operator's apps.
        if tenant_id == TenantId::OPERATOR || !self.has_room((app_id, refusal.reason()), now) {
            return;
        }
        let new = NewRefused {
            tenant_id,
            app_id,
            reason: refusal.reason(),
            received_at: now,
            headers: Headers {
                signature: text(headers, HEADER),
                content_type: text(headers, CONTENT_TYPE),
                user_agent: text(headers, USER_AGENT),
            },
            body: body[..body.len().min(BODY_KEPT)].to_vec(),
            body_length: body.len(),
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).waiting.push(new);
    }

    fn has_room(&self, kind: (AppId, &'static str), now: DateTime<Utc>) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_too_soon = state.last.get(&kind).is_some_and(|at| now - *at < EVERY);
        if is_too_soon || state.waiting.len() >= WAITING_MAX {
            return false;
        }
        state.last.insert(kind, now);
        true
    }

    /// Takes out what waits to be stored.
    pub(crate) fn take(&self, now: DateTime<Utc>) -> Vec<NewRefused> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.last.retain(|_, at| now - *at < EVERY);
        std::mem::take(&mut state.waiting)
    }
}

fn text(headers: &HeaderMap, name: impl AsHeaderName) -> Option<String> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).chars().take(HEADER_KEPT).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_leaves_little() {
        let refused = Refused::default();
        let begun = DateTime::UNIX_EPOCH;
        let (tenant_id, app_id) = (TenantId(uuid::Uuid::from_u128(1)), AppId::new(begun));
        let body = vec![b'x'; BODY_KEPT + 1];
        let post = |app_id, refusal, now| {
            refused.note((tenant_id, app_id), refusal, (&HeaderMap::new(), body.as_slice()), now);
        };
        for _ in 0..1000 {
            post(app_id, Refusal::Wrong, begun);
            post(app_id, Refusal::Missing, begun);
        }
        let taken = refused.take(begun);
        assert_eq!(taken.iter().map(|one| one.reason).collect::<Vec<_>>(), ["signature_wrong", "signature_missing"]);
        assert_eq!((taken[0].body.len(), taken[0].body_length), (BODY_KEPT, BODY_KEPT + 1));
        post(app_id, Refusal::Wrong, begun + EVERY - TimeDelta::seconds(1));
        assert!(refused.take(begun).is_empty(), "too soon after the last");
        post(app_id, Refusal::Wrong, begun + EVERY);
        assert_eq!(refused.take(begun + EVERY).len(), 1);
        for _ in 0..1000 {
            post(AppId::new(begun), Refusal::Wrong, begun);
        }
        assert_eq!(refused.take(begun).len(), WAITING_MAX, "nor do many apps fill the memory");
        refused.note((TenantId::OPERATOR, app_id), Refusal::Wrong, (&HeaderMap::new(), &[]), begun);
        assert!(refused.take(begun + EVERY + EVERY).is_empty() && refused.0.lock().expect("no panic").last.is_empty());
    }
}
