//! What the process says of itself: one log on standard error, as text or JSON.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::config::Config;

/// Begins logging. A filter that is not understood falls back to `info`, and says so.
pub fn start(config: &Config) {
    let filter = EnvFilter::try_new(&config.log);
    let understood = filter.is_ok();
    let filter = filter.unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if config.log_json {
        log.json().init();
    } else {
        log.with_target(false).with_ansi(std::io::stderr().is_terminal()).init();
    }
    if !understood {
        tracing::warn!("the log filter is not understood; logging at info");
    }
}
