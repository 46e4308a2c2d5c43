//! Any bytes as a webhook's body: nothing panics, and whatever is of Meta's shape gives events that every reader takes.

#![no_main]

#[path = "../../tests/it/invariants.rs"]
mod invariants;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| invariants::of_body(body));
