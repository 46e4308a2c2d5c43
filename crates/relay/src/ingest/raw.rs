//! Where in a tenant's receipt stands what an event was made of, for endpoints that ask for it.
//!
//! What must hold: linear in the receipt, however many parts it has and however many events a part becomes.

use std::ops::Range;

use socialhook_core::event::RAW_MAX;
use socialhook_core::meta::Part;
use socialhook_store::ingest::NewReceipt;

/// Goes along with the events, in their order: those of a receipt one after the other, and in it those of a part.
#[derive(Default)]
pub(super) struct Places<'a> {
    last: Option<(&'a NewReceipt, &'a Part<'a>, Option<Range<usize>>)>,
}

impl<'a> Places<'a> {
    /// None: it is too long to go with an event.
    pub(super) fn of(&mut self, receipt: &'a NewReceipt, part: &'a Part<'a>) -> Option<Range<usize>> {
        if part.raw().len() > RAW_MAX {
            return None;
        }
        let mut from = 0;
        if let Some((last_receipt, last_part, place)) = &self.last
            && std::ptr::eq(*last_receipt, receipt)
        {
            if std::ptr::eq(*last_part, part) {
                return place.clone();
            }
            from = place.as_ref().map_or(0, |place| place.end);
        }
        let place = part.place_in(&receipt.body, from);
        self.last = Some((receipt, part, place.clone()));
        place
    }
}
