//! Whether files of messages are kept, and how much room they take.

use axum::extract::State;
use axum::response::Redirect;
use serde::Deserialize;
use socialhook_store::media::{self, Choice};
use tower_sessions::Session;

use crate::error::Error;
use crate::extract::Form;
use crate::member::Member;
use crate::page::leave_notice;
use crate::state::App;
use crate::words;

/// What a tenant has chosen, in words.
pub struct Kept {
    pub keeps_media: bool,
    pub keeps_public_media: bool,
    pub sentence: String,
    /// Percent of the room that is taken.
    pub percent: u64,
}

impl Kept {
    pub fn of(app: &App, choice: Choice) -> Self {
        let quota = choice.quota.and_then(|quota| u64::try_from(quota).ok()).unwrap_or_else(|| app.relay.media_quota());
        let used = u64::try_from(choice.used).unwrap_or(0);
        let size = |bytes: u64| words::bytes(usize::try_from(bytes).unwrap_or(usize::MAX));
        let percent = used.saturating_mul(100).checked_div(quota).unwrap_or(100).min(100);
        let sentence = match percent {
            100 => format!("All {} are taken: nothing more is kept until older media end.", size(quota)),
            _ => format!("{} of {} are taken.", size(used), size(quota)),
        };
        Self { keeps_media: choice.keeps_media, keeps_public_media: choice.keeps_public_media, sentence, percent }
    }
}

#[derive(Deserialize)]
pub struct MediaForm {
    #[serde(default)]
    keeps_media: String,
    #[serde(default)]
    keeps_public_media: String,
}

pub async fn update(
    State(app): State<App>,
    member: Member,
    session: Session,
    Form(form): Form<MediaForm>,
) -> Result<Redirect, Error> {
    let mut c = app.tenant(member.tenant_id).await?;
    media::choose(&mut c, member.tenant_id, !form.keeps_media.is_empty(), !form.keeps_public_media.is_empty()).await?;
    drop(c);
    app.relay.refresh().await?;
    leave_notice(&session, "Saved. It holds for what comes in from now on; what is kept stays until its event ends.")
        .await?;
    Ok(Redirect::to("/settings#media"))
}
