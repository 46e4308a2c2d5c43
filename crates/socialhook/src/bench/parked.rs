//! The backlog: what many events that wait for a dead endpoint cost the other tenants, and the relay in memory.

use std::time::Duration;

use super::contender::{self, Contender};
use super::generator::Pace;
use super::report::{self, Row, say};
use super::webhook::Webhooks;
use super::{Bench, Error, memory, scene};

/// Longer than it may ever take to post the backlog.
const FILL_LIMIT: Duration = Duration::from_hours(4);

/// Returns how many of the relay's acknowledged events are missing, those of the dead endpoint aside.
pub(super) async fn measure(bench: &mut Bench<'_>, parked: u32) -> Result<usize, Error> {
    let (mut file, numbers) = scene::even(&bench.receiver);
    let dead = Webhooks::new(scene::add_dead(&mut file), bench.plan.senders);
    let webhooks = Webhooks::new(numbers, bench.plan.senders);
    let relay = contender::relay(&bench.database, &file).await?;
    let pace = bench.first_pace();
    say(&report::heading(pace, bench.plan, bench.lasting()))?;
    let before = rounds(bench, &relay, &webhooks, (pace, "before")).await?;
    let waiting = fill(bench, &relay, &dead, parked).await?;
    say(&format!("\n{waiting} events wait for a dead endpoint; {}\n\n", memory(&relay)))?;
    let after = rounds(bench, &relay, &webhooks, (pace, "after")).await?;
    say(&report::change(pace, &before, &after))?;
    say(&format!("\n{}\n", memory(&relay)))?;
    relay.end().await;
    Ok(before.iter().chain(&after).map(|row| row.missing).sum())
}

async fn rounds(
    bench: &mut Bench<'_>,
    relay: &Contender,
    webhooks: &Webhooks,
    (pace, when): (Pace, &str),
) -> Result<Vec<Row>, Error> {
    let mut rows = Vec::new();
    for round in 1..=bench.plan.rounds {
        let row = bench.one(relay, webhooks, pace).await?;
        say(&row.line(&format!("{round}  {when}")))?;
        rows.push(row);
    }
    Ok(rows)
}

/// Posts the backlog as fast as it is answered; returns how much of it was acknowledged.
async fn fill(bench: &mut Bench<'_>, relay: &Contender, dead: &Webhooks, parked: u32) -> Result<u64, Error> {
    let mut load = bench.load(relay, dead, (Pace::Full, FILL_LIMIT));
    load.ledger = bench.ledger(parked as usize);
    let ledger = load.ledger.clone();
    bench.post(vec![load]).await?;
    Ok(ledger.tally().acked)
}
