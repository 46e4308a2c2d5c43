//! `changes` of pages and Instagram accounts: comments, mentions, the feed, leads; and the samples of Meta's Test button, which
//! are messaging elements in a change.

use std::borrow::Cow;

use super::super::draft::Draft;
use super::super::identity::Them;
use super::super::wire::{Comment, Contact, Direction};
use super::super::{address, time};
use super::{Element, marketing, receipts};
use crate::event::EventType;
use crate::json::Object;
use crate::meta::Part;

/// The events in a change of `field`; none if it is of a kind that is not known.
pub(super) fn drafts<'a>(part: &'a Part<'a>, field: &str) -> Vec<Draft<'a>> {
    let value = part.content;
    let draft = match field {
        "comments" | "live_comments" => commented(part, EventType::CommentCreated),
        "mention" | "mentions" => match value.text("verb").as_deref() {
            None | Some("add") => mentioned(part),
            _ => by_someone(part, EventType::FeedUpdated),
        },
        "feed" => match (value.text("item").as_deref(), value.text("verb").as_deref()) {
            (Some("comment"), Some("add")) => commented(part, EventType::CommentCreated),
            _ => by_someone(part, EventType::FeedUpdated),
        },
        "ratings" | "story_insights" => by_someone(part, EventType::FeedUpdated),
        "leadgen" => {
            let mut lead = Draft::with_data(EventType::LeadCreated, part.raw);
            lead.identity.provider_id = value.non_empty("leadgen_id");
            let to = part.entry_id.clone().or_else(|| value.non_empty("page_id"));
            Draft { direction: Some(Direction::Inbound), to, ..lead }
        }
        "message_template_status_update" | "messenger_template_status_update" => {
            Draft::with_data(EventType::TemplateUpdated, part.raw)
        }
        "call_settings_update" => Draft::with_data(EventType::ChannelUpdated, part.raw),
        "business_integrity" | "messaging_policy_enforcement" | "messaging_integrity"
            if value.get("recipient").is_none() =>
        {
            Draft::with_data(EventType::AccountUpdated, part.raw)
        }
        _ => return messaging(part, field),
    };
    vec![draft.at(time::of_item(value))]
}

/// A marketing message's, or a messaging element that the Test button put into a change.
fn messaging<'a>(part: &'a Part<'a>, field: &str) -> Vec<Draft<'a>> {
    if let Some(draft) = marketing::draft(part, field) {
        return vec![draft];
    }
    let element = Element { part, object: part.content, standby: field == "standby" };
    element.draft().map_or_else(|| receipts::drafts(&element), |draft| vec![draft])
}

/// A field that changed, by name only: what an app gets that has "Include values" off.
pub(super) fn changed_field<'a>(part: &'a Part<'a>) -> Draft<'a> {
    match part.raw.text().as_deref() {
        Some("feed" | "mention" | "mentions" | "ratings" | "comments" | "live_comments" | "story_insights") => {
            by_someone(part, EventType::FeedUpdated)
        }
        _ => Draft::with_data(EventType::Unknown, part.raw),
    }
}

/// A comment has an id, by which one that Meta tells twice is known.
fn commented<'a>(part: &'a Part<'a>, kind: EventType) -> Draft<'a> {
    let value = part.content;
    let media = value.object("media").and_then(|media| media.non_empty("id")).or_else(|| value.non_empty("media_id"));
    let post_id = media.or_else(|| value.non_empty("post_id"));
    let comment = Comment {
        id: value.non_empty("comment_id").or_else(|| value.non_empty("id")),
        body: value.text("text").or_else(|| value.text("message")),
        // On pages a comment that answers none has the post as its parent.
        parent_id: value.non_empty("parent_id").filter(|parent| Some(parent) != post_id.as_ref()),
        post_id,
    };
    let mut draft = by_someone(part, kind);
    draft.identity.provider_id.clone_from(&comment.id);
    draft.comment = Some(Box::new(comment));
    draft
}

fn mentioned<'a>(part: &'a Part<'a>) -> Draft<'a> {
    if part.content.get("comment_id").is_none() {
        return by_someone(part, EventType::MentionCreated);
    }
    let mut draft = commented(part, EventType::MentionCreated);
    draft.identity.provider_id = None;
    draft
}

/// Something public that someone did, or the account itself: then it is outbound, so that nobody answers himself.
fn by_someone<'a>(part: &'a Part<'a>, kind: EventType) -> Draft<'a> {
    let value = part.content;
    let author = author(value);
    let is_own = |author: &Contact<'_>| author.user_id.is_some() && author.user_id == part.entry_id;
    let says_own = value.object("from").is_some_and(|from| from.get("self_ig_scoped_id").is_some());
    let is_own = says_own || author.as_ref().is_some_and(is_own);
    let draft = Draft::with_data(kind, part.raw);
    if is_own {
        return Draft { direction: Some(Direction::Outbound), from: part.entry_id.clone(), ..draft };
    }
    let user_id: Option<Cow<'a, str>> = author.as_ref().and_then(|author| author.user_id.clone());
    Draft {
        direction: Some(Direction::Inbound),
        from: user_id.clone(),
        to: part.entry_id.clone().or_else(|| value.non_empty("page_id")),
        them: user_id.map(Them::Scoped),
        contact: author,
        ..draft
    }
}

/// `from` took the place of `sender_id` and `sender_name`; a rating has its reviewer.
fn author(value: Object<'_>) -> Option<Contact<'_>> {
    let from = value.object("from").unwrap_or_default();
    let first = |keys: [&str; 2]| keys.iter().find_map(|key| value.non_empty(key));
    let user_id = from.non_empty("id").or_else(|| first(["sender_id", "reviewer_id"]));
    let username = from.non_empty("username").map(address::username);
    let name = from.non_empty("name").or_else(|| first(["sender_name", "reviewer_name"]));
    (user_id.is_some() || username.is_some()).then(|| Contact { user_id, username, name, ..Contact::default() })
}
