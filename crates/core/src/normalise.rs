//! From Meta's parts to events: `event-schema.md` as code.
//!
//! A part becomes one event for each thing in it. What is not known becomes an `unknown` event that carries Meta's
//! own JSON, so every part gives at least one event, and an item of a wrong type costs only itself. The same part
//! always gives the same ids.
//!
//! A file per product, and in it per noun: `whatsapp` and `messenger` (which is Instagram's shape too) read Meta's
//! JSON into a `Draft`; `wire` is the JSON that a tenant receives; `identity`, `address` and `time` hold the
//! rules that all products share.

mod address;
mod draft;
mod identity;
mod messenger;
mod time;
mod whatsapp;
mod wire;

use chrono::{DateTime, Utc};

use crate::event::{Channel, Normalised, Platform};
use crate::id::TenantId;
use crate::meta::{Part, Shape};
use draft::Draft;

/// What is known about a part besides what Meta sent.
#[derive(Debug, Clone)]
pub struct Context<'a> {
    pub tenant_id: TenantId,
    /// Nothing for parts that belong to an account as a whole.
    pub channel: Option<&'a Channel>,
    pub received_at: DateTime<Utc>,
    /// An event id begins with the event's time; one before this, or more than an hour after `received_at`, begins
    /// with `received_at` instead. The `timestamp` in the event stays Meta's.
    pub oldest: DateTime<Utc>,
    /// Adds `"test": true`.
    pub test: bool,
}

/// The events in a part, at least one.
#[must_use]
pub fn normalise(part: &Part<'_>, context: &Context<'_>) -> Vec<Normalised> {
    drafts(part, context).into_iter().map(|draft| draft.finish(part, context)).collect()
}

fn drafts<'a>(part: &'a Part<'a>, context: &'a Context<'a>) -> Vec<Draft<'a>> {
    let known = match (part.platform, part.shape) {
        (Some(Platform::Whatsapp), Shape::Change) => whatsapp::change(part, context),
        (Some(Platform::Messenger | Platform::Instagram), Shape::Messaging | Shape::Standby) => {
            messenger::element(part)
        }
        _ => Vec::new(),
    };
    if known.is_empty() {
        let at = time::millis(&part.content, "timestamp");
        return vec![Draft { at, ..Draft::unknown(part.raw) }];
    }
    known
}
