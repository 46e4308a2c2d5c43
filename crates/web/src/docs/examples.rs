//! Every event type with an example: a sample of the simulator's, normalised.

use std::sync::LazyLock;

use chrono::DateTime;
use socialhook_core::event::{DeliveryStamp, EventType, Normalised, with_delivery};
use socialhook_core::offline;
use socialhook_core::sample::{self, Sample, Stage};

use crate::{json_view, words};

/// When all examples happen.
const AT: i64 = 1_795_435_000;
const SERIAL: u64 = 456;
const EXTERNAL_ID: &str = "109000000000001";
const ADDRESS: &str = "+442079460123";
const STAMP: DeliveryStamp = DeliveryStamp { attempt: 1, latency_ms: 3, replay: false };

/// An event type as the page shows it.
pub struct Shown {
    pub word: &'static str,
    pub meaning: &'static str,
    pub direction: String,
    pub carries: &'static [&'static str],
    /// The id of the example's text on the page.
    pub id: String,
    pub platform: &'static str,
    /// The sample that the example is made of.
    pub sample: &'static str,
    pub example: String,
    pub meta: String,
    /// The other samples that such an event comes of.
    pub others: Vec<&'static str>,
}

/// A sample, what Meta posts, and the events in it.
pub struct Made {
    pub sample: &'static Sample,
    body: String,
    events: Vec<Normalised>,
}

/// Of every sample.
pub static MADE: LazyLock<Vec<Made>> = LazyLock::new(|| sample::all().iter().map(Made::of).collect());

impl Made {
    fn of(sample: &'static Sample) -> Self {
        let at = DateTime::from_timestamp(AT, 0).unwrap_or_default();
        let body = sample.body(&Stage { external_id: EXTERNAL_ID, address: Some(ADDRESS), at, serial: SERIAL });
        let events = offline::events(body.as_bytes(), at, true).unwrap_or_default();
        Self { sample, body, events }
    }

    /// The type of its first event.
    pub fn kind(&self) -> EventType {
        self.events.first().map_or(EventType::Unknown, |event| event.event)
    }

    fn event(&self, kind: EventType) -> Option<&Normalised> {
        self.events.iter().find(|event| event.event == kind)
    }
}

/// All event types, in the contract's order. Each has a sample, which a test sees to.
pub fn all() -> Vec<Shown> {
    EventType::ALL.into_iter().filter_map(shown).collect()
}

fn shown(kind: EventType) -> Option<Shown> {
    let mut fitting = MADE.iter().filter_map(|one| Some((one, one.event(kind)?)));
    let (first, event) = fitting.next()?;
    let described = kind.described();
    let directions: Vec<&str> = described.directions.iter().map(|one| one.unwrap_or("null")).collect();
    Some(Shown {
        word: described.word,
        meaning: described.meaning,
        direction: directions.join(" or "),
        carries: described.carries,
        id: described.word.replace('.', "-"),
        platform: words::platform(first.sample.platform),
        sample: first.sample.name,
        example: json_view::html(&with_delivery(&event.body, None, STAMP)),
        meta: json_view::html(first.body.as_bytes()),
        others: fitting.map(|(other, _)| other.sample.name).collect(),
    })
}
