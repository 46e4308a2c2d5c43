//! What is kept and for how long: days made and dropped, room made on a full disk, tenants that keep less, and that ingest does
//! not notice any of it.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use socialhook::provision::{self, Error};
use socialhook_core::id::TenantId;
use socialhook_relay::destination::Policy;
use socialhook_relay::{Relay, Room};
use socialhook_store::partitions::{self, Partition, Retention, Table};
use socialhook_store::retention::{self, Span};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::meta;
use crate::receiver::Reply;
use crate::world::{Tenant, World, noon, world};

/// A message that happened at `at`, posted now.
pub async fn message(world: &World, tenant: &Tenant, id: &str, at: DateTime<Utc>) -> u16 {
    let mut item = meta::text(id, "Hello");
    item["timestamp"] = json!(at.timestamp().to_string());
    world.meta_posts(tenant, meta::post(&[meta::change(tenant.phone_number_id, "messages", &[item])])).await
}

/// One of each tenant's, now.
async fn two_messages(world: &World, id: &str) {
    for tenant in [&world.acme, &world.globex] {
        assert_eq!(message(world, tenant, &format!("wamid.{}{id}", tenant.name), world.clock.now()).await, 200);
    }
    world.settle().await;
}

pub async fn keep_house(world: &World) {
    world.relay.keep_house().await.expect("kept");
}

/// Receipts, events, attempts and deliveries of a tenant.
pub async fn rows(world: &World, tenant: &Tenant) -> [i64; 4] {
    let mut c = world.pools.web.acquire().await.expect("a connection");
    let mut counts = [0; 4];
    for (count, table) in counts.iter_mut().zip(["receipt", "event", "attempt", "delivery"]) {
        let query = format!(
            "select count(*) from {table} where tenant_id = (select tenant_id from tenant where name = '{}')",
            tenant.name
        );
        *count = sqlx::query_scalar(AssertSqlSafe(query)).fetch_one(&mut *c).await.expect("a count");
    }
    counts
}

async fn days(world: &World) -> Vec<Partition> {
    let mut c = world.pools.web.acquire().await.expect("a connection");
    partitions::list(&mut c).await.expect("the days")
}

/// The filled days of a table, as days of the month.
async fn filled(world: &World, table: Table) -> Vec<String> {
    let there = days(world).await;
    let filled = there.iter().filter(|one| one.table == table && one.is_filled);
    filled.map(|one| one.day.format("%d").to_string()).collect()
}

pub async fn provision(world: &World, retention: serde_json::Value) -> Result<(), Error> {
    provision_tenant(world, json!({ "name": "Acme", "retention": retention })).await
}

pub async fn provision_tenant(world: &World, tenant: serde_json::Value) -> Result<(), Error> {
    let file = json!({ "tenants": [tenant] }).to_string();
    let mut c = world.pools.background.acquire().await.expect("a connection");
    provision::apply(&mut c, &world.means, Policy::AllowPrivate, &file).await.map(|_| ())
}

#[tokio::test]
async fn each_table_keeps_its_days() {
    world(async |world| {
        two_messages(world, "1").await;
        world.advance(TimeDelta::days(8)).await;
        keep_house(world).await;
        assert_eq!(rows(world, &world.acme).await, [1, 1, 1, 0], "seven days, and the day that they began in");
        world.advance(TimeDelta::days(1)).await;
        keep_house(world).await;
        assert_eq!(rows(world, &world.acme).await, [0, 1, 1, 0]);
        world.advance(TimeDelta::days(22)).await;
        keep_house(world).await;
        assert_eq!(rows(world, &world.globex).await, [0, 1, 1, 0]);
        // As if a process had died between detaching and dropping.
        world.execute("alter table event detach partition event_20261102").await;
        world.advance(TimeDelta::days(1)).await;
        keep_house(world).await;
        assert_eq!(rows(world, &world.globex).await, [0, 0, 0, 0]);
        let there = days(world).await;
        let count = |table| there.iter().filter(|one| one.table == table).count();
        assert_eq!([Table::Receipt, Table::Event, Table::Attempt].map(count), [12, 35, 35]);
        assert!(there.iter().all(|one| !one.is_leaving));
        assert_eq!(
            world
                .count("select count(*) from pg_class where relkind = 'r' and relname ~ '^(receipt|event|attempt)_'")
                .await,
            82
        );
    })
    .await;
}

#[tokio::test]
async fn without_days_to_come_meta_repeats_until_they_are_there() {
    world(async |world| {
        world.advance(TimeDelta::days(3)).await;
        two_messages(world, "1").await;
        world.advance(TimeDelta::days(1)).await;
        let now = world.clock.now();
        assert_eq!(message(world, &world.acme, "wamid.late", now).await, 503, "nobody made this day");
        keep_house(world).await;
        assert_eq!(message(world, &world.acme, "wamid.late", now).await, 200);
        // One day that went missing concerns what happened on that day alone, and a neighbour in the same batch is stored.
        world.execute("drop table event_20261104").await;
        let gone = noon() + TimeDelta::days(2);
        let together = tokio::join!(
            message(world, &world.acme, "wamid.gone", gone),
            message(world, &world.acme, "wamid.fine", now),
            message(world, &world.globex, "wamid.also", now)
        );
        assert_eq!(together, (503, 200, 200));
        // One that was only detached comes back with all that is in it.
        world.execute("alter table event detach partition event_20261105").await;
        keep_house(world).await;
        assert_eq!(message(world, &world.acme, "wamid.gone", gone).await, 200);
        world.settle().await;
        assert_eq!(rows(world, &world.acme).await, [4, 4, 4, 0]);
        assert_eq!(world.received(&world.acme).len(), 4);
    })
    .await;
}

/// A connection that read every table and has not ended its transaction.
async fn reader(world: &World) -> PgConnection {
    let mut c = world.pools.housekeeping().await.expect("a connection");
    sqlx::raw_sql("begin; select count(*) from receipt; select count(*) from event; select count(*) from attempt")
        .execute(&mut c)
        .await
        .expect("a transaction that stays open");
    c
}

#[tokio::test]
async fn a_long_reader_delays_dropping_and_nobody_else() {
    world(async |world| {
        two_messages(world, "1").await;
        world.advance(TimeDelta::days(35)).await;
        // Days to write into, as they would have been made in time; the old ones are still there.
        let mut c = world.pools.background.acquire().await.expect("a connection");
        partitions::make(&mut c, Retention::default(), world.clock.now()).await.expect("made");
        drop(c);
        let reader = reader(world).await;
        let second = world.second_relay().await;
        let mut keeping = tokio::spawn({
            let (first, second) = (world.relay.clone(), second.clone());
            // Two at once do not trip over each other.
            async move { tokio::join!(first.keep_house(), second.keep_house()) }
        });
        let (mut slowest, mut posted) = (Duration::ZERO, 0);
        let kept = loop {
            if keeping.is_finished() {
                break (&mut keeping).await.expect("no panic");
            }
            let began = Instant::now();
            assert_eq!(message(world, &world.acme, &format!("wamid.B{posted}"), world.clock.now()).await, 200);
            slowest = slowest.max(began.elapsed());
            posted += 1;
        };
        kept.0.expect("the first one kept house, as far as it could");
        kept.1.expect("the second one as well");
        assert!(posted > 10, "{posted} webhooks came in meanwhile");
        // A plain drop would have made them wait for as long as its lock_timeout.
        assert!(slowest < Duration::from_secs(1), "one took {slowest:?}");
        assert_eq!(days(world).await.iter().filter(|one| one.is_leaving).count(), 3, "one of each table waits");
        keep_house(world).await;
        assert_eq!(days(world).await.iter().filter(|one| one.is_leaving).count(), 3);
        reader.close().await.expect("the reader ends");
        keep_house(world).await;
        let there = days(world).await;
        assert!(there.iter().all(|one| !one.is_leaving));
        assert_eq!(there.len(), 12 + 35 + 35, "all that was over is gone");
        second.stop().await;
    })
    .await;
}

/// A relay that gives the tables this much room.
async fn cramped(world: &World, bytes: u64) -> Relay {
    world.relay_with(|settings| settings.room = Room::Bytes(bytes)).await
}

/// Bytes that are taken by all tables but the filled days named.
async fn without(world: &World, gone: &[(Table, &str)]) -> u64 {
    let there = days(world).await;
    let is_gone = |one: &&Partition| {
        gone.iter().any(|(table, day)| one.table == *table && one.day.format("%d").to_string() == *day)
    };
    there.iter().map(|one| one.bytes).sum::<u64>() - there.iter().filter(is_gone).map(|one| one.bytes).sum::<u64>()
}

#[tokio::test]
async fn a_full_disk_costs_the_oldest_receipts_first_and_never_today() {
    world(async |world| {
        // One of each tenant's on the 2nd to the 6th; what Acme's endpoint does not take stays open.
        let statuses = [500, 500, 500, 200, 500, 500, 500];
        world.receiver.will_reply("/acme", statuses.map(Reply::Status));
        for day in 0..5 {
            world.clock.advance(noon() + TimeDelta::days(day) - world.clock.now());
            keep_house(world).await;
            two_messages(world, &day.to_string()).await;
            for _ in 0..2 {
                world.advance(TimeDelta::minutes(10)).await;
            }
        }
        assert_eq!(filled(world, Table::Receipt).await, ["02", "03", "04", "05", "06"]);
        assert_eq!(rows(world, &world.acme).await[3], 1, "parked");

        let limit = without(world, &[(Table::Receipt, "02"), (Table::Receipt, "03")]).await;
        let relay = cramped(world, limit).await;
        relay.keep_house().await.expect("kept");
        assert_eq!(filled(world, Table::Receipt).await, ["04", "05", "06"], "as many as it takes");
        assert_eq!(filled(world, Table::Event).await.len(), 5);
        relay.stop().await;

        let limit = without(world, &[(Table::Receipt, "04"), (Table::Event, "02"), (Table::Attempt, "02")]).await;
        let relay = cramped(world, limit).await;
        relay.keep_house().await.expect("kept");
        assert_eq!(filled(world, Table::Receipt).await, ["05", "06"]);
        assert_eq!(filled(world, Table::Event).await, ["03", "04", "05", "06"]);
        assert_eq!(filled(world, Table::Attempt).await, ["03", "04", "05", "06"]);
        assert_eq!(rows(world, &world.acme).await, [2, 4, 4, 0], "a delivery goes with its event");
        relay.stop().await;

        let relay = cramped(world, 1).await;
        for _ in 0..2 {
            relay.keep_house().await.expect("kept, though it does not fit");
            assert_eq!(filled(world, Table::Receipt).await, ["05", "06"]);
            assert_eq!(filled(world, Table::Event).await, ["05", "06"]);
        }
        assert_eq!(world.http.get(world.url("/readyz")).send().await.expect("an answer").status().as_u16(), 200);
        // What happened on a day that was emptied has its place still.
        assert_eq!(message(world, &world.globex, "wamid.old", noon()).await, 200);
        two_messages(world, "after").await;
        assert_eq!(filled(world, Table::Event).await, ["02", "05", "06"]);
        relay.stop().await;
        assert_eq!(world.received(&world.globex).len(), 7);
    })
    .await;
}

#[tokio::test]
async fn room_is_made_once_nobody_reads() {
    world(async |world| {
        two_messages(world, "1").await;
        world.advance(TimeDelta::days(3)).await;
        let reader = reader(world).await;
        let relay = cramped(world, 1).await;
        relay.keep_house().await.expect("kept, as far as it could be");
        assert_eq!(rows(world, &world.acme).await, [1, 1, 1, 0]);
        reader.close().await.expect("the reader ends");
        relay.keep_house().await.expect("kept");
        assert_eq!(rows(world, &world.acme).await, [0, 0, 0, 0]);
        relay.stop().await;
    })
    .await;
}

#[tokio::test]
async fn a_tenant_may_keep_less() {
    world(async |world| {
        world.receiver.will_reply("/acme", std::iter::repeat_n(Reply::Status(500), 3));
        two_messages(world, "1").await;
        for _ in 0..2 {
            world.advance(TimeDelta::minutes(10)).await;
        }
        assert_eq!(rows(world, &world.acme).await, [1, 1, 3, 1], "it is parked");
        provision(world, json!({ "receipt_days": 2, "event_days": 2 })).await.expect("provisioned");
        world.advance(TimeDelta::hours(47)).await;
        keep_house(world).await;
        assert_eq!(rows(world, &world.acme).await, [1, 1, 3, 1]);
        world.advance(TimeDelta::hours(2)).await;
        keep_house(world).await;
        assert_eq!(rows(world, &world.acme).await, [0, 1, 3, 1]);
        // An event from before that time is stored under today's: nothing is deleted before it was delivered.
        assert_eq!(message(world, &world.acme, "wamid.old", noon() - TimeDelta::days(5)).await, 200);
        world.advance(TimeDelta::days(1)).await;
        keep_house(world).await;
        assert_eq!(rows(world, &world.acme).await, [1, 1, 1, 0], "the old event, its attempts and its delivery");
        assert_eq!(rows(world, &world.globex).await, [1, 1, 1, 0], "the other tenant keeps what it has");
        assert_eq!(world.received(&world.acme).len(), 5, "what was parked came once more");
    })
    .await;
}

#[tokio::test]
async fn a_tenant_may_keep_longer_and_change_his_mind() {
    world(async |world| {
        provision(world, json!({ "receipt_days": 90, "event_days": 90 })).await.expect("provisioned");
        two_messages(world, "1").await;
        for _ in 0..4 {
            world.advance(TimeDelta::days(10)).await;
            keep_house(world).await;
        }
        assert_eq!(rows(world, &world.acme).await, [1, 1, 1, 0]);
        assert_eq!(rows(world, &world.globex).await, [0, 0, 0, 0], "the day is there still, but not for it");
        provision(world, json!({ "receipt_days": 90 })).await.expect("provisioned");
        keep_house(world).await;
        assert_eq!(rows(world, &world.acme).await, [1, 0, 0, 0]);
        provision(world, json!({})).await.expect("provisioned");
        keep_house(world).await;
        assert_eq!(rows(world, &world.acme).await, [0, 0, 0, 0]);
        assert_eq!(days(world).await.len(), 12 + 35 + 35);
        for days in [0, 91] {
            let refused = provision(world, json!({ "event_days": days })).await;
            assert!(matches!(refused, Err(Error::Retention { .. })), "{days}");
        }
    })
    .await;
}

#[tokio::test]
async fn deleting_takes_small_steps_and_loses_its_place_to_nobody() {
    world(async |world| {
        let items: Vec<_> = (0..25).map(|n| meta::text(&format!("wamid.A{n}"), "many")).collect();
        for tenant in [&world.acme, &world.globex] {
            let body = meta::post(&[meta::change(tenant.phone_number_id, "messages", &items)]);
            assert_eq!(world.meta_posts(tenant, body).await, 200);
        }
        world.settle().await;
        let mut c = world.pools.background.acquire().await.expect("a connection");
        let acme: uuid::Uuid = sqlx::query_scalar("select tenant_id from tenant where name = 'Acme'")
            .fetch_one(&mut *c)
            .await
            .expect("Acme");
        let tenant_id = TenantId(acme);
        let all = Span::before(noon() + TimeDelta::days(1));
        let mut left = all;
        let mut events = Vec::new();
        while !left.is_empty() {
            left = retention::delete_events(&mut c, tenant_id, left, 10).await.expect("deleted");
            events.push(rows(world, &world.acme).await[1]);
        }
        assert_eq!(events, [15, 5, 0]);
        assert_eq!(rows(world, &world.acme).await, [1, 0, 0, 0]);
        let none = Span::before(noon() - TimeDelta::days(1));
        assert!(retention::delete_receipts(&mut c, tenant_id, none, 10).await.expect("nothing to do").is_empty());
        assert_eq!(rows(world, &world.acme).await[0], 1);
        assert!(retention::delete_receipts(&mut c, tenant_id, all, 10).await.expect("deleted").is_empty());
        assert_eq!(rows(world, &world.acme).await[0], 0);
        drop(c);
        assert_eq!(rows(world, &world.globex).await, [1, 25, 25, 0]);
    })
    .await;
}
