//! The ledger's filters as the page shows them: a form, and what is filtered by now, each with a way to take it away.

use socialhook_core::event::Platform;

use super::wanted::{Fields, Known, LAST, Wanted};
use crate::endpoint_choice::EndpointChoice;
use crate::words;

/// Channels to choose from.
const SELECT_MAX: usize = 100;

pub(super) struct FilterForm {
    /// Something in it is wrong.
    pub(super) is_open: bool,
    pub(super) outcome: String,
    pub(super) last: String,
    pub(super) platform: String,
    pub(super) channel: String,
    /// Id and name.
    pub(super) channels: Vec<(String, String)>,
    /// Id and name; empty if there are too many to choose from.
    pub(super) endpoints: Vec<(String, String)>,
    pub(super) zone: &'static str,
    pub(super) fields: Fields,
}

impl FilterForm {
    pub(super) fn of(wanted: &Wanted, fields: Fields, known: &Known<'_>) -> Self {
        let channels = known.channels.iter().map(|one| (one.channel_id.to_string(), one.name.clone()));
        let endpoint = EndpointChoice::new(known.endpoints, fields.endpoint.clone());
        let is_open =
            [&fields.endpoint, &fields.event, &fields.from, &fields.to].into_iter().any(|field| field.error.is_some());
        Self {
            is_open,
            outcome: wanted.outcome.clone(),
            last: wanted.last.clone(),
            platform: wanted.platform.clone(),
            channel: wanted.channel.clone(),
            channels: channels.take(SELECT_MAX).collect(),
            endpoints: endpoint.listed,
            zone: known.zone.name(),
            fields: Fields { endpoint: endpoint.field, ..fields },
        }
    }
}

/// What the list is narrowed down to, and the addresses without each.
pub(super) fn narrowed(wanted: &Wanted, known: &Known<'_>) -> Vec<(String, String)> {
    let channel = known.channels.iter().find(|channel| channel.channel_id.to_string() == wanted.channel);
    let endpoint = known.endpoints.iter().find(|one| one.0.to_string() == wanted.endpoint);
    let last = LAST.into_iter().find(|(word, ..)| *word == wanted.last).map(|(_, words, _)| words.to_owned());
    let said =
        |name: &str, value: Option<&str>| value.filter(|text| !text.is_empty()).map(|text| format!("{name}: {text}"));
    let minute = |text: &str| text.replace('T', " ");
    [
        ("last", last),
        ("from", said("From", Some(&minute(&wanted.from)))),
        ("to", said("To", Some(&minute(&wanted.to)))),
        ("platform", said("Platform", Platform::from_word(&wanted.platform).map(words::platform))),
        ("channel", said("Channel", channel.map(|channel| channel.name.as_str()))),
        ("endpoint", said("Endpoint", Some(endpoint.map_or(wanted.endpoint.as_str(), |one| one.1.as_str())))),
        ("event", said("Event", Some(&wanted.event))),
    ]
    .into_iter()
    .filter_map(|(name, words)| Some((words?, wanted.with(name, "").address())))
    .collect()
}
