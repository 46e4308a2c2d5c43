//! What of the ledger an address asks for, and the address of what is asked for: filters and place live in the URL alone.
//!
//! What must hold: an address that makes no sense never fails. What it cannot mean is left out and said.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use socialhook_core::event::Platform;
use socialhook_core::id::{ChannelId, EndpointId, EventId};
use socialhook_store::channels::Channel;
use socialhook_store::ledger::{Cursor, Filters, Outcome, Toward};
use url::form_urlencoded;

use crate::endpoint_choice;
use crate::fields::{self, Field};

pub const OUTCOMES: [(Outcome, &str, &str); 5] = [
    (Outcome::All, "", "All"),
    (Outcome::Delivered, "delivered", "Delivered"),
    (Outcome::Waiting, "waiting", "Waiting"),
    (Outcome::Parked, "parked", "Parked"),
    (Outcome::Unmatched, "unmatched", "Unmatched"),
];

/// Stretches of time that end now: the word in the address, the words on the page, and the hours.
pub(super) const LAST: [(&str, &str, i64); 3] =
    [("1h", "Last hour", 1), ("24h", "Last 24 hours", 24), ("7d", "Last 7 days", 168)];

/// The query of the ledger's address, as it is written there. Empty: not asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    pub outcome: String,
    pub platform: String,
    pub channel: String,
    /// An endpoint's id, or its name.
    pub endpoint: String,
    pub event: String,
    pub last: String,
    pub from: String,
    pub to: String,
    /// The page of what is older than this, or newer.
    pub after: String,
    pub before: String,
}

impl Wanted {
    pub fn read(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut wanted = Self::default();
        for (name, value) in pairs {
            if let Some(field) = wanted.field(&name) {
                value.trim().clone_into(field);
            }
        }
        wanted
    }

    pub fn parse(query: &str) -> Self {
        Self::read(form_urlencoded::parse(query.as_bytes()).into_owned())
    }

    fn field(&mut self, name: &str) -> Option<&mut String> {
        Some(match name {
            "outcome" => &mut self.outcome,
            "platform" => &mut self.platform,
            "channel" => &mut self.channel,
            "endpoint" => &mut self.endpoint,
            "event" => &mut self.event,
            "last" => &mut self.last,
            "from" => &mut self.from,
            "to" => &mut self.to,
            "after" => &mut self.after,
            "before" => &mut self.before,
            _ => return None,
        })
    }

    /// The query, without a `?`.
    pub fn query(&self) -> String {
        let pairs = [
            ("outcome", &self.outcome),
            ("platform", &self.platform),
            ("channel", &self.channel),
            ("endpoint", &self.endpoint),
            ("event", &self.event),
            ("last", &self.last),
            ("from", &self.from),
            ("to", &self.to),
            ("after", &self.after),
            ("before", &self.before),
        ];
        let asked = pairs.into_iter().filter(|(_, value)| !value.is_empty());
        form_urlencoded::Serializer::new(String::new()).extend_pairs(asked).finish()
    }

    pub fn address(&self) -> String {
        let query = self.query();
        if query.is_empty() { "/deliveries".to_owned() } else { format!("/deliveries?{query}") }
    }

    /// The same from the newest on, with something set otherwise.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut changed = Self { after: String::new(), before: String::new(), ..self.clone() };
        if let Some(field) = changed.field(name) {
            value.clone_into(field);
        }
        changed
    }

    #[must_use]
    pub fn at(&self, cursor: Cursor, toward: Toward) -> Self {
        let name = match toward {
            Toward::Older => "after",
            Toward::Newer => "before",
        };
        self.with(name, &format!("{}.{}", cursor.event_id, cursor.endpoint_id))
    }

    /// The newest, if the place in the address is not one of ours.
    pub fn place(&self) -> (Cursor, Toward) {
        match (cursor(&self.after), cursor(&self.before)) {
            (Some(cursor), _) => (cursor, Toward::Older),
            (None, Some(cursor)) => (cursor, Toward::Newer),
            (None, None) => (Cursor::NEWEST, Toward::Older),
        }
    }

    pub fn outcome(&self) -> Outcome {
        OUTCOMES.into_iter().find(|(_, word, _)| *word == self.outcome).map_or(Outcome::All, |(outcome, ..)| outcome)
    }

    /// Whether anything but the outcome is narrowed down.
    pub fn is_narrow(&self) -> bool {
        let rest = Self { outcome: String::new(), after: String::new(), before: String::new(), ..self.clone() };
        rest != Self::default()
    }
}

fn cursor(text: &str) -> Option<Cursor> {
    let (event, endpoint) = text.split_once('.')?;
    Some(Cursor { event_id: event.parse::<EventId>().ok()?, endpoint_id: endpoint.parse::<EndpointId>().ok()? })
}

/// What filters are checked against.
pub struct Known<'a> {
    pub channels: &'a [Channel],
    pub endpoints: &'a [(EndpointId, String)],
    pub zone: Tz,
    pub now: DateTime<Utc>,
}

/// The fields that can be filled in wrongly.
#[derive(Debug, Default)]
pub struct Fields {
    pub endpoint: Field,
    pub event: Field,
    pub from: Field,
    pub to: Field,
}

impl Wanted {
    /// What the ledger is asked, and the fields with what is wrong with them. Something wrong filters nothing.
    pub fn filters(&self, known: &Known<'_>) -> (Filters, Fields) {
        let mut fields = Fields {
            endpoint: Field::new(&self.endpoint),
            event: Field::new(&self.event),
            from: Field::new(&self.from),
            to: Field::new(&self.to),
        };
        let moment = |text: &str| match text {
            "" => Ok(None),
            text => fields::moment(text, known.zone).map(Some),
        };
        let last = LAST.into_iter().find(|(word, ..)| *word == self.last);
        let from = fields.from.check(moment).flatten();
        let filters = Filters {
            outcome: self.outcome(),
            channel_ids: self.channel_ids(known.channels),
            endpoint_id: fields.endpoint.check(|text| endpoint(text, known.endpoints)).flatten(),
            event: fields.event.check(fields::event).flatten(),
            from: from.or_else(|| last.map(|(_, _, hours)| known.now - TimeDelta::hours(hours))),
            to: fields.to.check(moment).flatten(),
        };
        (filters, fields)
    }

    /// A platform stands for all of its channels.
    fn channel_ids(&self, channels: &[Channel]) -> Option<Vec<ChannelId>> {
        let channel = channels.iter().find(|channel| channel.channel_id.to_string() == self.channel);
        let platform = Platform::from_word(&self.platform);
        if channel.is_none() && platform.is_none() {
            return None;
        }
        let fits = |one: &&Channel| {
            channel.is_none_or(|channel| channel.channel_id == one.channel_id)
                && platform.is_none_or(|platform| platform == one.platform)
        };
        Some(channels.iter().filter(fits).map(|channel| channel.channel_id).collect())
    }
}

fn endpoint(text: &str, own: &[(EndpointId, String)]) -> Result<Option<EndpointId>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    endpoint_choice::find(text, own).map(Some)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn what_is_asked_for_survives_its_address() {
        let at = Cursor { event_id: Uuid::from_u128(7).into(), endpoint_id: Uuid::from_u128(8).into() };
        let asked = Wanted { outcome: "parked".to_owned(), event: "message.*".to_owned(), ..Wanted::default() };
        for toward in [Toward::Older, Toward::Newer] {
            let there = asked.at(at, toward);
            assert_eq!(Wanted::parse(&there.query()), there);
            assert_eq!((there.place(), there.outcome()), ((at, toward), Outcome::Parked));
        }
        assert_eq!(asked.at(at, Toward::Older).with("outcome", "").address(), "/deliveries?event=message.*");
    }

    #[test]
    fn nonsense_in_the_address_shows_the_newest() {
        for after in ["", ".", "evt_x.end_y", "'; drop table"] {
            let query = form_urlencoded::Serializer::new(String::new()).append_pair("after", after).finish();
            let wanted = Wanted::parse(&format!("{query}&outcome=nonsense&x=1"));
            assert_eq!((wanted.outcome(), wanted.place().0), (Outcome::All, Cursor::NEWEST), "{after}");
        }
    }
}
