//! "Send test event": one event of a chosen kind, and the endpoint's answer at once.

use axum::extract::State;
use axum::response::Redirect;
use serde::{Deserialize, Serialize};
use socialhook_core::delivery::Outcome;
use socialhook_core::id::EndpointId;
use socialhook_core::sample::{self, Sample, Stage};
use socialhook_relay::trial::{NotTried, Trial};
use tower_sessions::Session;

use crate::codes;
use crate::delivery::headers;
use crate::error::Error;
use crate::extract::{Form, Path};
use crate::member::Member;
use crate::page::leave_notice;
use crate::state::App;
use crate::words::{self, Pill};

const RESULT_KEY: &str = "endpoint_test";
/// Of the account in the test events: not one that a customer has.
const EXTERNAL_ID: &str = "100000000000001";
const ADDRESS: &str = "+15550001234";

#[derive(Deserialize)]
pub struct TrialForm {
    #[serde(default)]
    sample: String,
}

/// What the page tells of the last test, once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Told {
    endpoint_id: String,
    pub sample: String,
    pub event: String,
    pub is_delivered: bool,
    pub outcome: String,
    pub latency: String,
    pub advice: Option<String>,
    pub excerpt: Option<String>,
    pub headers: Vec<(String, String)>,
}

impl Told {
    fn of(endpoint_id: EndpointId, sample: &str, trial: &Trial) -> Self {
        let (status, failure) = match &trial.outcome {
            Outcome::Delivered { status } => (Some(*status), None),
            Outcome::Failed { class, status, .. } => (*status, Some(class.as_str())),
        };
        Self {
            endpoint_id: endpoint_id.to_string(),
            sample: sample.to_owned(),
            event: trial.event.to_owned(),
            is_delivered: failure.is_none(),
            outcome: words::outcome(status, failure),
            latency: words::latency(trial.latency_us),
            advice: words::advice(status, failure).map(str::to_owned),
            headers: headers(trial.headers.as_deref()),
            excerpt: trial.excerpt.as_deref().map(|bytes| String::from_utf8_lossy(bytes).into_owned()),
        }
    }

    pub fn pill(&self) -> Pill {
        if self.is_delivered { Pill::DELIVERED } else { Pill::FAILED }
    }
}

/// The result of this endpoint's test, if one was just made.
pub async fn take(session: &Session, endpoint_id: EndpointId) -> Result<Option<Told>, Error> {
    let told: Option<Told> = session.remove(RESULT_KEY).await?;
    Ok(told.filter(|told| told.endpoint_id == endpoint_id.to_string()))
}

/// A webhook of this kind, of no customer's account.
pub fn body(app: &App, sample: &Sample) -> String {
    let stage =
        Stage { external_id: EXTERNAL_ID, address: Some(ADDRESS), at: app.clock.now(), serial: codes::random_serial() };
    sample.body(&stage)
}

pub async fn create(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(endpoint_id): Path<EndpointId>,
    Form(form): Form<TrialForm>,
) -> Result<Redirect, Error> {
    super::find(&app, &member, endpoint_id).await?;
    let sample = sample::find(&form.sample).ok_or(Error::Unreadable)?;
    match app.relay.try_endpoint(member.tenant_id, endpoint_id, body(&app, sample).as_bytes()).await {
        Ok(trial) => session.insert(RESULT_KEY, Told::of(endpoint_id, sample.name, &trial)).await?,
        Err(NotTried::Unknown) => return Err(Error::NotFound),
        Err(NotTried::Busy) => {
            leave_notice(&session, "Many tests are running at this moment. Try again in a few seconds.").await?;
        }
        Err(NotTried::NoEvent) => return Err(Error::Unexpected("a sample without an event")),
    }
    Ok(Redirect::to(&format!("/endpoints/{endpoint_id}#test")))
}
