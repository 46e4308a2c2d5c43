//! Instagram's samples, and which frame each group of them goes into.

mod media;
mod messages;
mod others;
mod threads;

use super::Group;
use super::Scope::{Channel, MetaTest};
use super::frames::{CHANGE, ENTRY, FROM_BUSINESS, FROM_CUSTOMER, MESSAGING, STANDBY, WHOLE};

pub(super) const GROUPS: &[Group] = &[
    Group { scope: Channel, frame: FROM_CUSTOMER, templates: messages::FROM_CUSTOMER },
    Group { scope: Channel, frame: FROM_BUSINESS, templates: messages::FROM_BUSINESS },
    Group { scope: Channel, frame: MESSAGING, templates: messages::ELEMENTS },
    Group { scope: Channel, frame: FROM_CUSTOMER, templates: threads::FROM_CUSTOMER },
    Group { scope: Channel, frame: MESSAGING, templates: threads::ELEMENTS },
    Group { scope: Channel, frame: STANDBY, templates: threads::STANDBY },
    Group { scope: Channel, frame: CHANGE, templates: media::CHANGES },
    Group { scope: Channel, frame: ENTRY, templates: media::ON_ENTRY },
    Group { scope: Channel, frame: FROM_CUSTOMER, templates: others::FROM_CUSTOMER },
    Group { scope: MetaTest, frame: WHOLE, templates: others::META_TEST },
];
