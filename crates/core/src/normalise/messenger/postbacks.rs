//! Taps on buttons, menus and ice breakers. In standby a postback has no payload; old ones have no id.

use super::super::draft::Draft;
use super::super::wire::{Direction, Message, Reply};
use super::{between, referral};
use crate::json::Object;
use crate::meta::Part;

pub(super) fn draft<'a>(part: &'a Part<'a>, postback: &Object<'a>) -> Draft<'a> {
    let id = postback.non_empty("mid");
    let title = postback.text("title");
    let message = Message {
        id: id.clone(),
        kind: "interactive",
        body: title.clone(),
        reply: Some(Reply { kind: "postback", id: postback.text("payload"), title, ..Reply::default() }),
        referral: referral(postback),
        ..Message::default()
    };
    Draft { message: Some(message), ..between(part, "message.received", Direction::Inbound, id) }
}
