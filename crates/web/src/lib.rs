//! The only inbound HTTP and the only HTML: Meta's two routes, the inspector's receiving end and the dashboard.
//!
//! What must hold: every page belongs to one tenant, and another tenant's id is not found; nothing that changes anything is
//! reached from another site; no page runs a script or a style that is not ours; a visitor never reads our internal text.
//!
//! [`router`] is the whole table of routes. A file is a resource: its handlers, with their forms and pages beside them.

mod account;
pub mod alerts;
pub mod api;
mod apps;
mod arrivals;
mod assets;
mod attention;
pub mod audit;
mod channels;
mod charts;
mod client;
mod clinic;
mod codes;
mod connect;
mod conversation;
mod deliveries;
mod delivery;
mod docs;
mod endpoint;
mod endpoint_choice;
mod endpoints;
mod error;
mod exports;
mod extract;
mod fields;
mod forgot;
mod health;
mod inspector;
mod join;
mod json_view;
mod landing;
mod layers;
mod live;
pub mod mail;
mod masking;
mod media;
mod member;
mod members;
mod message;
mod meta;
mod overview;
mod page;
pub mod passwords;
mod person;
mod replays;
mod router;
mod search;
mod serve;
mod settings;
mod sign_in;
mod sign_up;
mod start;
mod state;
mod tenants;
mod throttle;
mod words;

pub use router::router;
pub use serve::serve;
pub use state::App;
