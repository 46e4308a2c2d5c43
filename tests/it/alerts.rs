//! Mail about what needs attention: told once it has lasted, once while it lasts, to those of its own tenant who want it.

use chrono::TimeDelta;
use socialhook_web::alerts::sweep;

use crate::browser::Browser;
use crate::mailbox::{Letter, empty, letters};
use crate::meta;
use crate::receiver::Reply;
use crate::world::{PASSWORD, Tenant, World, world};

const SUBJECT: &str = "Something needs attention at Acme";

/// So many minutes later, everybody has been looked at again; gives how many letters were written.
async fn after(world: &World, minutes: i64) -> usize {
    let mut written = 0;
    for _ in 0..minutes / 5 {
        world.advance(TimeDelta::minutes(5)).await;
        written += sweep(&world.app).await.expect("swept");
    }
    written
}

/// Takes all letters to a tenant's owner out of the box.
async fn taken(world: &World, tenant: &Tenant) -> Vec<Letter> {
    let found = letters(world, tenant.email).await;
    empty(world).await;
    found
}

async fn owner(world: &World, tenant: &Tenant) -> Browser {
    let browser = Browser::new(&world.base);
    browser.sign_in(tenant.email, PASSWORD).await;
    browser
}

/// Ten messages, none of which the tenant's endpoint takes, nor what comes after.
async fn goes_down(world: &World, tenant: &Tenant, name: &str) {
    world.receiver.will_reply(tenant.hook, (0..1000).map(|_| Reply::Status(503)));
    let items: Vec<_> = (0..10).map(|n| meta::text(&format!("wamid.{name}{n}"), "hello")).collect();
    let body = meta::post(&[meta::change(tenant.phone_number_id, "messages", &items)]);
    assert_eq!(world.meta_posts(tenant, body).await, 200);
    world.settle().await;
}

#[tokio::test]
async fn what_lasts_is_told_once_and_again_only_when_it_comes_back() {
    world(async |world| {
        assert_eq!(after(world, 10).await, 0, "nothing is told where nothing is");
        goes_down(world, &world.acme, "A").await;
        assert_eq!(sweep(&world.app).await.expect("swept"), 0, "everybody was looked at just now");
        assert_eq!(after(world, 5).await, 0, "it may be over in a moment");
        assert_eq!(after(world, 5).await, 1);
        assert!(letters(world, world.globex.email).await.is_empty(), "it is nobody else's");
        let told = taken(world, &world.acme).await;
        assert_eq!(told[0].subject, SUBJECT);
        assert!(told[0].text.contains("main has not answered for 10 min."), "{}", told[0].text);
        let parts: Vec<&str> = told[0].text.trim().split("\n\n").collect();
        assert_eq!(parts.len(), 3, "what it is with its page, why they get it, where it ends: {}", told[0].text);
        assert!(told[0].text.contains("/settings#alerts"), "{}", told[0].text);
        assert!(!told[0].text.contains("hello") && !told[0].text.contains("7700900456"), "{}", told[0].text);
        let page = owner(world, &world.acme).await.get(&told[0].path(world)).await;
        assert!(page.words().contains("Not answering"), "{}", page.words());
        assert_eq!(after(world, 60).await, 0, "it still lasts");

        // Something else waits until half an hour has passed since the last letter.
        let forged = meta::one_text(world.acme.phone_number_id, "wamid.F");
        let refused = world.post(&world.acme.callback_path, Some(&meta::sign("forged", b"")), forged).await;
        assert_eq!(refused.status(), 403);
        assert_eq!(after(world, 10).await, 1);
        let told = taken(world, &world.acme).await;
        assert!(told[0].text.contains("signature that fits no secret"), "{}", told[0].text);
        assert!(!told[0].text.contains("has not answered"), "{}", told[0].text);

        world.receiver.answers_again(world.acme.hook);
        assert_eq!(after(world, 30).await, 0);
        assert_eq!(world.count("select count(*) from endpoint_health").await, 0, "it answers again");
        goes_down(world, &world.acme, "B").await;
        assert_eq!(after(world, 30).await, 0, "it had not been over for an hour");
        world.receiver.answers_again(world.acme.hook);
        assert_eq!(after(world, 80).await, 0);
        goes_down(world, &world.acme, "C").await;
        assert_eq!(after(world, 10).await, 1);
        world.receiver.answers_again(world.acme.hook);
    })
    .await;
}

#[tokio::test]
async fn it_is_told_to_those_who_want_it() {
    world(async |world| {
        let browser = owner(world, &world.acme).await;
        for (email, role) in [("dev@acme.test", "developer"), ("eyes@acme.test", "viewer")] {
            world
                .execute(format!(
                    "with made as (insert into account (account_id, email, password_hash, created_at)
                       values (gen_random_uuid(), '{email}', '-', now()) returning account_id)
                     insert into member (tenant_id, account_id, role, created_at)
                     select tenant_id, account_id, '{role}', now() from tenant, made where name = 'Acme'"
                ))
                .await;
        }
        goes_down(world, &world.acme, "A").await;
        assert_eq!(after(world, 10).await, 2);
        for (email, number) in [(world.acme.email, 1), ("dev@acme.test", 1), ("eyes@acme.test", 0)] {
            assert_eq!(letters(world, email).await.len(), number, "{email}");
        }
        let page = browser.submit("/settings/alerts", &[]).await;
        assert!(page.words().contains("on the overview only"), "{}", page.words());
        assert!(page.attributes("[name=wants_alerts][checked]", "name").is_empty());
        world.execute("delete from alert").await;
        empty(world).await;
        assert_eq!(after(world, 10).await, 1);
        assert!(letters(world, world.acme.email).await.is_empty());
        let page = browser.submit("/settings/alerts", &[("wants_alerts", "on")]).await;
        assert_eq!(page.attributes("[name=wants_alerts][checked]", "name").len(), 1);

        world.receiver.answers_again(world.acme.hook);

        // Whoever pauses an endpoint needs no letter about it.
        let globex = owner(world, &world.globex).await;
        globex.submit(&format!("/endpoints/{}/pause", world.globex.endpoint_id), &[]).await;
        assert_eq!(world.meta_posts(&world.globex, meta::one_text(world.globex.phone_number_id, "wamid.G")).await, 200);
        after(world, 30).await;
        assert!(globex.get("/overview").await.words().contains("was paused"));
        assert!(letters(world, world.globex.email).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn each_access_that_ends_is_told_by_itself() {
    world(async |world| {
        world.connection_of(&world.acme).await;
        world
            .execute(
                "insert into connection (tenant_id, connection_id, app_tenant_id, app_id, kind, external_id, name, token, token_made_at, scopes, created_at,
                   check_due_at)
                 select tenant_id, gen_random_uuid(), app_tenant_id, app_id, kind, external_id || '1', 'Second page', token, token_made_at, scopes,
                   created_at, 'infinity' from connection",
            )
            .await;
        world.execute("update connection set check_due_at = 'infinity'").await;
        assert_eq!(after(world, 10).await, 0);
        for name in ["Second page", "%"] {
            world
                .execute(format!(
                    "update connection set dead_at = '2026-11-02 12:00Z', dead_reason = 'revoked' where name like '{name}' and dead_at is null"
                ))
                .await;
            assert_eq!(after(world, 40).await, 1);
            let told = taken(world, &world.acme).await;
            assert_eq!(told[0].text.contains("Second page"), name == "Second page", "{}", told[0].text);
        }
    })
    .await;
}

#[tokio::test]
async fn silence_is_told_with_whose_side_it_is_on() {
    world(async |world| {
        for hour in 0..60 {
            let body = meta::one_text(world.acme.phone_number_id, &format!("wamid.{hour}"));
            assert_eq!(world.meta_posts(&world.acme, body).await, 200);
            world.advance(TimeDelta::hours(1)).await;
        }
        assert_eq!(after(world, 10).await, 0);
        world.advance(TimeDelta::days(2)).await;
        assert_eq!(after(world, 10).await, 1);
        let told = taken(world, &world.acme).await;
        assert!(told[0].text.contains("Support has been silent for 2 d"), "{}", told[0].text);
        let path = told[0].path(world);
        assert!(path.ends_with("/doctor"), "{path}");
        assert_eq!(owner(world, &world.acme).await.get(&path).await.status, 200);
    })
    .await;
}
