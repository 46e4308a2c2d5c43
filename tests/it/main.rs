//! The tests: one binary that speaks from outside. Sign a payload as Meta, post it, look at what the receiver got and at what
//! the page says. Two tenants in every world; a manual clock; no sleeping.

#![expect(
    clippy::disallowed_methods,
    reason = "tests look into the database with queries of their own, and wait for real processes"
)]

mod bench;
mod browser;
mod contract;
mod conversations;
mod dashboard;
mod database;
mod delivery;
mod docs;
mod ingest;
mod journey;
mod killed;
mod meta;
mod postgres;
mod process;
mod provisioning;
mod receiver;
mod refusing;
mod routing;
mod simulator;
mod tenancy;
mod tidy;
mod world;
