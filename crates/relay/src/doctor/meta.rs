//! The links at Meta, as Meta tells of them.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use socialhook_core::event::Platform;
use socialhook_graph::{Access, AppIdentity, AppSubscription, Cause, Error, PhoneNumber, Subscriber, TokenInfo};
use socialhook_store::connections::{Connection, Kind};

use super::{Line, Link, State};
use crate::connect::{Examiner, INSTAGRAM_FIELDS, PAGE_FIELDS, Through, needed_scopes};

/// A token that ends within this is told.
const SOON: TimeDelta = TimeDelta::days(14);
pub(super) const UNREGISTERED: &str = "It is not registered for the Cloud API.";
const CONNECT_AGAIN: &str = "Connect it again, and leave every permission switched on.";

/// What was found, of the connection and of each number.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Look {
    lines: Vec<Line>,
    numbers: HashMap<String, Vec<Line>>,
}

/// What can be put right by us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mend {
    /// The account has to be subscribed to, with all fields.
    Subscribe,
}

impl Look {
    /// Of one channel.
    pub fn lines_of(&self, external_id: &str) -> Vec<Line> {
        let own = self.numbers.get(external_id).into_iter().flatten();
        self.lines.iter().chain(own).cloned().collect()
    }

    /// It was put right.
    pub fn mended(&mut self, evidence: &str) {
        for line in self.lines.iter_mut().filter(|line| line.link == Link::Subscription) {
            *line = Line::new(Link::Subscription, State::Good, evidence);
        }
    }
}

/// What Meta said of the token itself.
pub(crate) struct TokenSeen {
    pub info: Option<TokenInfo>,
    /// It is known not to work.
    pub dead: Option<Cause>,
}

/// It could not be asked, or refused.
fn unasked(link: Link, error: &Error) -> Line {
    let cause = error.cause();
    let state = if cause.passes() { State::Unknown } else { State::Bad };
    Line::new(link, state, format!("Asked, and got no answer: {error}.")).fix(cause.advice())
}

fn object(platform: Platform) -> &'static str {
    match platform {
        Platform::Whatsapp => "whatsapp_business_account",
        Platform::Messenger => "page",
        Platform::Instagram => "instagram",
    }
}

/// A URL's host, for people: the rest of it may be a secret.
fn host(url: &str) -> String {
    url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_else(|| "nowhere".to_owned())
}

fn is_ours(url: &str, callback_key: &str) -> bool {
    url::Url::parse(url).is_ok_and(|url| url.path() == format!("/webhooks/meta/{callback_key}"))
}

fn app_line(asked: Result<Vec<AppSubscription>, Error>, platform: Platform, callback_key: &str) -> Line {
    let line = |state, evidence: String| Line::new(Link::App, state, evidence);
    let object = object(platform);
    let paste = "In Meta’s dashboard, paste the callback URL and the verify token from the app’s page here, and press Verify and save.";
    let subscriptions = match asked {
        Ok(subscriptions) => subscriptions,
        Err(error) if matches!(error.cause(), Cause::TokenDead | Cause::SecretWrong) => {
            return line(State::Bad, "Meta does not take this app’s id with this secret.".to_owned())
                .fix(Cause::SecretWrong.advice());
        }
        Err(error) => return unasked(Link::App, &error),
    };
    let Some(own) = subscriptions.iter().find(|one| one.object == object) else {
        return line(State::Bad, format!("The app has no callback URL for {object}: Meta sends nothing.")).fix(paste);
    };
    if !is_ours(&own.callback_url, callback_key) {
        return line(State::Bad, format!("Meta posts {object} to {}, not here.", host(&own.callback_url))).fix(paste);
    }
    if !own.fields.iter().any(|field| field == "messages") {
        return line(State::Bad, format!("The app does not have {object}’s messages sent."))
            .fix("In Meta’s dashboard under Webhooks, subscribe to the field messages.");
    }
    if !own.active {
        return line(State::Bad, format!("Meta has switched the webhooks of {object} off.")).fix(paste);
    }
    line(State::Good, format!("Meta posts {object} here, with {} fields.", own.fields.len()))
}

/// Whether the app gets the account's webhooks, with all fields.
fn subscription_line(asked: Result<Vec<Subscriber>, Error>, (app_id, wanted): (&str, &[&str])) -> (Line, Option<Mend>) {
    let line = |state, evidence: String| Line::new(Link::Subscription, state, evidence);
    let by_itself =
        "It is put right by itself when the connection is looked after next, or at once if you connect again.";
    let subscribers = match asked {
        Ok(subscribers) => subscribers,
        Err(error) => return (unasked(Link::Subscription, &error), None),
    };
    let Some(own) = subscribers.iter().find(|one| one.app_id == app_id) else {
        let evidence = "The app is not subscribed to it: Meta sends the app nothing of it.".to_owned();
        return (line(State::Bad, evidence).fix(by_itself), Some(Mend::Subscribe));
    };
    let missing: Vec<&str> =
        wanted.iter().copied().filter(|field| !own.fields.iter().any(|one| one == field)).collect();
    if missing.is_empty() {
        return (line(State::Good, "The app is subscribed to it, with all fields.".to_owned()), None);
    }
    let state = if missing.contains(&"messages") { State::Bad } else { State::Warning };
    (line(state, format!("The app does not get {} of it.", missing.join(", "))).fix(by_itself), Some(Mend::Subscribe))
}

fn token_line(seen: &TokenSeen, connection: &Connection, now: DateTime<Utc>) -> Line {
    let line = |state, evidence: String| Line::new(Link::Token, state, evidence);
    if let Some(at) = connection.dead_at {
        let why = match connection.dead_reason.as_deref() {
            Some("expired") => "The access token has expired.",
            Some("deauthorized") => "Somebody took the app’s permissions back at Meta.",
            _ => "Meta has withdrawn the access token.",
        };
        return line(State::Bad, why.to_owned()).at(at).fix(CONNECT_AGAIN);
    }
    if let Some(cause) = seen.dead {
        let why = if cause == Cause::TokenExpired { "has expired" } else { "was withdrawn by Meta" };
        return line(State::Bad, format!("The access token {why}.")).fix(cause.advice());
    }
    let given = seen.info.as_ref().map_or(&connection.scopes, |info| &info.scopes);
    let missing: Vec<&str> = needed_scopes(connection.kind)
        .iter()
        .copied()
        .filter(|scope| !given.is_empty() && !given.iter().any(|one| one == scope))
        .collect();
    if !missing.is_empty() {
        return line(State::Bad, format!("The permission {} is gone.", missing.join(", "))).fix(CONNECT_AGAIN);
    }
    let ends = [connection.token_expires_at, connection.data_access_expires_at].into_iter().flatten().min();
    match ends {
        Some(at) if at - now < SOON && connection.kind != Kind::Instagram => {
            line(State::Warning, "The access ends soon.".to_owned()).at(at).fix("Connect it again before.")
        }
        _ if seen.info.is_none() => line(State::Unknown, "Meta could not be asked about it.".to_owned()),
        Some(at) => line(State::Good, "It works, with all permissions, until its end.".to_owned()).at(at),
        None => line(State::Good, "It works, with all permissions, and has no end.".to_owned()),
    }
}

fn number_lines(number: &PhoneNumber, callback_key: &str) -> Vec<Line> {
    let overridden = number.override_callback().filter(|url| !is_ours(url, callback_key));
    let over = match overridden {
        Some(url) => Line::new(Link::Override, State::Bad, format!("Its messages are sent to {} instead.", host(url)))
            .fix("If that is not wanted, have them sent here: press the button beside this line."),
        None => Line::new(Link::Override, State::Good, "Nobody has its messages sent elsewhere."),
    };
    let status = number.status.as_deref().unwrap_or("UNKNOWN");
    let quality = number.quality_rating.as_deref().unwrap_or("UNKNOWN");
    let line = |state, evidence: String| Line::new(Link::Number, state, evidence);
    let state = if !crate::connect::is_registered(number) {
        line(State::Bad, UNREGISTERED.to_owned())
            .fix("Choose a PIN of six digits on the channel’s page, and register it.")
    } else if matches!(status, "BANNED" | "RESTRICTED" | "DISCONNECTED" | "DELETED" | "OFFLINE") {
        line(State::Bad, format!("Meta says {status} of it."))
            .fix("Look into Meta’s WhatsApp manager: it says why, and how to ask for a review.")
    } else if status == "FLAGGED" || quality == "RED" {
        line(State::Warning, format!("Meta says {status} of it, and rates its quality {quality}."))
            .fix("Meta may restrict it: look into Meta’s WhatsApp manager.")
    } else {
        line(State::Good, format!("Meta says {status} of it, and rates its quality {quality}."))
    };
    vec![over, state]
}

impl Examiner {
    /// Looks at what Meta says of a connection; tells also what of it we may put right, and what it says of the token.
    pub(crate) async fn look(
        &self,
        connection: &Connection,
        (app, token): (&AppIdentity, &SecretString),
        callback_key: &str,
    ) -> Result<(Look, Option<Mend>, TokenSeen), socialhook_store::Error> {
        let access = Access { app, token };
        let through = Through { app_tenant_id: connection.app_tenant_id, app_id: connection.app_id };
        let (main, _) = self.identities(through).await?;
        let seen = self.see_token(connection, access).await;
        let platform = match connection.kind {
            Kind::Whatsapp => Platform::Whatsapp,
            Kind::Page => Platform::Messenger,
            Kind::Instagram => Platform::Instagram,
        };
        let mut look = self.look_at_app_alone(main.as_ref(), platform, callback_key).await;
        look.lines.push(token_line(&seen, connection, self.means.clock.now()));
        let mut mend = None;
        // A token that is dead answers nothing else.
        if connection.dead_at.is_none() && seen.dead.is_none() {
            let (line, found) = self.see_subscription(connection, access).await;
            look.lines.push(line);
            mend = found;
            if connection.kind == Kind::Whatsapp {
                match self.graph.phone_numbers(access, &connection.external_id).await {
                    Ok(numbers) => {
                        let lines = numbers.iter().map(|one| (one.id.clone(), number_lines(one, callback_key)));
                        look.numbers = lines.collect();
                    }
                    Err(error) => look.lines.push(unasked(Link::Number, &error)),
                }
            }
        }
        Ok((look, mend, seen))
    }

    async fn see_token(&self, connection: &Connection, access: Access<'_>) -> TokenSeen {
        let is_dead = |cause: Cause| matches!(cause, Cause::TokenDead | Cause::TokenExpired);
        if connection.kind == Kind::Instagram {
            return match self.graph.instagram_account(access).await {
                Ok(_) => TokenSeen { info: Some(TokenInfo::default()), dead: None },
                Err(error) => TokenSeen { info: None, dead: Some(error.cause()).filter(|cause| is_dead(*cause)) },
            };
        }
        let info = self.graph.debug_token(access.app, access.token).await.ok();
        let dead = match &info {
            Some(info) if !info.is_valid => {
                let is_over = connection.token_expires_at.is_some_and(|at| at <= self.means.clock.now());
                Some(if is_over { Cause::TokenExpired } else { Cause::TokenDead })
            }
            _ => None,
        };
        TokenSeen { info, dead }
    }

    async fn see_subscription(&self, connection: &Connection, access: Access<'_>) -> (Line, Option<Mend>) {
        let asked = match connection.kind {
            Kind::Instagram => self.graph.instagram_subscribed_apps(access).await,
            Kind::Whatsapp | Kind::Page => self.graph.subscribed_apps(access, &connection.external_id).await,
        };
        let wanted: &[&str] = match connection.kind {
            Kind::Whatsapp => &[],
            Kind::Page => PAGE_FIELDS,
            Kind::Instagram => INSTAGRAM_FIELDS,
        };
        subscription_line(asked, (&access.app.id, wanted))
    }

    async fn look_at_app_alone(&self, app: Option<&AppIdentity>, platform: Platform, callback_key: &str) -> Look {
        let line = match app {
            Some(app) => app_line(self.graph.app_subscriptions(app).await, platform, callback_key),
            None => Line::new(Link::App, State::Unknown, "We do not know the app’s id at Meta, so we cannot look.")
                .fix("Enter the Meta app id on the app’s page."),
        };
        Look { lines: vec![line], numbers: HashMap::new() }
    }

    /// Of a channel that was not connected with a token: only the app can be looked at.
    pub(super) async fn look_at_app(&self, app: Option<&AppIdentity>, platform: Platform, callback_key: &str) -> Look {
        let mut look = self.look_at_app_alone(app, platform, callback_key).await;
        let none = Line::new(
            Link::Token,
            State::Unknown,
            "We have no access token, so we cannot ask Meta about its subscription.",
        );
        look.lines.push(none.fix("Connect it, or enter an access token on the app’s page."));
        look
    }
}
