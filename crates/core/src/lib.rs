//! The pure domain of SocialHook: what Meta sends, what a tenant receives, and the rules between them.
//!
//! Nothing here does I/O or reads a clock; time and chance arrive as arguments. So every rule can be tested
//! by a table, and nothing here can fail for a reason outside its input.

pub mod clinic;
pub mod clock;
pub mod conversation;
pub mod delivery;
pub mod event;
pub mod headers;
pub mod histogram;
pub mod id;
pub mod json;
pub mod meta;
pub mod normalise;
pub mod offline;
pub mod sample;
pub mod schema;
pub mod signature;
pub mod signing;
