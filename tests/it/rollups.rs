//! The sums behind the overview: what was posted and answered, counted once, by however many processes, and gone in time.

use chrono::TimeDelta;

use crate::meta;
use crate::receiver::Reply;
use crate::world::{Tenant, World, world};

async fn posted(world: &World, tenant: &Tenant, id: &str) {
    assert_eq!(world.meta_posts(tenant, meta::one_text(tenant.phone_number_id, id)).await, 200);
}

/// Events, delivered, failed and parked attempts of what has `kind`, in buckets of `grain` seconds.
async fn sums(world: &World, tenant: &Tenant, (grain, kind): (i32, &str)) -> (i64, i64, i64, i64) {
    let mut c = world.pools.web.acquire().await.expect("a connection");
    sqlx::query_as(
        "select coalesce(sum(events), 0)::bigint, coalesce(sum(delivered), 0)::bigint, coalesce(sum(failed), 0)::bigint,
           coalesce(sum(parked), 0)::bigint
         from rollup join tenant t using (tenant_id) where t.name = $1 and grain = $2 and kind = $3",
    )
    .bind(tenant.name)
    .bind(grain)
    .bind(kind)
    .fetch_one(&mut *c)
    .await
    .expect("sums")
}

const GRAINS: [i32; 5] = [300, 3600, 21_600, 86_400, 2_592_000];

#[tokio::test]
async fn what_happened_is_counted_once_in_every_length_of_bucket() {
    world(async |world| {
        // The first event is answered 500 three times and parked, the others are delivered at once.
        world.receiver.will_reply("/acme", [Reply::Status(500)]);
        posted(world, &world.acme, "wamid.1").await;
        world.settle().await;
        for id in ["wamid.2", "wamid.3"] {
            posted(world, &world.acme, id).await;
        }
        posted(world, &world.acme, "wamid.3").await;
        posted(world, &world.globex, "wamid.4").await;
        world.settle().await;
        world.receiver.will_reply("/acme", [Reply::Status(500), Reply::Status(503)]);
        world.advance(TimeDelta::minutes(1)).await;
        world.advance(TimeDelta::minutes(10)).await;
        for grain in GRAINS {
            assert_eq!(sums(world, &world.acme, (grain, "all")).await, (3, 2, 2, 1), "{grain}");
            assert_eq!(
                sums(world, &world.acme, (grain, "channel")).await,
                (3, 0, 0, 0),
                "a repeat is no event: {grain}"
            );
            assert_eq!(sums(world, &world.acme, (grain, "endpoint")).await, (0, 2, 2, 1), "{grain}");
            assert_eq!(sums(world, &world.globex, (grain, "all")).await, (1, 1, 0, 0), "{grain}");
        }
        let fine = "select count(*) from rollup r join tenant t using (tenant_id)
            where t.name = 'Acme' and grain = 300 and kind = 'endpoint'";
        assert_eq!(world.count(fine).await, 2, "noon and a minute later, and eleven minutes later");
        let slots = "select count(*) from rollup r join tenant t using (tenant_id), unnest(latencies) x
            where t.name = 'Acme' and grain = 86400 and kind = 'endpoint' and x > 0";
        assert!(world.count(slots).await > 0, "how long answers took is counted");
    })
    .await;
}

#[tokio::test]
async fn several_processes_add_up() {
    world(async |world| {
        let other = world.second_relay().await;
        for round in 0..3 {
            posted(world, &world.acme, &format!("wamid.a{round}")).await;
            let body = meta::one_text(world.acme.phone_number_id, &format!("wamid.b{round}"));
            let post = socialhook_relay::Post {
                callback_key: world.acme.callback_path.rsplit('/').next().expect("a key").to_owned(),
                signature: Some(meta::sign(world.acme.app_secret, body.as_bytes()).into_bytes()),
                body: body.into(),
                headers: reqwest::header::HeaderMap::new(),
                simulated: false,
            };
            other.accept(post).await.expect("accepted");
            world.settle().await;
            other.settle().await.expect("the other settles");
        }
        other.stop().await;
        for grain in GRAINS {
            assert_eq!(sums(world, &world.acme, (grain, "all")).await, (6, 6, 0, 0), "{grain}");
        }
        let answered =
            "select coalesce(sum(x), 0)::bigint from rollup r join tenant t using (tenant_id), unnest(latencies) x
            where t.name = 'Acme' and grain = 3600 and kind = 'all'";
        assert_eq!(world.count(answered).await, 6, "slots add up too");
    })
    .await;
}

#[tokio::test]
async fn a_process_that_stops_leaves_nothing_uncounted() {
    world(async |world| {
        let other = world.second_relay().await;
        let body = meta::one_text(world.acme.phone_number_id, "wamid.1");
        let post = socialhook_relay::Post {
            callback_key: world.acme.callback_path.rsplit('/').next().expect("a key").to_owned(),
            signature: Some(meta::sign(world.acme.app_secret, body.as_bytes()).into_bytes()),
            body: body.into(),
            headers: reqwest::header::HeaderMap::new(),
            simulated: false,
        };
        other.accept(post).await.expect("accepted");
        other.stop().await;
        assert_eq!(sums(world, &world.acme, (300, "all")).await, (1, 1, 0, 0));
    })
    .await;
}

#[tokio::test]
async fn buckets_go_when_no_page_asks_for_them() {
    world(async |world| {
        posted(world, &world.acme, "wamid.1").await;
        world.settle().await;
        let mut left = Vec::new();
        for days in [1, 2, 8, 24, 60] {
            world.clock.advance(TimeDelta::days(days));
            world.relay.keep_house().await.expect("house is kept");
            left.push(world.count("select count(distinct grain) from rollup").await);
        }
        assert_eq!(left, [4, 3, 2, 1, 0]);
    })
    .await;
}
