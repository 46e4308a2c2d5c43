//! "Why do I get no messages?": the chain from Meta's app to the endpoint, a line a link, and having messages sent here again.

use askama::Template;
use axum::extract::State;
use axum::response::{Redirect, Response};
use socialhook_core::id::ChannelId;
use socialhook_relay::doctor::{Diagnosis, Line, Link, State as Found};
use tower_sessions::Session;

use super::one;
use crate::error::Error;
use crate::extract::Path;
use crate::member::Member;
use crate::page::{Page, Section, html, leave_notice};
use crate::state::App;
use crate::words::{Now, Pill, When};

#[derive(Template)]
#[template(path = "doctor.html")]
struct DoctorPage {
    page: Page,
    id: String,
    name: String,
    pill: Pill,
    sentence: String,
    fix: Option<String>,
    lines: Vec<Shown>,
    may_act: bool,
}

struct Shown {
    title: &'static str,
    pill: Pill,
    evidence: String,
    at: Option<When>,
    fix: Option<String>,
    is_override: bool,
}

pub fn pill(state: Found) -> Pill {
    match state {
        Found::Good => Pill::FINE,
        Found::Warning => Pill::LOOK,
        Found::Bad => Pill::BROKEN,
        Found::Unknown => Pill::UNSEEN,
    }
}

fn shown(line: &Line, now: Now) -> Shown {
    Shown {
        title: line.link.title(),
        pill: pill(line.state),
        evidence: line.evidence.clone(),
        at: line.at.map(|at| When::new(at, now)),
        fix: line.fix.clone(),
        is_override: line.link == Link::Override && line.state == Found::Bad,
    }
}

/// The cause, or that there is none.
fn sentence(diagnosis: &Diagnosis) -> String {
    match diagnosis.cause() {
        Some(line) if line.state == Found::Bad => format!("The cause is {}. {}", line.link.side(), line.evidence),
        Some(line) => format!("Nothing is broken that we can see. Look {}: {}", line.link.side(), line.evidence),
        None => "Everything works, from Meta to your endpoint.".to_owned(),
    }
}

/// On whose side a silence is, in a sentence.
pub fn whose_side(diagnosis: &Diagnosis) -> String {
    match diagnosis.cause() {
        Some(line) if line.state == Found::Bad => format!("The cause is {}: {}", line.link.side(), line.evidence),
        Some(line) if line.link != Link::Arrival => format!("It may be {}: {}", line.link.side(), line.evidence),
        _ => "All that we see works: nobody writes to it, or Meta does not send.".to_owned(),
    }
}

pub async fn show(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(channel_id): Path<ChannelId>,
) -> Result<Response, Error> {
    let channel = one::find(&app, &member, channel_id).await?;
    let found = app.relay.examiner().diagnose(member.tenant_id, channel_id).await?.ok_or(Error::NotFound)?;
    let now = member.now(&app);
    html(&DoctorPage {
        page: Page::new(&member, &session, Section::Channels, "Why do I get no messages?").await?,
        id: channel_id.to_string(),
        name: channel.name,
        pill: found.cause().map_or(Pill::FINE, |line| pill(line.state)),
        sentence: sentence(&found),
        fix: found.cause().and_then(|line| line.fix.clone()),
        lines: found.lines.iter().map(|line| shown(line, now)).collect(),
        may_act: member.may_act(),
    })
}

/// Has a number's messages sent here again.
pub async fn clear_override(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(channel_id): Path<ChannelId>,
) -> Result<Redirect, Error> {
    one::find(&app, &member, channel_id).await?;
    let notice = match app.relay.clear_override(member.tenant_id, channel_id).await? {
        Ok(()) => "Done. Its messages are sent here from now on.".to_owned(),
        Err(why) => format!("Meta would not. {why}"),
    };
    leave_notice(&session, notice).await?;
    Ok(Redirect::to(&format!("/channels/{channel_id}/doctor")))
}
