//! Events, as they are delivered but for `delivery`.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use socialhook_core::id::{ChannelId, ConversationId, EventId};
use socialhook_core::normalise;
use socialhook_store::events::{self as stored, Filters};
use socialhook_store::ledger::Toward;
use utoipa::{IntoParams, ToSchema};

use super::gate::Caller;
use super::problem::{Problem, Problems};
use super::{LIST_DEFAULT, LIST_MAX, Page};
use crate::error::Error;
use crate::extract::{Asked, Path};
use crate::fields;
use crate::state::App;

/// An event as its endpoints get it, without `delivery`: see `/schema/event.v1.json`. Where your tenant does not keep what was written any
/// more, `kept` is `false`, who it was is null, and its content is left out.
#[derive(Debug, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = Object)]
pub struct Event(Box<RawValue>);

fn event(body: Vec<u8>) -> Result<Event, Problem> {
    let text = String::from_utf8(body).map_err(|_| Error::Unexpected("an event is no text"))?;
    Ok(Event(RawValue::from_string(text).map_err(|_| Error::Unexpected("an event is no JSON"))?))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// An event word such as `message.received`, or a beginning such as `message.*`.
    #[param(pattern = r"^(\*|[a-z_]+(\.[a-z_]+)*(\.\*)?)$", max_length = 64)]
    event: Option<String>,
    /// A channel's id.
    #[param(value_type = Option<String>, pattern = "^chn_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
    channel: Option<ChannelId>,
    /// What happened at this time or later: RFC 3339.
    #[param(format = DateTime)]
    from: Option<String>,
    /// What happened before this time: RFC 3339.
    #[param(format = DateTime)]
    to: Option<String>,
    /// All that is about Meta's id of a message, oldest first, in one part. Nothing else filters it.
    message_id: Option<String>,
    /// All of a conversation. Only `cursor` and `limit` go with it.
    #[param(value_type = Option<String>, pattern = "^conv_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
    conversation: Option<ConversationId>,
    #[param(value_type = Option<String>, pattern = "^evt_[0-7][0-9a-hjkmnp-tv-z]{25}$")]
    cursor: Option<EventId>,
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u8>,
}

/// How many a list holds.
pub fn limit(wanted: Option<u8>) -> Result<u8, Problem> {
    match wanted {
        None => Ok(LIST_DEFAULT),
        Some(limit @ 1..=LIST_MAX) => Ok(limit),
        Some(_) => Err(Problem::wrong([("limit", format!("Give a number from 1 to {LIST_MAX}."))])),
    }
}

impl Wanted {
    fn filters(&self) -> Result<Filters, Problem> {
        let mut wrong = Vec::new();
        let mut moment = |name: &'static str, text: &Option<String>| {
            let text = text.as_deref()?;
            fields::moment(text, chrono_tz::Tz::UTC).map_err(|error| wrong.push((name, error))).ok()
        };
        let (from, to) = (moment("from", &self.from), moment("to", &self.to));
        let event = match self.event.as_deref() {
            Some("") => Err("Give a value, or leave it out.".to_owned()),
            event => fields::event(event.unwrap_or_default()),
        };
        let event = event.map_err(|error| wrong.push(("event", error))).ok().flatten();
        if wrong.is_empty() {
            Ok(Filters { event, channel_id: self.channel, from, to })
        } else {
            Err(Problem::wrong(wrong))
        }
    }
}

/// Events, newest first
#[utoipa::path(get, path = "/api/v1/events", tag = "Events", security(("key" = [])), params(Wanted),
    responses((status = 200, body = Page<Event>), Problems))]
pub async fn list(
    State(app): State<App>,
    caller: Caller,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<Page<Event>>, Problem> {
    let limit = limit(wanted.limit)?;
    let filters = wanted.filters()?;
    let mut c = app.tenant(caller.tenant_id).await?;
    let (told, next) = if let Some(id) = &wanted.message_id {
        let mut told = stored::of_message(&mut c, caller.tenant_id, normalise::message_hash(id)).await?;
        // Others may share the hash.
        told.retain(|one| one.is_dropped || String::from_utf8_lossy(&one.body).contains(id.as_str()));
        (told, None)
    } else if let Some(conversation_id) = wanted.conversation {
        let before = wanted.cursor.unwrap_or(EventId(uuid::Uuid::max()));
        let place = (conversation_id, before);
        let mut told = stored::of_conversation(&mut c, caller.tenant_id, place, Toward::Older, limit.into()).await?;
        let has_more = told.len() > usize::from(limit);
        told.truncate(limit.into());
        let next = told.last().filter(|_| has_more).map(|last| last.event_id);
        (told, next)
    } else {
        stored::list(&mut c, caller.tenant_id, (&filters, wanted.cursor), limit.into()).await?
    };
    drop(c);
    let data = told.into_iter().map(|one| event(one.body)).collect::<Result<_, _>>()?;
    Ok(Json(Page { data, next_cursor: next.map(|id| id.to_string()) }))
}

/// One event
#[utoipa::path(get, path = "/api/v1/events/{event_id}", tag = "Events", security(("key" = [])),
    params(("event_id" = String, Path)), responses((status = 200, body = Event), Problems))]
pub async fn show(
    State(app): State<App>,
    caller: Caller,
    Path(event_id): Path<EventId>,
) -> Result<Json<Event>, Problem> {
    let mut c = app.tenant(caller.tenant_id).await?;
    let found = stored::find(&mut c, caller.tenant_id, event_id).await?.ok_or(Error::NotFound)?;
    Ok(Json(event(found.body)?))
}
