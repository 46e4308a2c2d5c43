//! The clinic's page: a body and a header are pasted, and what is wrong with them is told below.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use secrecy::SecretString;
use serde::Deserialize;
use socialhook_core::clinic::BODY_MAX;
use socialhook_core::id::AppId;
use socialhook_store::refused_requests;
use tower_sessions::Session;

use super::{Clinic, Known, Specimen, Told, known};
use crate::apps::refusals::Kept;
use crate::error::Error;
use crate::extract::{Form, Query};
use crate::fields::{self, Field};
use crate::member::Member;
use crate::page::{Page, Section, html};
use crate::state::App;
use crate::words::{bytes, count};

/// Bytes of the form: a body of [`BODY_MAX`] whose every character a browser writes as `%22`.
pub const FORM_MAX: usize = 4 * BODY_MAX;
/// Kept requests to choose from.
const KEPT_SHOWN: i64 = 10;
const HEADER_MAX: usize = 512;

#[derive(Template)]
#[template(path = "clinic.html")]
struct ClinicPage {
    page: Page,
    told: Option<Told>,
    /// Id and name.
    apps: Vec<(String, String)>,
    kept: Vec<Kept>,
    form: Fields,
}

#[derive(Default)]
struct Fields {
    app: Field,
    /// Never shown again; only its message is.
    secret: Field,
    header: Field,
    body: Field,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    app: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct ClinicForm {
    app: String,
    secret: String,
    header: String,
    body: String,
}

/// What was checked.
struct Checked {
    app_id: Option<AppId>,
    secret: Option<SecretString>,
    header: String,
    body: String,
}

impl Fields {
    /// The body is as the browser was given it: a form makes every line end one of Windows.
    fn entered(form: &ClinicForm) -> Self {
        Self {
            app: Field::new(&form.app),
            secret: Field::default(),
            header: Field::new(form.header.trim()),
            body: Field::new(form.body.replace("\r\n", "\n")),
        }
    }

    fn check(&mut self, known: &Known, secret: &str) -> Option<Checked> {
        let app_id = self.app.value.parse().ok().filter(|app_id| known.name_of(*app_id).is_some());
        let secret = match secret.trim() {
            "" if app_id.is_none() => Err("Choose an app above, or paste the secret to check with.".to_owned()),
            "" => Ok(None),
            pasted => fields::app_secret(pasted).map(|secret| Some(SecretString::from(secret))),
        };
        let secret = secret.map_err(|error| self.secret.wrong(error)).ok();
        let header = self.header.check(|text| match text.len() {
            ..=HEADER_MAX => Ok(text.to_owned()),
            length => Err(format!("A signature is 71 characters; this is {length}. Paste the header’s value only.")),
        });
        let body = self.body.value.clone();
        let is_short = body.len() <= BODY_MAX;
        if !is_short {
            let size = bytes(body.len());
            self.body.wrong(format!("A body may have {} here; this has {size}.", bytes(BODY_MAX)));
        }
        Some(Checked { app_id, secret: secret?, header: header?, body: is_short.then_some(body)? })
    }
}

async fn page(
    app: &App,
    member: &Member,
    session: &Session,
    (known_apps, told, form): (Vec<(AppId, String)>, Option<Told>, Fields),
) -> Result<Response, Error> {
    let mut c = app.tenant(member.tenant_id).await?;
    let kept = refused_requests::list(&mut c, member.tenant_id, None, (app.clock.now(), KEPT_SHOWN)).await?;
    drop(c);
    html(&ClinicPage {
        page: Page::new(member, session, Section::Apps, "Signature clinic").await?,
        told,
        apps: known_apps.into_iter().map(|(app_id, name)| (app_id.to_string(), name)).collect(),
        kept: kept.iter().map(|line| Kept::of(line, member.now(app))).collect(),
        form,
    })
}

impl ClinicPage {
    /// What was entered, in words, so that a cut that nobody meant is seen.
    fn entered(&self) -> Option<String> {
        (!self.form.body.value.is_empty()).then(|| count(self.form.body.value.len(), "byte", "bytes"))
    }
}

pub async fn show(
    State(app): State<App>,
    member: Member,
    session: Session,
    Query(asked): Query<Asked>,
) -> Result<Response, Error> {
    let known = known(&app, &member, member.now(&app)).await?;
    let form = Fields { app: Field::new(asked.app), ..Fields::default() };
    page(&app, &member, &session, (known.apps, None, form)).await
}

/// Changes nothing, but is posted: what is pasted belongs into no address.
pub async fn examine(
    State(app): State<App>,
    State(clinic): State<Clinic>,
    member: Member,
    session: Session,
    Form(form): Form<ClinicForm>,
) -> Result<Response, Error> {
    let known = known(&app, &member, member.now(&app)).await?;
    let mut fields = Fields::entered(&form);
    let Some(checked) = fields.check(&known, &form.secret) else {
        let shown = page(&app, &member, &session, (known.apps, None, fields)).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, shown).into_response());
    };
    let apps = known.apps.clone();
    let specimen = Specimen {
        header: checked.header.into_bytes(),
        body: checked.body.into_bytes(),
        is_part: false,
        is_record: false,
    };
    let told = clinic.examine(known, (checked.app_id, checked.secret), specimen).await?;
    page(&app, &member, &session, (apps, Some(told), fields)).await
}
