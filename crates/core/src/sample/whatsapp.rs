//! `WhatsApp`'s samples, and which frame each group of them goes into.

mod account;
mod calls;
mod coexistence;
mod content;
mod customers;
mod groups;
mod handovers;
mod numbers;
mod others;
mod replies;
mod statuses;
mod templates;

use super::Group;
use super::Scope::{Account, Channel, MetaTest};
use super::frames::{WHATSAPP_ACCOUNT, WHATSAPP_CHANGE, WHATSAPP_MESSAGE, WHATSAPP_PARTNER, WHATSAPP_STATUS, WHOLE};

pub(super) const GROUPS: &[Group] = &[
    Group { scope: Channel, frame: WHATSAPP_MESSAGE, templates: content::MESSAGES },
    Group { scope: Channel, frame: WHATSAPP_CHANGE, templates: content::CHANGES },
    Group { scope: Channel, frame: WHATSAPP_MESSAGE, templates: replies::MESSAGES },
    Group { scope: Channel, frame: WHATSAPP_CHANGE, templates: replies::CHANGES },
    Group { scope: Channel, frame: WHATSAPP_STATUS, templates: statuses::STATUSES },
    Group { scope: Channel, frame: WHATSAPP_CHANGE, templates: statuses::CHANGES },
    Group { scope: Channel, frame: WHATSAPP_CHANGE, templates: coexistence::CHANGES },
    Group { scope: Channel, frame: WHATSAPP_CHANGE, templates: customers::CHANGES },
    Group { scope: Channel, frame: WHATSAPP_CHANGE, templates: calls::CHANGES },
    Group { scope: Channel, frame: WHATSAPP_CHANGE, templates: handovers::CHANGES },
    Group { scope: Channel, frame: WHATSAPP_CHANGE, templates: groups::CHANGES },
    Group { scope: Channel, frame: WHATSAPP_CHANGE, templates: others::CHANGES },
    Group { scope: Channel, frame: WHATSAPP_ACCOUNT, templates: numbers::BY_ID },
    Group { scope: Account, frame: WHATSAPP_ACCOUNT, templates: numbers::BY_DIGITS },
    Group { scope: Account, frame: WHATSAPP_ACCOUNT, templates: templates::CHANGES },
    Group { scope: Account, frame: WHATSAPP_ACCOUNT, templates: account::CHANGES },
    Group { scope: Account, frame: WHATSAPP_PARTNER, templates: account::OF_PARTNERS },
    Group { scope: MetaTest, frame: WHOLE, templates: others::META_TEST },
];
