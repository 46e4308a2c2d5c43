//! Resending the deliveries that were ticked on a page of the ledger.

use axum::extract::State;
use axum::response::Redirect;
use socialhook_core::id::{EndpointId, EventId};
use socialhook_store::{endpoints, health, ledger, replays};
use tower_sessions::Session;

use super::wanted::Wanted;
use crate::error::Error;
use crate::extract::Form;
use crate::member::Member;
use crate::page::leave_notice;
use crate::state::App;
use crate::words::count;

/// The form's fields in their order; a ticked box is a `chosen` field.
type Fields = Vec<(String, String)>;
type Key = (EventId, EndpointId);

fn chosen(fields: &Fields) -> Result<Vec<Key>, Error> {
    let key = |text: &str| text.split_once('.').and_then(|(event, end)| Some((event.parse().ok()?, end.parse().ok()?)));
    let ticked = fields.iter().filter(|(name, _)| name == "chosen");
    let keys: Option<Vec<Key>> = ticked.map(|(_, value)| key(value)).collect();
    let page = usize::try_from(ledger::PAGE).unwrap_or(usize::MAX);
    keys.filter(|keys| keys.len() <= page).ok_or(Error::Unreadable)
}

/// Where the reader was.
fn place(fields: &Fields) -> Wanted {
    fields.iter().find(|(name, _)| name == "place").map(|(_, query)| Wanted::parse(query)).unwrap_or_default()
}

pub async fn resend(
    State(app): State<App>,
    member: Member,
    session: Session,
    Form(fields): Form<Fields>,
) -> Result<Redirect, Error> {
    let keys = chosen(&fields)?;
    let mut c = app.tenant(member.tenant_id).await?;
    let own = endpoints::list(&mut c, member.tenant_id).await?;
    if !keys.iter().all(|key| own.iter().any(|endpoint| endpoint.endpoint_id == key.1)) {
        return Err(Error::NotFound);
    }
    let opened = replays::resend(&mut c, member.tenant_id, &keys, app.clock.now()).await?;
    for (_, endpoint_id) in &keys {
        health::probe_now(&mut c, member.tenant_id, *endpoint_id, app.clock.now()).await?;
    }
    drop(c);
    app.relay.wake();
    let is_paused = |id| own.iter().any(|endpoint| endpoint.endpoint_id == id && endpoint.paused.is_some());
    leave_notice(&session, notice(keys.len(), opened, keys.iter().any(|key| is_paused(key.1)))).await?;
    Ok(Redirect::to(&place(&fields).address()))
}

fn notice(chosen: usize, opened: usize, some_paused: bool) -> String {
    if chosen == 0 {
        return "Nothing is resent: tick the deliveries first.".to_owned();
    }
    let resent = count(opened, "delivery is resent", "deliveries are resent");
    let left = match chosen.saturating_sub(opened) {
        0 => String::new(),
        left => format!(" {} on the way already.", count(left, "was", "were")),
    };
    let paused = if some_paused { " Those for a paused endpoint are sent when you resume it." } else { "" };
    format!("{resent}. Reload to see what came of it.{left}{paused}")
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn fields(values: &[&str]) -> Fields {
        values.iter().map(|value| ("chosen".to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_selection_is_at_most_a_page_of_keys() {
        let key = (EventId(Uuid::from_u128(7)), EndpointId(Uuid::from_u128(8)));
        let text = format!("{}.{}", key.0, key.1);
        assert_eq!(chosen(&fields(&[&text, &text])).expect("keys"), [key, key]);
        assert_eq!(chosen(&Vec::new()).expect("keys"), []);
        for bad in ["", ".", "evt_x.end_y", text.trim_start_matches("evt")] {
            assert!(chosen(&fields(&[bad])).is_err(), "{bad}");
        }
        assert!(chosen(&fields(&[text.as_str(); 51])).is_err());
    }

    #[test]
    fn the_notice_tells_what_was_left() {
        assert_eq!(
            notice(3, 2, false),
            "2 deliveries are resent. Reload to see what came of it. 1 was on the way already."
        );
        assert_eq!(notice(1, 1, false), "1 delivery is resent. Reload to see what came of it.");
    }
}
