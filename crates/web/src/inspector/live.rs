//! The live part: a stream of what comes in, each as the same piece of HTML that the page is made of.

use std::collections::VecDeque;
use std::convert::Infallible;

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::response::sse::Event;
use futures_util::stream::{self, Stream};
use serde::Deserialize;
use socialhook_core::id::InspectionId;
use socialhook_store::inspections::{self, Inspection};
use uuid::Uuid;

use super::page::{Item, SHOWN};
use crate::arrivals::Arrivals;
use crate::error::Error;
use crate::extract::Query;
use crate::live::{self, Pace};
use crate::member::Member;
use crate::state::App;

const OVERLAP_MILLIS: u128 = 3000;
/// More than one look can bring.
const SENT_KEPT: usize = 200;

#[derive(Template)]
#[template(path = "inspector-item.html")]
struct Fragment {
    item: Item,
}

#[derive(Deserialize)]
pub struct From {
    #[serde(default)]
    after: String,
}

/// A stream goes on after the last item that the browser has.
pub async fn stream(
    State(app): State<App>,
    State(arrivals): State<Arrivals>,
    member: Member,
    headers: HeaderMap,
    Query(from): Query<From>,
) -> Result<Response, Error> {
    let listener = arrivals.listen(member.tenant_id).ok_or(Error::Busy)?;
    let watch = Watch {
        pace: Pace::new(listener, app.stopping.clone()),
        app,
        member,
        after: live::resumed(&headers).unwrap_or(&from.after).parse().ok(),
        sent: VecDeque::new(),
        waiting: VecDeque::new(),
    };
    Ok(live::response(watch.events()))
}

struct Watch {
    pace: Pace,
    app: App,
    member: Member,
    after: Option<InspectionId>,
    /// Already sent, newest last, as far back as [`OVERLAP_MILLIS`] can reach within one look.
    sent: VecDeque<InspectionId>,
    /// Read but not yet sent, oldest first.
    waiting: VecDeque<Inspection>,
}

impl Watch {
    fn events(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, async |mut watch| {
            let inspection = watch.next().await?;
            let id = inspection.inspection_id;
            let item = Item::of(inspection, true, watch.app.clock.now().with_timezone(&watch.member.zone));
            let html = Fragment { item }
                .render()
                .inspect_err(|error| tracing::error!(%error, "an inspected request could not be drawn"));
            Some((Ok(Event::default().event("inspection").id(id.to_string()).data(html.unwrap_or_default())), watch))
        })
    }

    /// The next request that came in; none when the stream's time is over, or this process is stopping.
    async fn next(&mut self) -> Option<Inspection> {
        while self.waiting.is_empty() {
            self.pace.next().await?;
            match self.look().await {
                Ok(newest_first) => {
                    let unsent = newest_first.into_iter().rev().filter(|one| !self.sent.contains(&one.inspection_id));
                    self.waiting.extend(unsent);
                }
                Err(error) => tracing::warn!(%error, "the inspector's live page could not look; it looks again"),
            }
        }
        let inspection = self.waiting.pop_front()?;
        self.after = self.after.max(Some(inspection.inspection_id));
        self.sent.push_back(inspection.inspection_id);
        if self.sent.len() > SENT_KEPT {
            self.sent.pop_front();
        }
        Some(inspection)
    }

    async fn look(&self) -> Result<Vec<Inspection>, Error> {
        let tenant_id = self.member.tenant_id;
        let mut c = self.app.tenant(tenant_id).await?;
        Ok(self.member.sees(inspections::list(&mut c, tenant_id, self.after.map(shortly_before), SHOWN).await?))
    }
}

/// Requests that come in at the same moment get their ids in any order, and may be stored in another; so each look reaches
/// back a little. The page leaves out what it has.
fn shortly_before(id: InspectionId) -> InspectionId {
    const RANDOM_BITS: u32 = 80;
    let millis = id.0.as_u128() >> RANDOM_BITS;
    InspectionId(Uuid::from_u128(millis.saturating_sub(OVERLAP_MILLIS) << RANDOM_BITS))
}
