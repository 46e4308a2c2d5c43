//! Meta's limits: each answer tells how much of an app's hour is used up, and who goes on regardless is shut out for longer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::Error;

/// Percent from which we stop by ourselves.
const FULL: u64 = 95;
/// How long without word of Meta's how long.
const WAIT: Duration = Duration::from_mins(5);
/// Meta's own estimates run up to a day; looking after an hour costs one call.
const WAIT_MAX: Duration = Duration::from_hours(1);

/// Until when each app waits.
#[derive(Debug, Clone, Default)]
pub(crate) struct Limits(Arc<Mutex<HashMap<String, Instant>>>);

impl Limits {
    pub fn check(&self, app_id: &str) -> Result<(), Error> {
        let mut waiting = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Some(until) = waiting.get(app_id) else { return Ok(()) };
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            waiting.remove(app_id);
            return Ok(());
        }
        Err(Error::Limited { seconds: left.as_secs() + 1 })
    }

    /// Reads `X-App-Usage` and `X-Business-Use-Case-Usage`.
    pub fn note(&self, app_id: &str, headers: &HeaderMap) {
        let read = |name: &str| serde_json::from_slice::<Value>(headers.get(name)?.as_bytes()).ok();
        let own = read("x-app-usage");
        let business = read("x-business-use-case-usage");
        let of_business = business.iter().filter_map(Value::as_object).flat_map(serde_json::Map::values);
        let all = own.iter().chain(of_business.filter_map(Value::as_array).flatten());
        if let Some(wait) = all.filter_map(wait).max() {
            self.hold_for(app_id, wait);
        }
    }

    pub fn hold(&self, app_id: &str) {
        self.hold_for(app_id, WAIT);
    }

    fn hold_for(&self, app_id: &str, wait: Duration) {
        tracing::warn!(meta.app = app_id, seconds = wait.as_secs(), "Meta's limit is reached; this app waits");
        let mut waiting = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        waiting.insert(app_id.to_owned(), Instant::now() + wait);
    }
}

/// How long to wait after one kind of use; none if there is room.
fn wait(usage: &Value) -> Option<Duration> {
    let percent = ["call_count", "total_time", "total_cputime"].iter().filter_map(|name| usage[name].as_u64()).max()?;
    let minutes = usage["estimated_time_to_regain_access"].as_u64().filter(|minutes| *minutes > 0);
    let told = minutes.map(|minutes| Duration::from_secs(minutes.saturating_mul(60)).min(WAIT_MAX));
    told.or_else(|| (percent >= FULL).then_some(WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_meta_says_is_kept_to() {
        let limits = Limits::default();
        let told = |name: &'static str, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().expect("a value"));
            headers
        };
        limits.note("1", &told("x-app-usage", r#"{"call_count":28,"total_time":25,"total_cputime":25}"#));
        limits.check("1").expect("there is room");
        limits.note("1", &told("x-app-usage", r#"{"call_count":100,"total_time":25,"total_cputime":25}"#));
        assert!(matches!(limits.check("1"), Err(Error::Limited { seconds: 299..=300 })));
        limits.check("2").expect("another app's room");
        let business = r#"{"104":[{"type":"whatsapp","call_count":40,"estimated_time_to_regain_access":7}]}"#;
        limits.note("2", &told("x-business-use-case-usage", business));
        assert!(matches!(limits.check("2"), Err(Error::Limited { seconds: 419..=420 })));
        limits.note("3", &told("x-app-usage", "nonsense"));
        limits.check("3").expect("what is not understood says nothing");
    }
}
