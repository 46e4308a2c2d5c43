//! Choosing one of the tenant's endpoints: from a list while that is short, by its name beyond.

use socialhook_core::id::EndpointId;

use crate::fields::Field;

/// Beyond so many, a list to choose from is too long, for people and for the page.
const LISTED_MAX: usize = 100;

pub struct EndpointChoice {
    /// Ids and names; empty if the name is to be typed in, or if there are none.
    pub listed: Vec<(String, String)>,
    /// An id if it is chosen from the list, a name if it is typed in.
    pub field: Field,
}

impl EndpointChoice {
    /// `field` holds what was chosen before: an id or a name.
    pub fn new(own: &[(EndpointId, String)], field: Field) -> Self {
        let few = own.len() <= LISTED_MAX;
        let chosen = own.iter().find(|(id, name)| *name == field.value || id.to_string() == field.value);
        let field = match chosen {
            Some((id, name)) => Field { value: if few { id.to_string() } else { name.clone() }, ..field },
            None => field,
        };
        let listed = own.iter().filter(|_| few).map(|(id, name)| (id.to_string(), name.clone())).collect();
        Self { listed, field }
    }
}

/// The endpoint with this id or name.
pub fn find(text: &str, own: &[(EndpointId, String)]) -> Result<EndpointId, String> {
    let named = own.iter().find(|(id, name)| name == text || id.to_string() == text);
    named.map(|(id, _)| *id).ok_or_else(|| match text {
        "" => "Choose an endpoint.".to_owned(),
        _ => "You have no endpoint of this name.".to_owned(),
    })
}
