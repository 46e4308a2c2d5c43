//! Choosing what to replay, and the page between choosing and beginning: it tells how much will be sent again.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, DurationRound, SecondsFormat, TimeDelta, Utc};
use serde::Deserialize;
use socialhook_core::id::{EndpointId, TenantId};
use socialhook_store::channels::{self, Channel};
use socialhook_store::endpoints::{self, Endpoint};
use socialhook_store::replays::{self as stored, Chosen, Estimate, Which};
use tower_sessions::Session;
use url::form_urlencoded;

use crate::endpoint_choice::{self, EndpointChoice};
use crate::error::Error;
use crate::extract::Query;
use crate::fields::{self, Field};
use crate::member::Member;
use crate::page::{Page, Section, html};
use crate::state::App;
use crate::words::{Now, count};

/// How far back the form begins by itself.
const FIRST_OFFER: TimeDelta = TimeDelta::hours(24);

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct ReplayForm {
    pub endpoint: String,
    pub from: String,
    pub to: String,
    pub which: String,
    pub channel: String,
    pub event: String,
}

#[derive(Default)]
struct ReplayFields {
    endpoint: Field,
    from: Field,
    to: Field,
    which: Field,
    channel: Field,
    event: Field,
}

/// What was asked for, and what there is to choose from.
pub struct Asked {
    fields: ReplayFields,
    /// Ids and names.
    endpoints: Vec<(EndpointId, String)>,
    channels: Vec<Channel>,
}

/// What was checked.
pub struct Checked {
    pub chosen: Chosen,
    pub endpoint: Endpoint,
    channel: Option<Channel>,
}

#[derive(Template)]
#[template(path = "replay-new.html")]
struct NewPage {
    page: Page,
    zone: &'static str,
    form: ReplayFields,
    endpoint: EndpointChoice,
    /// Id and name.
    channels: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "replay-confirm.html")]
struct ConfirmPage {
    page: Page,
    zone: &'static str,
    sentence: String,
    /// None if there is nothing to send.
    begin: Option<ReplayForm>,
    caution: &'static str,
    endpoint: String,
    is_paused: bool,
    what: String,
    from: String,
    to: String,
    change: String,
}

async fn asked(app: &App, tenant_id: TenantId, form: ReplayForm) -> Result<Asked, Error> {
    let mut c = app.tenant(tenant_id).await?;
    let endpoints = endpoints::names(&mut c, tenant_id).await?;
    let channels = channels::list(&mut c, tenant_id).await?;
    let fields = ReplayFields {
        endpoint: Field::new(form.endpoint),
        from: Field::new(form.from),
        to: Field::new(form.to),
        which: Field::new(form.which),
        channel: Field::new(form.channel),
        event: Field::new(form.event),
    };
    Ok(Asked { fields, endpoints, channels })
}

/// The form's content, or the form with what is wrong with it.
pub async fn check(
    app: &App,
    (tenant_id, now): (TenantId, Now),
    form: ReplayForm,
) -> Result<Result<Checked, Asked>, Error> {
    let mut asked = asked(app, tenant_id, form).await?;
    let Some((chosen, channel)) = asked.check(now) else { return Ok(Err(asked)) };
    let mut c = app.tenant(tenant_id).await?;
    let endpoint = endpoints::find(&mut c, tenant_id, chosen.endpoint_id).await?.ok_or(Error::NotFound)?;
    Ok(Ok(Checked { chosen, endpoint, channel }))
}

impl Asked {
    fn check(&mut self, now: Now) -> Option<(Chosen, Option<Channel>)> {
        let fields = &mut self.fields;
        let endpoint_id = fields.endpoint.check(|text| endpoint_choice::find(text, &self.endpoints));
        let channel = fields.channel.check(|text| {
            let own = self.channels.iter().find(|channel| channel.channel_id.to_string() == text);
            if text.is_empty() {
                return Ok(None);
            }
            own.cloned().map(Some).ok_or_else(|| "Choose one of your channels.".to_owned())
        });
        let event = fields.event.check(fields::event);
        let which = fields.which.check(|text| match text {
            "" => Ok(Which::Undelivered),
            word => Which::from_word(word).ok_or_else(|| "Choose one of the two.".to_owned()),
        });
        let from = fields.from.check(|text| fields::moment(text, now.timezone()));
        // What has yet to happen is sent anyway.
        let to = fields
            .to
            .check(|text| if text.is_empty() { Ok(now.to_utc()) } else { fields::moment(text, now.timezone()) })?
            .min(now.to_utc());
        let from = from?;
        if from >= to {
            fields.from.wrong("The beginning must lie before the end, and in the past.");
            return None;
        }
        let (endpoint_id, channel) = (endpoint_id?, channel?);
        let channel_id = channel.as_ref().map(|channel| channel.channel_id);
        Some((Chosen { endpoint_id, from, to, which: which?, channel_id, event: event? }, channel))
    }

    /// What is wrong, by field.
    pub fn complaints(self) -> Vec<(&'static str, String)> {
        let ReplayFields { endpoint, from, to, which, channel, event } = self.fields;
        let all = [
            ("endpoint", endpoint),
            ("from", from),
            ("to", to),
            ("which", which),
            ("channel", channel),
            ("event", event),
        ];
        all.into_iter().filter_map(|(name, field)| Some((name, field.error?))).collect()
    }

    async fn page(self, member: &Member, session: &Session) -> Result<Response, Error> {
        html(&NewPage {
            page: Page::new(member, session, Section::Deliveries, "Set up a replay").await?,
            zone: member.zone.name(),
            endpoint: EndpointChoice::new(&self.endpoints, self.fields.endpoint.clone()),
            form: self.fields,
            channels: self.channels.iter().map(|one| (one.channel_id.to_string(), one.name.clone())).collect(),
        })
    }
}

pub async fn refused(member: &Member, session: &Session, asked: Asked) -> Result<Response, Error> {
    Ok((StatusCode::UNPROCESSABLE_ENTITY, asked.page(member, session).await?).into_response())
}

/// The form, filled in as far as the address says.
pub async fn show(
    State(app): State<App>,
    member: Member,
    session: Session,
    Query(form): Query<ReplayForm>,
) -> Result<Response, Error> {
    member.must_act()?;
    let now = member.now(&app);
    let or = |text: String, offer: Now| if text.is_empty() { field_value(offer) } else { text };
    // The minute that is under way is offered whole.
    let form =
        ReplayForm { from: or(form.from, now - FIRST_OFFER), to: or(form.to, now + TimeDelta::minutes(1)), ..form };
    asked(&app, member.tenant_id, form).await?.page(&member, &session).await
}

/// As a browser's field for a time wants it.
fn field_value(at: Now) -> String {
    at.duration_trunc(TimeDelta::minutes(1)).unwrap_or(at).format("%Y-%m-%dT%H:%M").to_string()
}

pub async fn confirm(
    State(app): State<App>,
    member: Member,
    session: Session,
    Query(form): Query<ReplayForm>,
) -> Result<Response, Error> {
    member.must_act()?;
    let change = form_urlencoded::Serializer::new("/replays/new?".to_owned()).extend_pairs(form.pairs()).finish();
    let Checked { chosen, endpoint, channel } = match check(&app, (member.tenant_id, member.now(&app)), form).await? {
        Ok(checked) => checked,
        Err(asked) => return refused(&member, &session, asked).await,
    };
    let mut c = app.tenant(member.tenant_id).await?;
    let estimate = stored::estimate(&mut c, member.tenant_id, &chosen).await?;
    drop(c);
    html(&ConfirmPage {
        zone: member.zone.name(),
        page: Page::new(&member, &session, Section::Deliveries, format!("Replay to {}?", endpoint.name)).await?,
        sentence: sentence(estimate, &endpoint.name),
        begin: (estimate.wanted > 0 || !estimate.is_whole).then(|| ReplayForm::of(&chosen)),
        caution: match chosen.which {
            Which::All => "Among them are those that it took already: it gets them a second time, with the same ids.",
            Which::Undelivered => "Left out is what it took, and what is on its way. It knows a repeat by its id.",
        },
        is_paused: endpoint.paused.is_some(),
        what: super::what(&chosen, channel.as_ref().map(|channel| channel.name.as_str())),
        from: super::minute(chosen.from, member.zone),
        to: super::minute(chosen.to, member.zone),
        endpoint: endpoint.name,
        change,
    })
}

impl ReplayForm {
    /// What was confirmed, with an end that does not move on.
    fn of(chosen: &Chosen) -> Self {
        let exact = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
        Self {
            endpoint: chosen.endpoint_id.to_string(),
            from: exact(chosen.from),
            to: exact(chosen.to),
            which: chosen.which.as_str().to_owned(),
            channel: chosen.channel_id.map(|id| id.to_string()).unwrap_or_default(),
            event: chosen.event.clone().unwrap_or_default(),
        }
    }

    /// By name, for an address or hidden fields.
    fn pairs(&self) -> [(&'static str, &str); 6] {
        [
            ("endpoint", &self.endpoint),
            ("from", &self.from),
            ("to", &self.to),
            ("which", &self.which),
            ("channel", &self.channel),
            ("event", &self.event),
        ]
    }
}

/// How much it is. A long stretch is not counted to its end.
fn sentence(estimate: Estimate, endpoint: &str) -> String {
    let Estimate { wanted, looked_at, is_whole } = estimate;
    let looked_at = count(looked_at, "event", "events");
    let wanted_events = count(wanted, "event", "events");
    match (is_whole, wanted) {
        (true, 0) => {
            format!("There is nothing to send: of {looked_at} in that time, none is for {endpoint} to get again.")
        }
        (true, _) => format!("This sends {wanted_events} to {endpoint} again."),
        (false, 0) => format!(
            "Of the first {looked_at} in that time, none is to be sent. The others are looked through as the replay goes."
        ),
        (false, _) => format!("This sends more than {wanted_events} to {endpoint} again."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_says_how_sure_it_is() {
        let estimate = |wanted, looked_at, is_whole| sentence(Estimate { wanted, looked_at, is_whole }, "main");
        assert_eq!(estimate(1, 20, true), "This sends 1 event to main again.");
        assert_eq!(estimate(8112, 10_000, false), "This sends more than 8,112 events to main again.");
        assert!(estimate(0, 20, true).starts_with("There is nothing to send: of 20 events"));
        assert!(estimate(0, 10_000, false).starts_with("Of the first 10,000 events in that time, none"));
    }
}
