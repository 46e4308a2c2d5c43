//! The binary's parts: command line, configuration, the service's life, the embedded PostgreSQL, provisioning, the simulators, the
//! benchmark.

pub mod bench;
pub mod cli;
pub mod config;
pub mod database;
pub mod demo;
pub mod doctor;
pub mod key;
pub mod meta_sim;
pub mod operator;
pub mod postgres;
pub mod provision;
pub mod replay;
pub mod seed;
pub mod serve;
pub mod simulate;
mod size;
pub mod telemetry;
pub mod with_postgres;
