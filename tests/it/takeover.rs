//! Taking over, in detail: what a process that was thought dead does when it turns out to be alive.

use std::time::Duration;

use chrono::TimeDelta;

use crate::meta;
use crate::receiver::Reply;
use crate::world::world;

#[tokio::test]
async fn a_zombies_attempt_does_not_hide_the_owners() {
    world(async |world| {
        // Its first attempt hangs; the one that takes over is answered, but only after the zombie has told of its own.
        world.receiver.will_reply("/acme", [Reply::Hang, Reply::Gated(200)]);
        assert_eq!(world.meta_posts(&world.acme, meta::one_text(world.acme.phone_number_id, "wamid.A1")).await, 200);
        world.receiver.wait_for("/acme", 1).await;
        // Its attempt has to end before the other's.
        tokio::time::sleep(Duration::from_millis(150)).await;
        let second = world.second_relay().await;
        world.clock.advance(TimeDelta::seconds(20));
        let settled = async { second.settle().await.expect("the second one settles") };
        let gate = async {
            while world.count("select count(*) from attempt").await == 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            world.receiver.open_gate();
        };
        tokio::join!(settled, gate);
        assert_eq!(world.receiver.received("/acme").len(), 2, "sent by both");
        assert_eq!(world.count("select count(*) from delivery").await, 0);
        assert_eq!(world.count("select count(*) from attempt where failure = 'timeout'").await, 1, "the zombie's");
        assert_eq!(world.count("select count(*) from attempt where status = 200").await, 1, "the owner's");
        second.stop().await;
    })
    .await;
}

#[tokio::test]
async fn without_its_partition_a_webhook_is_503_until_upkeep_has_made_it() {
    world(async |world| {
        let body = meta::one_text(world.acme.phone_number_id, "wamid.A1");
        for table in ["receipt", "event"] {
            let drop = format!("drop table {table}_20261102");
            sqlx::raw_sql(sqlx::AssertSqlSafe(drop))
                .execute(&mut *world.pools.web.acquire().await.expect("a connection"))
                .await
                .expect("dropped");
            assert_eq!(world.meta_posts(&world.acme, body.clone()).await, 503, "{table}");
            world.relay.keep_house().await.expect("kept");
        }
        assert_eq!(world.meta_posts(&world.acme, body).await, 200);
        world.settle().await;
        assert_eq!(world.received(&world.acme).len(), 1);
    })
    .await;
}
