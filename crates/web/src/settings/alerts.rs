//! Whether a member gets mail about what needs attention.

use axum::extract::State;
use axum::response::Redirect;
use serde::Deserialize;
use socialhook_store::alerts;
use tower_sessions::Session;

use crate::error::Error;
use crate::extract::Form;
use crate::member::Member;
use crate::page::leave_notice;
use crate::state::App;

#[derive(Deserialize)]
pub struct AlertsForm {
    #[serde(default)]
    wants_alerts: String,
}

pub async fn update(
    State(app): State<App>,
    member: Member,
    session: Session,
    Form(form): Form<AlertsForm>,
) -> Result<Redirect, Error> {
    let wants = !form.wants_alerts.is_empty();
    let mut c = app.tenant(member.tenant_id).await?;
    alerts::choose(&mut c, member.tenant_id, member.account_id, wants).await?;
    drop(c);
    let said = if wants {
        "Saved. You get mail when something needs attention."
    } else {
        "Saved. What needs attention is told on the overview only."
    };
    leave_notice(&session, said).await?;
    Ok(Redirect::to("/settings#alerts"))
}
