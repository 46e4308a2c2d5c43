//! The links on our side: what arrived, whether its signature fitted, where it went.

use chrono::{DateTime, TimeDelta, Utc};
use socialhook_core::event::EventType;
use socialhook_store::doctor::Facts;
use socialhook_store::endpoints::Endpoint;
use socialhook_store::health::State as Health;

use super::{Line, Link, State};
use crate::directory::matches;

/// Nothing for so long is worth a word.
const QUIET_AFTER: TimeDelta = TimeDelta::hours(24);

pub(super) fn lines(facts: &Facts, endpoints: &[Endpoint], now: DateTime<Utc>) -> Vec<Line> {
    vec![arrival(facts, now), signature(facts), routing(facts), endpoint(facts, endpoints), breaker(facts, endpoints)]
}

fn arrival(facts: &Facts, now: DateTime<Utc>) -> Line {
    let line = |state, evidence: &str| Line::new(Link::Arrival, state, evidence);
    let write = "Write to it from a phone of your own. If nothing comes, look at the links above.";
    match (facts.last_receipt_at, facts.others_at.max(facts.signed_at)) {
        (Some(at), _) if now - at < QUIET_AFTER => line(State::Good, "Its webhooks arrive.").at(at),
        (Some(at), Some(other)) if other - at > QUIET_AFTER => {
            line(State::Warning, "Nothing has come for it for long, while others of the same app go on coming.")
                .at(at)
                .fix(write)
        }
        (Some(at), _) => line(State::Warning, "Nothing has come for a day or more.").at(at).fix(write),
        (None, Some(other)) => {
            line(State::Warning, "Nothing has ever come for it, though other webhooks of the app arrive.")
                .at(other)
                .fix(write)
        }
        (None, None) => {
            line(State::Warning, "Nothing has ever come from this app that was signed with its secret.").fix(write)
        }
    }
}

fn webhooks(number: i64) -> String {
    if number == 1 { "a webhook".to_owned() } else { format!("{number} webhooks") }
}

fn signature(facts: &Facts) -> Line {
    let line = |state, evidence: String| Line::new(Link::Signature, state, evidence);
    match (facts.refused, facts.signed_at) {
        (Some((number, at)), signed) if signed.is_none_or(|signed| signed < at) => {
            line(State::Bad, format!("The signature of {} fits no secret of {}.", webhooks(number), facts.app_name))
                .at(at)
                .fix("Add the app secret that Meta’s dashboard shows now, under Settings → Basic; with Instagram Login also the Instagram app secret.")
        }
        (_, Some(at)) => line(State::Good, "The last webhook’s signature fits the app’s secret.".to_owned()).at(at),
        (_, None) => line(State::Unknown, "Nothing came that could be checked.".to_owned()),
    }
}

fn routing(facts: &Facts) -> Line {
    match facts.disabled_at {
        Some(at) => {
            Line::new(Link::Routing, State::Bad, "The channel is disabled: its events are kept, and delivered nowhere.")
                .at(at)
                .fix("Enable the channel. What came in meanwhile is sent by a replay.")
        }
        None => Line::new(
            Link::Routing,
            State::Good,
            format!("What Meta sends for {} becomes events of this channel.", facts.external_id),
        ),
    }
}

/// Whether it wants messages of this channel.
fn wants(endpoint: &Endpoint, facts: &Facts) -> bool {
    let word = EventType::MessageReceived.as_str();
    let is_of_channel = endpoint.channel_ids.as_ref().is_none_or(|ids| ids.contains(&facts.channel_id));
    is_of_channel && endpoint.events.iter().any(|pattern| matches(pattern, word))
}

fn endpoint(facts: &Facts, endpoints: &[Endpoint]) -> Line {
    let line = |state, evidence: String| Line::new(Link::Endpoint, state, evidence);
    let wanting: Vec<&Endpoint> = endpoints.iter().filter(|endpoint| wants(endpoint, facts)).collect();
    let names = |list: &[&Endpoint]| list.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(", ");
    if endpoints.is_empty() {
        let evidence = "There is no endpoint that anything could be delivered to.".to_owned();
        return line(State::Bad, evidence).fix("Add an endpoint: the URL of your service.");
    }
    if wanting.is_empty() {
        let evidence = "No endpoint takes message.received of this channel.".to_owned();
        return line(State::Bad, evidence).fix("Change an endpoint’s events or channels so that it takes them.");
    }
    let (paused, open): (Vec<&Endpoint>, Vec<&Endpoint>) = wanting.into_iter().partition(|one| one.paused.is_some());
    match paused.first().and_then(|one| one.paused) {
        Some((at, _)) if open.is_empty() => {
            line(State::Bad, format!("{} is paused: events wait for it.", names(&paused)))
                .at(at)
                .fix("Resume the endpoint. What waits is sent at once.")
        }
        _ => line(State::Good, format!("Events go to {}.", names(&open))),
    }
}

fn events(number: i64) -> String {
    if number == 1 { "1 event is".to_owned() } else { format!("{number} events are") }
}

fn breaker(facts: &Facts, endpoints: &[Endpoint]) -> Line {
    let line = |state, evidence: String| Line::new(Link::Breaker, state, evidence);
    let open = endpoints.iter().filter(|one| wants(one, facts) && one.paused.is_none());
    let mut parked = None;
    let mut any = false;
    for one in open {
        any = true;
        if let Some(unwell) = one.unwell.filter(|unwell| matches!(unwell.state, Health::Down { .. })) {
            return line(State::Bad, format!("{} does not answer; {} parked for it.", one.name, events(one.kept)))
                .at(unwell.down_since)
                .fix("Have it answer 2xx within its time. It is tried by itself, and what is parked is sent once it does.");
        }
        parked = parked.or((one.kept > 0).then_some(one));
    }
    match parked {
        Some(one) => {
            line(State::Warning, format!("{} parked for {} after the last attempt.", events(one.kept), one.name))
                .fix("Look at what it answered, mend that, then resend them.")
        }
        None if any => line(State::Good, "It answers, and nothing is parked.".to_owned()),
        None => line(State::Unknown, "Nothing is delivered that it could answer.".to_owned()),
    }
}
