//! The live tail: the newest page of the ledger, kept true. Each look reads that page as anyone would who reloads it, and sends
//! the rows that are new on it or have changed, each as the same piece of HTML that the page is made of.
//!
//! "New" means: on the newest page now, and not at the last look. The ledger is ordered by an event's own time, so an event that
//! tells of something older takes its place further down, and one older than the whole page is not shown here: paging finds it.
//! Of more than a page between two looks the newest are sent. A row that no longer fits its filters stays until the next load.
//!
//! After a reconnect the browser says when it was last told something; what has stood still since then, with a margin for clocks
//! and slow commits, it has already. The margin may send a row twice: it then takes its own place.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::response::sse::Event;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::stream::{self, Stream};
use socialhook_core::id::{EndpointId, EventId};
use socialhook_store::ledger::{self, Cursor, Entry, Filters, Size, State as Standing, Toward};
use socialhook_store::{channels, endpoints};

use super::Row;
use super::wanted::{Known, Wanted};
use crate::arrivals::Arrivals;
use crate::error::Error;
use crate::extract::Query;
use crate::live::{self, Pace};
use crate::member::Member;
use crate::state::App;

/// Clocks of processes differ, and what is written shows only once it is committed.
const MARGIN: TimeDelta = TimeDelta::seconds(10);

#[derive(Template)]
#[template(path = "deliveries-row.html")]
struct Fragment {
    row: Row,
    may_act: bool,
}

/// Goes on from what the browser was told last. The place in the address is left out: a tail begins at the newest.
pub async fn stream(
    State(app): State<App>,
    State(arrivals): State<Arrivals>,
    member: Member,
    headers: HeaderMap,
    Query(query): Query<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let listener = arrivals.listen(member.tenant_id).ok_or(Error::Busy)?;
    let since = query.iter().find(|(name, _)| name == "since").map(|(_, value)| value.as_str());
    let told_at = live::resumed(&headers).or(since).and_then(moment);
    let mut c = app.tenant(member.tenant_id).await?;
    let channels = channels::list(&mut c, member.tenant_id).await?;
    let endpoints = endpoints::names(&mut c, member.tenant_id).await?;
    drop(c);
    let known = Known { channels: &channels, endpoints: &endpoints, zone: member.zone, now: app.clock.now() };
    let (filters, _) = Wanted::read(query).filters(&known);
    let tail = Tail {
        pace: Pace::new(listener, app.stopping.clone()),
        app,
        member,
        filters,
        told_at,
        known: HashMap::new(),
        waiting: VecDeque::new(),
    };
    Ok(live::response(tail.events()))
}

/// Milliseconds since 1970, as [`id`] writes them.
fn moment(text: &str) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(text.parse().ok()?)
}

/// What a stream's events are called by: the time of the look that found them.
pub fn id(at: DateTime<Utc>) -> String {
    at.timestamp_millis().to_string()
}

type Key = (EventId, Option<EndpointId>);

struct Tail {
    pace: Pace,
    app: App,
    member: Member,
    filters: Filters,
    /// When the browser was told something last; none if it has nothing.
    told_at: Option<DateTime<Utc>>,
    /// What the last look saw.
    known: HashMap<Key, (Standing, u16)>,
    /// Found but not yet sent, oldest first, each with the time of its look.
    waiting: VecDeque<(Row, DateTime<Utc>)>,
}

impl Tail {
    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, async |mut tail| {
            let (row, at) = tail.next().await?;
            let html = Fragment { row, may_act: tail.member.may_act() }
                .render()
                .inspect_err(|error| tracing::error!(%error, "a row of the ledger could not be drawn"));
            let data = html.unwrap_or_default();
            Some((Ok(Event::default().event("row").id(id(at)).data(data)), tail))
        })
    }

    async fn next(&mut self) -> Option<(Row, DateTime<Utc>)> {
        while self.waiting.is_empty() {
            self.pace.next().await?;
            let at = self.app.clock.now();
            match self.look().await {
                Ok(newest_first) => self.compare(newest_first, at),
                Err(error) => tracing::warn!(%error, "the ledger's live page could not look; it looks again"),
            }
        }
        self.waiting.pop_front()
    }

    async fn look(&self) -> Result<Vec<Entry>, Error> {
        let tenant_id = self.member.tenant_id;
        let mut c = self.app.tenant(tenant_id).await?;
        let newest = (Cursor::NEWEST, Toward::Older);
        Ok(self.member.sees(ledger::page(&mut c, tenant_id, &self.filters, newest, Size::TAIL).await?.entries))
    }

    /// Keeps what this look saw, and what of it the browser lacks.
    fn compare(&mut self, newest_first: Vec<Entry>, at: DateTime<Utc>) {
        let slowest = newest_first.iter().filter_map(|entry| entry.last_latency_us).max().unwrap_or(0);
        let now = at.with_timezone(&self.member.zone);
        let mut seen = HashMap::new();
        for entry in newest_first.into_iter().rev() {
            let key = (entry.event_id, entry.endpoint_id);
            let standing = (entry.state, entry.attempts);
            let has_it = self.known.get(&key).map_or_else(|| self.has(&entry), |known| *known == standing);
            seen.insert(key, standing);
            if !has_it {
                self.waiting.push_back((Row::of(entry, slowest, now), at));
            }
        }
        self.known = seen;
        // From now on what is not known is new, whatever its time.
        self.told_at = None;
    }

    /// Whether the browser has it from before this stream.
    fn has(&self, entry: &Entry) -> bool {
        let Some(told_at) = self.told_at else { return false };
        let moved = match entry.state {
            Standing::Parked { at } => Some(at),
            // When it came into this state is not known: it is told again, and takes its own place.
            Standing::Sending | Standing::Waiting { .. } => Some(told_at),
            Standing::Delivered | Standing::Discarded | Standing::Unmatched => None,
        };
        let last = [Some(entry.received_at), entry.last_attempt_at, moved].into_iter().flatten().max();
        last.is_some_and(|last| last < told_at - MARGIN)
    }
}
