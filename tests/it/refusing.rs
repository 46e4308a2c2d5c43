//! Limits that keep one process upright: when too much waits, Meta is asked to repeat; nothing is accepted and then lost.

use crate::meta;
use crate::world::world;

#[tokio::test]
async fn a_database_that_answers_too_late_is_503_and_the_repeat_is_one_event() {
    world(async |world| {
        let mut blocker = world.pools.web.acquire().await.expect("a connection");
        sqlx::raw_sql("begin; lock table event in access exclusive mode").execute(&mut *blocker).await.expect("locked");
        let body = meta::one_text(world.acme.phone_number_id, "wamid.A1");
        assert_eq!(world.meta_posts(&world.acme, body.clone()).await, 503, "rather than an answer after 4 s");
        sqlx::raw_sql("rollback").execute(&mut *blocker).await.expect("unlocked");
        drop(blocker);
        assert_eq!(world.meta_posts(&world.acme, body).await, 200);
        world.settle().await;
        assert_eq!(world.received(&world.acme).len(), 1);
    })
    .await;
}
