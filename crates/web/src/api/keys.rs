//! The page of a tenant's API keys.
//!
//! What must hold: a key is shown once, when it is made.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use chrono::TimeDelta;
use socialhook_core::id::ApiKeyId;
use socialhook_store::api_keys::{self as stored, ApiKey, NewApiKey, Scope};
use socialhook_store::token::Token;
use tower_sessions::Session;

use crate::error::Error;
use crate::extract::{Form, Path};
use crate::fields::{self, Field};
use crate::member::Member;
use crate::page::{Page, Section, html, leave_notice};
use crate::state::App;
use crate::words::{Now, When};

const PREFIX: &str = "shk_";
/// Characters of a key by which people know it again.
const SHOWN: usize = 10;
/// Keys that hold, at most.
const KEYS_MAX: usize = 50;
/// How long a key may hold: the word in the form, what it says, and days.
const LIFETIMES: [(&str, &str, Option<i64>); 4] = [
    ("30", "30 days", Some(30)),
    ("90", "90 days", Some(90)),
    ("365", "A year", Some(365)),
    ("", "Until it is revoked", None),
];

#[derive(Template)]
#[template(path = "api-keys.html")]
struct KeysPage {
    page: Page,
    may_act: bool,
    /// The key that was just made.
    made: Option<String>,
    rows: Vec<Row>,
    /// Word, what it means, and whether it is ticked.
    scopes: [(&'static str, &'static str, bool); 3],
    lifetimes: [(&'static str, &'static str, Option<i64>); 4],
    wish: Field,
    scope_error: Option<String>,
}

struct Row {
    id: String,
    name: String,
    prefix: String,
    scopes: String,
    used: Option<When>,
    expires: Option<When>,
    /// Why it holds no more.
    over: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "api-key-revoke.html")]
struct RevokePage {
    page: Page,
    id: String,
    name: String,
}

#[derive(Default)]
struct Wish {
    name: Field,
    scopes: Vec<Scope>,
    lifetime: String,
    scope_error: Option<String>,
}

impl Wish {
    fn read(pairs: Vec<(String, String)>) -> Self {
        let mut wish = Self::default();
        for (name, value) in pairs {
            match name.as_str() {
                "name" => wish.name = Field::new(value),
                "scope" => wish.scopes.extend(Scope::from_word(&value)),
                "lifetime" => wish.lifetime = value,
                _ => {}
            }
        }
        wish.scopes.dedup();
        wish
    }
}

fn meaning(scope: Scope) -> &'static str {
    match scope {
        Scope::Read => "Look at channels, endpoints, events, deliveries and replays",
        Scope::Endpoints => "Add, change and delete endpoints",
        Scope::Deliveries => "Have events sent: again, as a replay, as a test",
    }
}

impl Row {
    fn of(key: ApiKey, now: Now) -> Self {
        let is_expired = key.expires_at.is_some_and(|at| at <= now);
        Self {
            id: key.api_key_id.to_string(),
            name: key.name,
            prefix: key.prefix,
            scopes: key.scopes.iter().map(|scope| scope.word()).collect::<Vec<_>>().join(", "),
            used: key.last_used_at.map(|at| When::new(at, now)),
            expires: key.expires_at.map(|at| When::new(at, now)),
            over: match (key.revoked_at, is_expired) {
                (Some(_), _) => Some("Revoked"),
                (None, true) => Some("Over"),
                (None, false) => None,
            },
        }
    }
}

async fn page(
    app: &App,
    member: &Member,
    session: &Session,
    (wish, made): (Wish, Option<String>),
) -> Result<Response, Error> {
    let mut c = app.tenant(member.tenant_id).await?;
    let keys = stored::list(&mut c, member.tenant_id).await?;
    drop(c);
    let now = member.now(app);
    html(&KeysPage {
        page: Page::new(member, session, Section::Settings, "API keys").await?,
        may_act: member.may_act(),
        made,
        rows: keys.into_iter().map(|key| Row::of(key, now)).collect(),
        scopes: Scope::ALL.map(|scope| (scope.word(), meaning(scope), wish.scopes.contains(&scope))),
        lifetimes: LIFETIMES,
        wish: wish.name,
        scope_error: wish.scope_error,
    })
}

pub async fn show(State(app): State<App>, member: Member, session: Session) -> Result<Response, Error> {
    page(&app, &member, &session, (Wish { scopes: vec![Scope::Read], ..Wish::default() }, None)).await
}

pub async fn create(
    State(app): State<App>,
    member: Member,
    session: Session,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response, Error> {
    let mut wish = Wish::read(pairs);
    let name = wish.name.check(fields::name);
    if wish.scopes.is_empty() {
        wish.scope_error = Some("Tick what the key is for.".to_owned());
    }
    let (.., days) = LIFETIMES.into_iter().find(|(word, ..)| *word == wish.lifetime).ok_or(Error::Unreadable)?;
    let (Some(name), None) = (name, &wish.scope_error) else {
        return Ok(
            (StatusCode::UNPROCESSABLE_ENTITY, page(&app, &member, &session, (wish, None)).await?).into_response()
        );
    };
    let now = app.clock.now();
    let token = Token::new(PREFIX);
    let key = NewApiKey {
        api_key_id: ApiKeyId::new(now),
        name: &name,
        prefix: &token.expose()[..SHOWN],
        scopes: &wish.scopes,
        created_by: member.account_id,
        expires_at: days.map(|days| now + TimeDelta::days(days)),
    };
    let mut c = app.tenant(member.tenant_id).await?;
    let live = stored::list(&mut c, member.tenant_id).await?;
    if live.iter().filter(|key| key.revoked_at.is_none()).count() >= KEYS_MAX {
        wish.name.wrong(format!("There are {KEYS_MAX} keys already. Revoke one first."));
        drop(c);
        return Ok(
            (StatusCode::UNPROCESSABLE_ENTITY, page(&app, &member, &session, (wish, None)).await?).into_response()
        );
    }
    stored::create(&mut c, member.tenant_id, &key, &token.hash, now).await?;
    drop(c);
    let fresh = Wish { scopes: vec![Scope::Read], ..Wish::default() };
    page(&app, &member, &session, (fresh, Some(token.expose().to_owned()))).await
}

async fn find(app: &App, member: &Member, api_key_id: ApiKeyId) -> Result<ApiKey, Error> {
    let mut c = app.tenant(member.tenant_id).await?;
    let keys = stored::list(&mut c, member.tenant_id).await?;
    keys.into_iter().find(|key| key.api_key_id == api_key_id).ok_or(Error::NotFound)
}

pub async fn confirm(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(api_key_id): Path<ApiKeyId>,
) -> Result<Response, Error> {
    let name = find(&app, &member, api_key_id).await?.name;
    let page = Page::new(&member, &session, Section::Settings, format!("Revoke {name}")).await?;
    html(&RevokePage { page, id: api_key_id.to_string(), name })
}

pub async fn revoke(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(api_key_id): Path<ApiKeyId>,
) -> Result<Redirect, Error> {
    let key = find(&app, &member, api_key_id).await?;
    let mut c = app.tenant(member.tenant_id).await?;
    stored::revoke(&mut c, member.tenant_id, api_key_id, app.clock.now()).await?;
    drop(c);
    leave_notice(&session, format!("{} is revoked: calls with it are refused from now on.", key.name)).await?;
    Ok(Redirect::to("/api-keys"))
}
