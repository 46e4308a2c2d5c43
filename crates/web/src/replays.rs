//! Replays: what happened in a stretch of time, sent to one endpoint again. The list with how far each has come, beginning
//! one, and cancelling one.

pub mod form;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use socialhook_core::id::ReplayId;
use socialhook_store::replays::{self as stored, Chosen, Replay, Which};
use tower_sessions::Session;

use self::form::ReplayForm;
use crate::error::Error;
use crate::extract::{Form, Path};
use crate::member::Member;
use crate::page::{Empty, Page, Section, html, leave_notice};
use crate::state::App;
use crate::words::{Now, Pill, When, count};

/// Replays on the page.
const SHOWN: i64 = 50;
/// Width of a progress bar in its own units.
const BAR_WIDTH: i64 = 100;

#[derive(Template)]
#[template(path = "replays.html")]
struct ReplaysPage {
    page: Page,
    zone: &'static str,
    sentence: String,
    may_act: bool,
    /// The page loads itself again while one is unfinished.
    is_live: bool,
    rows: Vec<Row>,
    empty: Empty,
}

struct Row {
    id: String,
    endpoint: String,
    endpoint_id: String,
    what: String,
    from: String,
    to: String,
    pill: Pill,
    width: i64,
    looked_at: String,
    resent: String,
    started: When,
    by: Option<String>,
    is_unfinished: bool,
}

impl Row {
    fn of(replay: Replay, now: Now) -> Self {
        Self {
            id: replay.replay_id.to_string(),
            endpoint_id: replay.chosen.endpoint_id.to_string(),
            what: what(&replay.chosen, replay.channel_name.as_deref()),
            from: minute(replay.chosen.from, now.timezone()),
            to: minute(replay.chosen.to, now.timezone()),
            pill: pill(&replay),
            width: width(&replay),
            looked_at: number(replay.looked_at, "looked at", "looked at"),
            resent: number(replay.opened, "resent", "resent"),
            started: When::new(replay.created_at, now),
            is_unfinished: replay.is_unfinished(),
            by: replay.created_by,
            endpoint: replay.endpoint_name,
        }
    }
}

fn number(number: i64, one: &str, many: &str) -> String {
    count(usize::try_from(number).unwrap_or(0), one, many)
}

/// As exact as the form.
fn minute(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string()
}

/// What is chosen, in words.
fn what(chosen: &Chosen, channel: Option<&str>) -> String {
    let mut words = match chosen.which {
        Which::Undelivered => "Undelivered events".to_owned(),
        Which::All => "All events".to_owned(),
    };
    if let Some(event) = &chosen.event {
        words = format!("{words} of {event}");
    }
    if let Some(channel) = channel {
        words = format!("{words}, channel {channel}");
    }
    words
}

fn pill(replay: &Replay) -> Pill {
    match replay {
        Replay { cancelled_at: Some(_), .. } => Pill::CANCELLED,
        Replay { finished_at: Some(_), .. } => Pill::FINISHED,
        Replay { endpoint_is_paused: true, .. } => Pill::HELD,
        Replay { looked_at: 0, .. } => Pill::WAITING,
        Replay { .. } => Pill::RUNNING,
    }
}

/// How far it has come through its stretch of time.
fn width(replay: &Replay) -> i64 {
    if replay.finished_at.is_some() {
        return BAR_WIDTH;
    }
    let (from, to) = (replay.chosen.from, replay.chosen.to);
    let whole = (to - from).num_milliseconds().max(1);
    let done = (replay.cursor.time() - from).num_milliseconds().clamp(0, whole);
    i64::try_from(i128::from(done) * i128::from(BAR_WIDTH) / i128::from(whole)).unwrap_or(BAR_WIDTH)
}

pub async fn list(State(app): State<App>, member: Member, session: Session) -> Result<Response, Error> {
    let mut c = app.tenant(member.tenant_id).await?;
    let replays = stored::list(&mut c, member.tenant_id, SHOWN).await?;
    drop(c);
    let now = member.now(&app);
    let unfinished = replays.iter().filter(|replay| replay.is_unfinished()).count();
    html(&ReplaysPage {
        zone: member.zone.name(),
        page: Page::new(&member, &session, Section::Deliveries, "Replays").await?,
        sentence: sentence(unfinished, replays.first(), now),
        may_act: member.may_act(),
        is_live: unfinished > 0,
        rows: replays.into_iter().map(|replay| Row::of(replay, now)).collect(),
        empty: Empty {
            what: "No replays yet",
            why: "A replay sends what happened in a stretch of time to one endpoint again, such as the hours in which your server was down.",
            step: member.may_act().then_some(("Set up a replay", "/replays/new")),
        },
    })
}

/// How things are.
fn sentence(unfinished: usize, newest: Option<&Replay>, now: Now) -> String {
    let Some(newest) = newest else { return "Nothing was replayed so far.".to_owned() };
    if unfinished > 0 {
        let running = count(unfinished, "replay is", "replays are");
        return format!("{running} under way. New events are sent first; this page follows by itself.");
    }
    let resent = number(newest.opened, "event", "events");
    match (newest.finished_at, newest.cancelled_at) {
        (Some(at), _) => {
            format!("Nothing is under way. The newest finished {}: {resent} resent.", When::new(at, now).words)
        }
        (_, Some(at)) => {
            format!("Nothing is under way. The newest was cancelled {}, after {resent}.", When::new(at, now).words)
        }
        _ => "Nothing is under way.".to_owned(),
    }
}

pub async fn create(
    State(app): State<App>,
    member: Member,
    session: Session,
    Form(form): Form<ReplayForm>,
) -> Result<Response, Error> {
    let (chosen, endpoint) = match form::check(&app, (member.tenant_id, member.now(&app)), form).await? {
        Ok(checked) => (checked.chosen, checked.endpoint),
        Err(asked) => return form::refused(&member, &session, asked).await,
    };
    let mut c = app.tenant(member.tenant_id).await?;
    stored::create(&mut c, member.tenant_id, &chosen, Some(member.account_id), app.clock.now()).await?;
    drop(c);
    app.relay.wake();
    let notice = match endpoint.paused {
        None => format!("The replay to {} has begun.", endpoint.name),
        Some(_) => format!("{} is paused. The replay begins when you resume it.", endpoint.name),
    };
    leave_notice(&session, notice).await?;
    Ok(Redirect::to("/replays").into_response())
}

pub async fn cancel(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(replay_id): Path<ReplayId>,
) -> Result<Redirect, Error> {
    let mut c = app.tenant(member.tenant_id).await?;
    let replay = stored::find(&mut c, member.tenant_id, replay_id).await?.ok_or(Error::NotFound)?;
    let cancelled = stored::cancel(&mut c, member.tenant_id, replay_id, app.clock.now()).await?;
    drop(c);
    let notice = if cancelled {
        format!("Cancelled. What was handed to {} by then is still sent.", replay.endpoint_name)
    } else {
        "That replay is over already.".to_owned()
    };
    leave_notice(&session, notice).await?;
    Ok(Redirect::to("/replays"))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use socialhook_core::id::EventId;
    use uuid::Uuid;

    use super::*;

    fn half_way() -> Replay {
        let from = DateTime::from_timestamp(1_795_435_200, 0).expect("a time");
        Replay {
            replay_id: Uuid::nil().into(),
            chosen: Chosen {
                endpoint_id: Uuid::nil().into(),
                from,
                to: from + TimeDelta::hours(2),
                which: Which::Undelivered,
                channel_id: None,
                event: Some("message.*".to_owned()),
            },
            endpoint_name: "main".to_owned(),
            endpoint_is_paused: false,
            channel_name: None,
            created_by: None,
            cursor: EventId::floor(from + TimeDelta::hours(1)),
            looked_at: 10,
            opened: 5,
            created_at: from,
            finished_at: None,
            cancelled_at: None,
        }
    }

    #[test]
    fn the_bar_follows_the_time_that_it_has_come_to() {
        let replay = half_way();
        assert_eq!(width(&replay), 50);
        assert_eq!(width(&Replay { cursor: EventId::floor(replay.chosen.from), ..replay.clone() }), 0);
        assert_eq!(width(&Replay { finished_at: Some(replay.created_at), ..replay }), 100);
    }

    #[test]
    fn states_and_choices_have_words() {
        let replay = half_way();
        assert_eq!(what(&replay.chosen, Some("Support")), "Undelivered events of message.*, channel Support");
        assert_eq!(pill(&replay), Pill::RUNNING);
        assert_eq!(pill(&Replay { looked_at: 0, ..replay.clone() }), Pill::WAITING);
        assert_eq!(pill(&Replay { endpoint_is_paused: true, ..replay.clone() }), Pill::HELD);
        assert_eq!(pill(&Replay { cancelled_at: Some(replay.created_at), ..replay }), Pill::CANCELLED);
    }
}
