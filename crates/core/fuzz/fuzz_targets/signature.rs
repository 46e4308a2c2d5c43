//! Any bytes as a signature's header: nothing panics, and only the right signature is taken.

#![no_main]

#[path = "../../tests/it/invariants.rs"]
mod invariants;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|header: &[u8]| invariants::of_signature(header));
