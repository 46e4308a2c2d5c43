//! Groups, their settings and participants: `groups[]` of the fields `group_*_update`.

use super::super::draft::Draft;
use super::super::identity::Them;
use crate::event::EventType;
use crate::json::{Object, Value};

pub(super) fn draft<'a>(item: Value<'a>, object: Object<'a>) -> Draft<'a> {
    let group_id = object.non_empty("group_id");
    Draft { them: group_id.clone().map(Them::Group), group_id, ..Draft::with_data(EventType::GroupUpdated, item) }
}
