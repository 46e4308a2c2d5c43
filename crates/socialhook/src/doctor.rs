//! `socialhook admin doctor`: why a channel gets no messages, as text.

use std::fmt::Write;

use socialhook_relay::connect::Examiner;
use socialhook_relay::doctor::{Diagnosis, State};

use crate::cli::{Failure, with_means};
use crate::config::Config;
use crate::{replay, simulate};

/// Which channel.
#[derive(Debug, Clone, clap::Args)]
pub struct Whose {
    /// Whose: a tenant's name, or its ten_… id
    #[arg(long)]
    pub tenant: String,
    /// The channel's name, Meta's id of it, or its chn_… id
    #[arg(long)]
    pub channel: String,
}

/// Looks, and tells.
///
/// # Errors
/// If there is no such channel, or the database fails.
pub async fn run(config: &Config, whose: &Whose) -> Result<String, Failure> {
    with_means(config, async |means| {
        let mut c = means.pools.background.acquire().await?;
        let tenant_id = simulate::find_tenant(&mut c, &whose.tenant).await?;
        let channel_id = replay::channel(&mut c, tenant_id, (&whose.tenant, &whose.channel)).await?;
        drop(c);
        let examiner = Examiner::new(means.clone(), config.meta(), config.policy)?;
        let found = examiner.diagnose(tenant_id, channel_id).await?;
        Ok(found.map(|found| text(&found)).unwrap_or_default())
    })
    .await
}

/// A line a link, then the cause.
#[must_use]
pub fn text(found: &Diagnosis) -> String {
    let mut text = format!("{}\n", found.channel);
    for line in &found.lines {
        let mark = match line.state {
            State::Good => "fine",
            State::Warning => "look",
            State::Bad => "BROKEN",
            State::Unknown => "?",
        };
        let at = line.at.map(|at| format!(" ({})", at.format("%Y-%m-%d %H:%M:%SZ"))).unwrap_or_default();
        // Nothing that is written to memory fails.
        let _ = writeln!(text, "{:<7} {:<15} {}{at}", mark, line.link.title(), line.evidence);
        if let Some(fix) = &line.fix {
            let _ = writeln!(text, "{:<23} → {fix}", "");
        }
    }
    let _ = match found.cause() {
        Some(line) => writeln!(text, "The cause is {}: {}", line.link.side(), line.link.title()),
        None => writeln!(text, "Everything works."),
    };
    text
}
