//! The API's description: `OpenAPI`, made from the handlers.

use std::sync::LazyLock;

use serde_json::{Value, json};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::{Problem, channels, deliveries, endpoints, events, media, replays};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "SocialHook",
        version = "1",
        description = "Look at channels, endpoints, events and deliveries, change endpoints, and have events sent again.\n\n\
            Call with `Authorization: Bearer shk_…`: owners and developers make keys under Settings, each for a scope: `read`, `endpoints` \
            (change them) and `deliveries` (have something sent).\n\n\
            Lists come in parts: give `next_cursor` as `cursor` for the next one. Failures are `application/problem+json`. A POST, PUT or DELETE \
            with an `Idempotency-Key` of its own may be sent again for a day: what was answered is answered again, and nothing is done twice. \
            `RateLimit-*` headers tell how many calls a key has left."
    ),
    paths(
        channels::list, channels::show, channels::doctor,
        endpoints::list, endpoints::create, endpoints::show, endpoints::replace, endpoints::delete, endpoints::pause, endpoints::resume,
        endpoints::test,
        events::list, events::show, media::list,
        deliveries::list, deliveries::show, deliveries::resend,
        replays::list, replays::create, replays::show, replays::cancel,
    ),
    components(schemas(Problem, super::problem::FieldProblem)),
    modifiers(&Keys)
)]
struct Description;

struct Keys;

impl Modify for Keys {
    fn modify(&self, description: &mut utoipa::openapi::OpenApi) {
        let key = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        description.components.get_or_insert_default().add_security_scheme("key", key);
    }
}

/// As JSON.
#[must_use]
pub fn description() -> &'static str {
    static JSON: LazyLock<String> = LazyLock::new(|| {
        let mut description = serde_json::to_value(Description::openapi()).unwrap_or_default();
        name_apart(&mut description);
        narrow(&mut description);
        format!("{description:#}")
    });
    &JSON
}

/// What is taken, where the types of Rust tell more than was derived of them.
fn narrow(description: &mut Value) {
    let schemas = description["components"]["schemas"].as_object_mut().into_iter().flat_map(|all| all.values_mut());
    for properties in schemas.filter_map(|schema| schema.get_mut("properties")) {
        if let Some(ids) = properties.get_mut("channels") {
            ids["items"]["pattern"] = "^chn_[0-7][0-9a-hjkmnp-tv-z]{25}$".into();
        }
        if let Some(headers) = properties.get_mut("headers") {
            headers["propertyNames"] = json!({ "pattern": "^[A-Za-z0-9-]{1,64}$" });
        }
    }
}

/// Handlers of different things have the same names; operations have not.
fn name_apart(description: &mut Value) {
    let paths = description["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut());
    for operation in paths.filter_map(Value::as_object_mut).flat_map(|path| path.values_mut()) {
        let tag = operation["tags"][0].as_str().unwrap_or_default().to_lowercase();
        operation["operationId"] = format!("{tag}_{}", operation["operationId"].as_str().unwrap_or_default()).into();
    }
}
