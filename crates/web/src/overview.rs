//! The first page of a member: how things are in one sentence, what needs attention, and what was over time.
//!
//! What must hold: everything comes from sums and from keys of the one tenant, bounded, in six looks into the database; what
//! is drawn also stands in a table.

pub mod one_endpoint;
mod range;
mod tables;

use std::cmp::Reverse;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use socialhook_store::overview::EndpointNow;
use socialhook_store::rollups::{self, Bucket, Counts, Subject};
use socialhook_store::{self as store, PgConnection, onboarding};
use tower_sessions::Session;

use self::range::Range;
use self::tables::{ChannelRow, EndpointRow, number};
use crate::attention::{self, Concern, Present};
use crate::charts::{self, Bars, Lines, PERCENTILES, Times};
use crate::error::Error;
use crate::extract::Query;
use crate::member::Member;
use crate::page::{Page, Section, html};
use crate::state::App;
use crate::words::{Now, count, latency};

/// Endpoints and channels in a table each: those with the most traffic.
const SHOWN: usize = 20;

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    page: Page,
    sentence: String,
    /// Whether the guide for newcomers is still of use.
    start: bool,
    /// Nothing has ever come in.
    empty: bool,
    attention: Vec<Concern>,
    more_attention: usize,
    ranges: Vec<RangeLink>,
    in_range: &'static str,
    facts: Vec<(&'static str, String)>,
    charts: Charts,
    endpoints: Vec<EndpointRow>,
    more_endpoints: usize,
    channels: Vec<ChannelRow>,
    more_channels: usize,
}

struct RangeLink {
    href: String,
    word: &'static str,
    spoken: &'static str,
    chosen: bool,
}

struct Charts {
    events: Bars,
    attempts: Bars,
    latency: Lines,
}

#[derive(Deserialize)]
pub struct Wanted {
    #[serde(default)]
    range: String,
}

pub async fn show(
    State(app): State<App>,
    member: Member,
    session: Session,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Error> {
    let range = Range::from_word(&wanted.range);
    let now = member.now(&app);
    let times = range.times(now);
    let mut c = app.tenant(member.tenant_id).await?;
    let mut facts = Facts::read(&mut c, &member, range, &times).await?;
    drop(c);
    facts.present.ask_whose_side(&app, member.tenant_id, now).await?;
    let page = Page::new(&member, &session, Section::Overview, "Overview").await?;
    html(&facts.page(page, range, &times, now))
}

/// All that the page tells of.
struct Facts {
    present: Present,
    series: Vec<Bucket>,
    start: bool,
}

impl Facts {
    async fn read(c: &mut PgConnection, member: &Member, range: Range, times: &Times) -> store::Result<Self> {
        let (tenant_id, at) = (member.tenant_id, times.now);
        let present = Present::read(c, tenant_id, range.ranking(at), at).await?;
        let start = onboarding::is_open(c, tenant_id).await?;
        let mut subjects = vec![Subject::All];
        subjects.extend(present.endpoints.iter().take(SHOWN).map(|one| Subject::Endpoint(one.endpoint_id)));
        subjects.extend(present.channels.iter().take(SHOWN).map(|one| Subject::Channel(Some(one.channel_id))));
        let series = rollups::series(c, tenant_id, range.grain(), &times.buckets(), &subjects).await?;
        Ok(Self { present, series, start })
    }

    fn page(self, page: Page, range: Range, times: &Times, now: Now) -> OverviewPage {
        let all = self.course(Subject::All, times);
        let total = sum(&all);
        let mut attention = attention::of(&self.present, now);
        let concerns = attention.len();
        let more_attention = concerns.saturating_sub(attention::SHOWN);
        attention.truncate(attention::SHOWN);
        let heard = self.present.channels.iter().any(|channel| channel.last_receipt_at.is_some());
        OverviewPage {
            page,
            sentence: sentence(&total, range, concerns),
            start: self.start,
            empty: !heard && total == Counts::default() && concerns == 0,
            attention,
            more_attention,
            ranges: Range::ALL.map(|one| one.link(range)).into(),
            in_range: range.spoken(),
            facts: facts(&total, self.present.open.values().filter_map(|open| open.oldest).min(), now),
            charts: charts(times, &all),
            endpoints: self.endpoint_rows(times, now),
            more_endpoints: self.present.endpoints.len().saturating_sub(SHOWN),
            channels: self.channel_rows(times, now),
            more_channels: self.present.channels.len().saturating_sub(SHOWN),
        }
    }

    /// A thing's counts, bucket by bucket.
    fn course(&self, subject: Subject, times: &Times) -> Vec<Counts> {
        course(&self.series, subject, times)
    }

    /// Those with the most attempts in the stretch first: they were chosen by longer ones.
    fn endpoint_rows(&self, times: &Times, now: Now) -> Vec<EndpointRow> {
        let shown = self.present.endpoints.iter().take(SHOWN);
        let mut rows: Vec<_> = shown.map(|one| (self.course(Subject::Endpoint(one.endpoint_id), times), one)).collect();
        rows.sort_by_key(|(course, _)| Reverse(sum(course).attempts()));
        let open = |one: &EndpointNow| self.present.open.get(&one.endpoint_id).copied().unwrap_or_default();
        rows.iter().map(|(course, one)| EndpointRow::of(one, course, open(one), now)).collect()
    }

    fn channel_rows(&self, times: &Times, now: Now) -> Vec<ChannelRow> {
        let shown = self.present.channels.iter().take(SHOWN);
        let mut rows: Vec<_> =
            shown.map(|one| (self.course(Subject::Channel(Some(one.channel_id)), times), one)).collect();
        rows.sort_by_key(|(course, _)| Reverse(sum(course).events));
        rows.iter().map(|(course, one)| ChannelRow::of(one, course, now)).collect()
    }
}

/// What befell one of the tenant's things, in the order of time.
fn course(series: &[Bucket], subject: Subject, times: &Times) -> Vec<Counts> {
    let mut course = vec![Counts::default(); times.count];
    for bucket in series.iter().filter(|bucket| bucket.subject == subject) {
        if let Some(counts) = times.index(bucket.bucket_at).and_then(|index| course.get_mut(index)) {
            counts.add(&bucket.counts);
        }
    }
    course
}

fn sum(course: &[Counts]) -> Counts {
    course.iter().fold(Counts::default(), |mut total, counts| {
        total.add(counts);
        total
    })
}

fn charts(times: &Times, all: &[Counts]) -> Charts {
    let events: Vec<Vec<i64>> = all.iter().map(|counts| vec![counts.events]).collect();
    let attempts: Vec<Vec<i64>> =
        all.iter().map(|counts| vec![counts.delivered, counts.failed, counts.parked]).collect();
    let within: Vec<Vec<Option<i32>>> = all.iter().map(percentiles).collect();
    let whole: Vec<String> = PERCENTILES
        .iter()
        .zip(percentiles(&sum(all)))
        .filter_map(|((word, ..), micros)| Some(format!("{word} {}", latency(micros?))))
        .collect();
    let outcomes = [charts::DELIVERED, charts::FAILED, charts::PARKED];
    Charts {
        events: Bars::new("Events received", times, &[charts::EVENTS], &events),
        attempts: Bars::new("Attempts by outcome", times, &outcomes, &attempts),
        latency: Lines::new("Time to answer", times, &within, &whole.join(", ")),
    }
}

fn percentiles(counts: &Counts) -> Vec<Option<i32>> {
    PERCENTILES.iter().map(|(_, _, per_mille)| counts.latencies.within(*per_mille)).collect()
}

/// The stretch in numbers.
fn facts(total: &Counts, oldest: Option<DateTime<Utc>>, now: Now) -> Vec<(&'static str, String)> {
    let mut facts = vec![("Events", number(total.events))];
    facts.extend(of_attempts(total));
    let oldest = oldest.map_or_else(|| "None".to_owned(), |at| attention::length(at, now));
    facts.push(("Oldest waiting", oldest));
    facts
}

/// Attempts in numbers.
fn of_attempts(total: &Counts) -> Vec<(&'static str, String)> {
    let within = |per_mille| total.latencies.within(per_mille).map_or_else(|| "–".to_owned(), latency);
    let delivered = tables::rate(total).unwrap_or_else(|| "–".to_owned());
    let mut facts = vec![("Attempts", number(total.attempts())), ("Delivered", delivered)];
    facts.extend([("p50", within(500)), ("p95", within(950)), ("p99", within(990))]);
    facts
}

/// How things are.
fn sentence(total: &Counts, range: Range, concerns: usize) -> String {
    let when = range.spoken();
    let events = count(usize::try_from(total.events).unwrap_or(0), "event", "events");
    let slowest = total.latencies.within(990).map(latency);
    let rate = tables::rate(total);
    let what = match (total.events, &rate) {
        (0, None) => format!("No events {when}."),
        (_, None) => format!("{events} {when}; none was sent to an endpoint."),
        (_, Some(rate)) if total.failed + total.parked > 0 => {
            format!("{events} {when}; {rate} of attempts delivered.")
        }
        (_, Some(_)) => {
            let slowest = slowest.map(|micros| format!(", slowest 1 % within {micros}")).unwrap_or_default();
            format!("{events} {when}, all delivered{slowest}.")
        }
    };
    match concerns {
        0 if total.events > 0 && total.failed + total.parked == 0 && rate.is_some() => format!("All quiet: {what}"),
        0 if total.failed + total.parked > 0 => {
            format!("{what} What failed was delivered since, or is being tried again.")
        }
        0 => what,
        _ => format!("{} attention. {what}", count(concerns, "thing needs", "things need")),
    }
}
