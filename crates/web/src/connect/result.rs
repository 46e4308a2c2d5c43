//! What came of connecting: each number, page and account, or what went wrong and what to do.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use socialhook_core::id::LoginId;
use socialhook_relay::connect::{Failure, Item, ItemState, Outcome, Way};
use socialhook_store::meta_logins;
use tower_sessions::Session;

use crate::error::Error;
use crate::extract::Path;
use crate::member::Member;
use crate::page::{Page, Section, html};
use crate::state::App;
use crate::words::{self, Pill, count};

#[derive(Template)]
#[template(path = "connect-result.html")]
struct ResultPage {
    page: Page,
    sentence: String,
    rows: Vec<Row>,
    failure: Option<Failure>,
    /// Where to try again.
    again: &'static str,
}

struct Row {
    name: String,
    address: String,
    platform: &'static str,
    pill: Pill,
    sentence: String,
    href: Option<String>,
}

fn row(item: Item) -> Row {
    let (pill, sentence) = match item.state {
        ItemState::Receiving => (Pill::CONNECTED, "Its webhooks become events from now on.".to_owned()),
        ItemState::Unregistered => {
            (Pill::UNREGISTERED, "Meta has not registered the number yet. Choose a PIN on its page.".to_owned())
        }
        ItemState::Claimed => {
            (Pill::CLAIMED, "It belongs to another account here. Have it disconnected there first.".to_owned())
        }
        ItemState::NotSubscribed { why } => (Pill::NOT_SENDING, format!("Meta does not send for it yet. {why}")),
        ItemState::NoRole => (
            Pill::NO_ROLE,
            "Your role on this page may not answer messages. Ask its owner for one that may.".to_owned(),
        ),
    };
    Row {
        name: item.name,
        address: item.address,
        platform: words::platform(item.platform),
        pill,
        sentence,
        href: item.channel_id.map(|id| format!("/channels/{id}")),
    }
}

pub async fn page(member: &Member, session: &Session, (way, outcome): (Way, Outcome)) -> Result<Response, Error> {
    let (title, sentence, items, failure) = match outcome {
        Outcome::Connected { items } => {
            let done = items.iter().filter(|item| item.channel_id.is_some()).count();
            let sentence = match (items.len(), done) {
                (0, _) => "The business account is connected, and has no number yet. Add one in Meta’s WhatsApp manager, then connect again.".to_owned(),
                (all, done) if all == done => format!("{} connected.", count(done, "channel is", "channels are")),
                (all, done) => format!("{done} of {all} could be connected."),
            };
            ("Connected".to_owned(), sentence, items, None)
        }
        Outcome::Failed(failure) => (failure.what.clone(), failure.why.clone(), Vec::new(), Some(failure)),
    };
    let page = html(&ResultPage {
        page: Page::new(member, session, Section::Channels, title).await?,
        sentence,
        rows: items.into_iter().map(row).collect(),
        failure,
        again: if way == Way::Instagram { "/connect#instagram" } else { "/connect" },
    })?;
    Ok(super::in_window(page))
}

pub async fn show(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(login_id): Path<LoginId>,
) -> Result<Response, Error> {
    let mut c = app.tenant(member.tenant_id).await?;
    let found = meta_logins::outcome(&mut c, member.tenant_id, login_id).await?;
    drop(c);
    let (way, outcome) = found.ok_or(Error::NotFound)?;
    let way = Way::from_word(&way).ok_or(Error::NotFound)?;
    let outcome = serde_json::from_value(outcome).map_err(|_| Error::Unexpected("an outcome could not be read"))?;
    page(&member, &session, (way, outcome)).await
}
