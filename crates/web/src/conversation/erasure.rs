//! Erasing a conversation, and the receipt of what was erased.

use std::time::{Duration, Instant};

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use socialhook_core::id::ConversationId;
use socialhook_store::erasure::{self, Erased};
use socialhook_store::events;
use tower_sessions::Session;

use crate::error::Error;
use crate::extract::Path;
use crate::member::Member;
use crate::page::{Page, Section, html};
use crate::state::App;
use crate::words::{When, count};

/// Within a page's time; what is left then takes another press.
const ERASE_WITHIN: Duration = Duration::from_secs(6);

#[derive(Template)]
#[template(path = "conversation-erase.html")]
struct ConfirmPage {
    page: Page,
    id: String,
}

#[derive(Template)]
#[template(path = "conversation-erased.html")]
struct ErasedPage {
    page: Page,
    id: String,
    at: When,
    by: String,
    lines: Vec<String>,
    has_more: bool,
}

async fn must_be_there(app: &App, member: &Member, conversation_id: ConversationId) -> Result<(), Error> {
    let mut c = app.tenant(member.tenant_id).await?;
    let known = events::conversations_with_events(&mut c, member.tenant_id, &[conversation_id]).await?;
    if known.is_empty() { Err(Error::NotFound) } else { Ok(()) }
}

pub async fn confirm(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(conversation_id): Path<ConversationId>,
) -> Result<Response, Error> {
    must_be_there(&app, &member, conversation_id).await?;
    let page = Page::new(&member, &session, Section::Deliveries, "Erase a conversation").await?;
    html(&ConfirmPage { page, id: conversation_id.to_string() })
}

pub async fn erase(
    State(app): State<App>,
    member: Member,
    session: Session,
    Path(conversation_id): Path<ConversationId>,
) -> Result<Response, Error> {
    must_be_there(&app, &member, conversation_id).await?;
    let began = Instant::now();
    let mut erased = Erased::default();
    let mut c = app.tenant(member.tenant_id).await?;
    let has_more = loop {
        let step = erasure::some(&mut c, member.tenant_id, conversation_id).await?;
        erased += step;
        if step.events == 0 {
            break false;
        }
        if began.elapsed() > ERASE_WITHIN {
            break true;
        }
    };
    drop(c);
    let number = |number: u64, one, many| count(usize::try_from(number).unwrap_or(usize::MAX), one, many);
    html(&ErasedPage {
        page: Page::new(&member, &session, Section::Deliveries, "Erased").await?,
        id: conversation_id.to_string(),
        at: When::new(app.clock.now(), member.now(&app)),
        by: member.email,
        lines: vec![
            number(erased.events, "event", "events"),
            number(
                erased.attempts,
                "attempt with what your endpoint answered",
                "attempts with what your endpoints answered",
            ),
            number(erased.deliveries, "open delivery", "open deliveries"),
            number(erased.receipts, "original of Meta’s", "originals of Meta’s"),
            number(erased.files, "file", "files"),
            number(erased.inspections, "request that the inspector showed", "requests that the inspector showed"),
        ],
        has_more,
    })
}
