//! What was refused at an app: how often and why, and the newest requests themselves.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use socialhook_core::id::RefusedId;
use socialhook_store::refusals::Total;
use socialhook_store::refused_requests::{self as stored, Line, Refused};
use tower_sessions::Session;

use crate::clinic::{self, Clinic, Told};
use crate::error::Error;
use crate::extract::Path;
use crate::json_view;
use crate::member::Member;
use crate::page::{Page, Section, html};
use crate::state::App;
use crate::words::{Now, When, bytes, count};

/// How far back refused requests are told of.
pub const REFUSALS_DAYS: i64 = 7;

/// Refusals of one reason.
pub struct Reason {
    pub sentence: String,
    pub advice: &'static str,
    pub last: When,
}

impl Reason {
    pub fn of(total: &Total, now: Now) -> Self {
        let times = count(usize::try_from(total.count).unwrap_or(0), "request", "requests");
        let sentence = format!("{times} {}", happened(&total.reason));
        Self { sentence, advice: advice(&total.reason), last: When::new(total.last_at, now) }
    }
}

pub fn is_about_signatures(reason: &str) -> bool {
    reason.starts_with("signature_")
}

/// What a refused request did, as the end of a sentence.
pub fn happened(reason: &str) -> &'static str {
    match reason {
        "signature_missing" => "came without a signature",
        "signature_malformed" => "had a signature that is not in Meta’s form",
        "signature_wrong" => "had a signature that fits none of the secrets",
        "verify_token_wrong" => "asked for verification with a wrong token",
        _ => "was refused",
    }
}

fn advice(reason: &str) -> &'static str {
    match reason {
        "signature_missing" | "signature_malformed" => {
            "Meta always signs, and always the same way, so this was somebody else. Nothing of it was taken in."
        }
        "signature_wrong" => {
            "If it came from Meta, the app secret here is not the one in Meta’s dashboard: add the right one. Nothing of it was taken in; Meta repeats what is refused for a while."
        }
        "verify_token_wrong" => "Paste the verify token shown here into Meta’s dashboard and verify again.",
        _ => "Nothing of it was taken in.",
    }
}

/// A kept request in a list.
pub struct Kept {
    pub href: String,
    pub at: When,
    pub reason: &'static str,
    pub sender: String,
    pub size: String,
}

impl Kept {
    pub fn of(line: &Line, now: Now) -> Self {
        Self {
            href: format!("/refused/{}", line.refused_id),
            at: When::new(line.received_at, now),
            reason: short(&line.reason),
            sender: line.user_agent.clone().unwrap_or_else(|| "Not told".to_owned()),
            size: bytes(usize::try_from(line.body_length).unwrap_or(0)),
        }
    }
}

fn short(reason: &str) -> &'static str {
    match reason {
        "signature_missing" => "No signature",
        "signature_malformed" => "Not Meta’s form",
        "signature_wrong" => "Fits no secret",
        _ => "Refused",
    }
}

#[derive(Template)]
#[template(path = "refused.html")]
struct RefusedPage {
    page: Page,
    app_href: String,
    app_name: String,
    clinic_href: String,
    told: Told,
    at: When,
    size: String,
    /// How much of it is kept, where that is not all.
    kept: Option<String>,
    headers: Vec<(&'static str, Option<String>)>,
    body: String,
}

pub async fn show(
    State(app): State<App>,
    State(clinic): State<Clinic>,
    member: Member,
    session: Session,
    Path(refused_id): Path<RefusedId>,
) -> Result<Response, Error> {
    let now = member.now(&app);
    let mut c = app.tenant(member.tenant_id).await?;
    let refused = stored::find(&mut c, member.tenant_id, refused_id, (app.clock.now(), &app.sealer)).await?;
    drop(c);
    let refused = refused.ok_or(Error::NotFound)?;
    let known = clinic::known(&app, &member, now).await?;
    let app_name = known.name_of(refused.app_id).ok_or(Error::NotFound)?.to_owned();
    let told = clinic.of_record(known, &refused).await?;
    let Refused { app_id, headers, body, body_length, received_at, .. } = member.sees(refused);
    html(&RefusedPage {
        page: Page::new(&member, &session, Section::Apps, "A refused request").await?,
        app_href: format!("/apps/{app_id}"),
        app_name,
        clinic_href: format!("/clinic?app={app_id}"),
        told,
        at: When::new(received_at, now),
        size: bytes(body_length),
        kept: (body.len() < body_length).then(|| bytes(body.len())),
        headers: vec![
            ("X-Hub-Signature-256", headers.signature),
            ("Content-Type", headers.content_type),
            ("User-Agent", headers.user_agent),
        ],
        body: json_view::html(&body),
    })
}
