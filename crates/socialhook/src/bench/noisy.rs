//! The noisy neighbour: what tenant B, with ten events a second, notices while tenant A floods the relay, a fifth of all endpoints
//! hang for ten seconds and a tenth refuse connections. B's Meta and B's endpoint are threads of their own: they are not busy with A,
//! but for what the machine's cores are.

use std::fmt::Write;
use std::time::Duration;

use super::generator::Pace;
use super::receiver::Receiver;
use super::report::{quantiles, say};
use super::webhook::Webhooks;
use super::{Bench, Error, WARM_UP, contender, memory, real, scene};

/// Tenant B's events a second.
const QUIET_RATE: Pace = Pace::Rate(10.0);
/// The events a second of all other tenants but A.
const OTHERS_RATE: Pace = Pace::Rate(45.0);

/// Returns how many of B's acknowledged events are missing.
pub(super) async fn measure(bench: &mut Bench<'_>) -> Result<usize, Error> {
    let of_b = Receiver::start().map_err(Error::Start)?;
    let scene = scene::noisy(&bench.receiver, &of_b);
    let webhooks = |numbers: &[String]| Webhooks::new(numbers.to_vec(), None);
    let (a, others, b) = (webhooks(&scene.a), webhooks(&scene.others), webhooks(&scene.b));
    let relay = contender::relay(&bench.database, &scene.file).await?;
    let lasting = bench.lasting();
    say(&heading(lasting))?;

    let warm_up = bench.load(&relay, &b, (QUIET_RATE, WARM_UP));
    bench.post(vec![warm_up]).await?;
    let mut missing = 0;
    for (name, noise) in [("B alone", false), ("B with the noise", true)] {
        let quiet = bench.load(&relay, &b, (QUIET_RATE, lasting));
        let ledger = quiet.ledger.clone();
        of_b.note_in(std::slice::from_ref(&ledger));
        let mut loads = vec![quiet];
        if noise {
            loads.push(bench.load(&relay, &others, (OTHERS_RATE, lasting)));
            loads.push(bench.load(&relay, &a, (bench.first_pace(), lasting)));
        }
        let flood = loads.last().filter(|_| noise).map(|load| load.ledger.clone());
        bench.post(loads).await?;
        bench.drain(&ledger).await;
        let tally = ledger.tally();
        let mut line = format!("{name:<18}");
        for latency in quantiles(&tally.ack).iter().chain(&quantiles(&tally.delivery)) {
            let _ = write!(line, " {latency:>8.2}");
        }
        say(&format!("{line}  {:>8} {:>8}\n", tally.missing, tally.doubled))?;
        missing += tally.missing;
        if let Some(flood) = flood {
            let flood = flood.tally();
            let accepted = real(flood.acked) / lasting.as_secs_f64();
            say(&format!("\nA's flood: {accepted:.0} events a second accepted, {} refused\n", flood.refused))?;
        }
    }
    say(&format!("{}\n", memory(&relay)))?;
    relay.end().await;
    Ok(missing)
}

fn heading(lasting: Duration) -> String {
    format!(
        "\n20 endpoints, of which 4 hang and 2 refuse; tenant B has 10 events a second for {} s; latencies in ms\n\n\
         {:<18} {:^35} {:^35}\n{:<18} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8}  {:>8} {:>8}\n",
        lasting.as_secs(),
        "",
        "until answered",
        "until delivered",
        "",
        "p50",
        "p90",
        "p99",
        "max",
        "p50",
        "p90",
        "p99",
        "max",
        "missing",
        "doubled",
    )
}
