//! The tests: one binary that speaks from outside. Sign a payload as Meta, post it, look at what the receiver got and at what
//! the page says. Two tenants in every world; a manual clock; no sleeping.

#![expect(
    clippy::disallowed_methods,
    reason = "tests look into the database with queries of their own, and wait for real processes"
)]

mod account;
mod api;
mod api_keys;
mod api_lists;
mod app_pages;
mod audit;
mod audit_log;
mod bench;
mod bodies;
mod browser;
mod chance;
mod channel_pages;
mod chaos;
mod chromium;
mod clinic;
mod cluster;
mod connecting;
mod contract;
mod conversations;
mod dashboard;
mod database;
mod delivery;
mod disasters;
mod docs;
mod doctor;
mod endpoint_pages;
mod endpoint_settings;
mod erasure;
mod event_page;
mod every_page;
mod health;
mod inbound;
mod ingest;
mod journey;
mod keyboard;
mod killed;
mod leaving;
mod ledger;
mod ledger_export;
mod ledger_live;
mod load;
mod mailbox;
mod masking;
mod media;
mod meta;
mod nodes;
mod onboarding;
mod outages;
mod overview;
mod people;
mod pg;
mod postgres;
mod process;
mod provisioning;
mod proxy;
mod raw;
mod receiver;
mod refusing;
mod replay_pages;
mod replays;
mod retention;
mod rollups;
mod routes;
mod routing;
mod s3;
mod second_factor;
mod secrets;
mod seed;
mod sessions;
mod settings;
mod simulator;
mod smtp;
mod takeover;
mod tenancy;
mod throttle;
mod tidy;
mod walls;
mod ways_in;
mod world;
