//! Messenger's samples, and which frame each group of them goes into.

mod calls;
mod marketing;
mod messages;
mod others;
mod page;
mod receipts;
mod threads;

use super::Group;
use super::Scope::{Account, Channel, MetaTest};
use super::frames::{
    CALLS, CHANGE, ENTRY, FROM_BUSINESS, FROM_CUSTOMER, MESSAGING, MESSAGING_WITHOUT_ENTRY_ID, STANDBY, WHOLE,
};

pub(super) const GROUPS: &[Group] = &[
    Group { scope: Channel, frame: FROM_CUSTOMER, templates: messages::FROM_CUSTOMER },
    Group { scope: Channel, frame: FROM_BUSINESS, templates: messages::FROM_BUSINESS },
    Group { scope: Channel, frame: MESSAGING, templates: messages::ELEMENTS },
    Group { scope: Channel, frame: MESSAGING, templates: receipts::ELEMENTS },
    Group { scope: Channel, frame: FROM_CUSTOMER, templates: threads::FROM_CUSTOMER },
    Group { scope: Channel, frame: MESSAGING, templates: threads::ELEMENTS },
    Group { scope: Channel, frame: STANDBY, templates: threads::STANDBY },
    Group { scope: Channel, frame: FROM_CUSTOMER, templates: others::FROM_CUSTOMER },
    Group { scope: Channel, frame: MESSAGING, templates: others::ELEMENTS },
    Group { scope: Channel, frame: MESSAGING_WITHOUT_ENTRY_ID, templates: others::WITHOUT_ENTRY_ID },
    Group { scope: Channel, frame: CALLS, templates: calls::CALLS },
    Group { scope: Channel, frame: ENTRY, templates: calls::ON_ENTRY },
    Group { scope: Channel, frame: ENTRY, templates: marketing::ON_ENTRY },
    Group { scope: Channel, frame: CHANGE, templates: page::CHANGES },
    Group { scope: Channel, frame: ENTRY, templates: page::ON_ENTRY },
    Group { scope: Account, frame: WHOLE, templates: others::PERMISSIONS },
    Group { scope: MetaTest, frame: WHOLE, templates: others::META_TEST },
];
