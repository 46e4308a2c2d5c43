//! Taking everything along, and deleting the tenant: all of it goes, and nothing of anybody else's.

use chrono::TimeDelta;
use serde_json::Value;
use sqlx::AssertSqlSafe;

use crate::browser::Browser;
use crate::meta;
use crate::receiver::Reply;
use crate::world::{PASSWORD, Tenant, World, world};

async fn signed_in(world: &World, tenant: &Tenant) -> Browser {
    let browser = Browser::new(&world.base);
    browser.sign_in(tenant.email, PASSWORD).await;
    browser
}

async fn posted(world: &World, tenant: &Tenant, id: &str) -> u16 {
    world.meta_posts(tenant, meta::one_text(tenant.phone_number_id, id)).await
}

/// Both tenants with something in every table that a tenant has rows in.
pub async fn two_full_tenants(world: &World) {
    for tenant in [&world.acme, &world.globex] {
        world.connection_of(tenant).await;
        crate::media::one_of(world, tenant).await;
        world.receiver.will_reply(tenant.hook, [Reply::Status(500)]);
        for n in 0..3 {
            assert_eq!(posted(world, tenant, &format!("wamid.{}.{n}", tenant.name)).await, 200);
        }
        let forged = meta::one_text(tenant.phone_number_id, "wamid.F");
        assert_eq!(world.post(&tenant.callback_path, Some(&meta::sign("forged", b"")), forged).await.status(), 403);
        world.settle().await;
        let browser = signed_in(world, tenant).await;
        browser.submit("/start/inspector", &[]).await;
        browser.submit("/inspector/simulations", &[("sample", "whatsapp-text")]).await;
        world.settle().await;
        let replay = [
            ("endpoint", tenant.endpoint_id.to_string()),
            ("from", "2026-11-01T00:00".to_owned()),
            ("to", "2026-11-01T01:00".to_owned()),
        ];
        let replay: Vec<(&str, &str)> = replay.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.submit("/replays", &replay).await;
        let page = browser.submit("/api-keys", &[("name", "ledger"), ("scope", "endpoints"), ("lifetime", "90")]).await;
        let key = page.find("#made").expect("a key");
        let paused = world.url(&format!("/api/v1/endpoints/{}/pause", tenant.endpoint_id));
        let paused =
            world.http.post(paused).bearer_auth(key).header("idempotency-key", "1").send().await.expect("an answer");
        assert_eq!(paused.status(), 200);
        browser.submit(&format!("/endpoints/{}/resume", tenant.endpoint_id), &[]).await;
        browser.submit("/members", &[("email", "grace@example.test"), ("role", "viewer")]).await;
    }
    world
        .execute("insert into alert (tenant_id, subject, began_at, seen_at) select tenant_id, 'Paused /x', now(), now() from tenant where name in ('Acme', 'Globex')")
        .await;
    world
        .execute(
            "insert into endpoint_health (tenant_id, endpoint_id, down_since, drain_before, probes)
             select tenant_id, endpoint_id, '2026-11-02 11:00Z', '2026-11-02 11:00Z', 1 from endpoint where name = 'main' on conflict do nothing",
        )
        .await;
}

/// Rows by table of the tenant with this id, of every table that names a tenant.
pub async fn rows(world: &World, tenant_id: uuid::Uuid) -> Vec<(String, i64)> {
    let mut c = world.pools.web.acquire().await.expect("a connection");
    let tables: Vec<String> = sqlx::query_scalar(
        "select c.table_name::text from information_schema.columns c join pg_class k on k.relname = c.table_name
         where c.table_schema = 'public' and c.column_name = 'tenant_id' and k.relkind in ('r', 'p') and not k.relispartition order by 1",
    )
    .fetch_all(&mut *c)
    .await
    .expect("the tables");
    assert!(tables.len() > 15, "{tables:?}");
    let mut counts = Vec::new();
    for table in tables {
        let query = format!("select count(*) from {table} where tenant_id = $1");
        let count = sqlx::query_scalar(AssertSqlSafe(query)).bind(tenant_id).fetch_one(&mut *c).await.expect("a count");
        counts.push((table, count));
    }
    counts
}

pub async fn id_of(world: &World, tenant: &Tenant) -> uuid::Uuid {
    let mut c = world.pools.web.acquire().await.expect("a connection");
    sqlx::query_scalar("select tenant_id from tenant where name = $1")
        .bind(tenant.name)
        .fetch_one(&mut *c)
        .await
        .expect("a tenant")
}

#[tokio::test]
async fn everything_of_one_tenant_is_in_one_file() {
    world(async |world| {
        two_full_tenants(world).await;
        let browser = signed_in(world, &world.acme).await;
        let file = browser.get("/settings/export").await;
        assert!(file.headers["content-disposition"].to_str().expect("text").contains(".ndjson"));
        let lines: Vec<Value> =
            file.text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect();
        let of_kind = |kind: &str| lines.iter().filter(|line| line["kind"] == kind).collect::<Vec<_>>();
        for (kind, number) in [
            ("tenant", 1),
            ("member", 1),
            ("invitation", 1),
            ("app", 1),
            ("connection", 1),
            ("channel", 3),
            ("endpoint", 2),
        ] {
            assert_eq!(of_kind(kind).len(), number, "{kind}");
        }
        let (events, receipts) = (of_kind("event"), of_kind("receipt"));
        assert_eq!((events.len(), receipts.len()), (4, 4));
        let texts = events
            .iter()
            .filter(|line| line["event"]["message"]["id"].as_str().is_some_and(|id| id.starts_with("wamid.Acme")));
        assert_eq!(texts.count(), 3);
        assert!(receipts.iter().all(|line| line["body"]["object"] == "whatsapp_business_account"));
        let failed = events.iter().flat_map(|line| line["deliveries"].as_array().expect("a list"));
        let statuses: Vec<&Value> = failed
            .flat_map(|delivery| delivery["attempts"].as_array().expect("a list"))
            .map(|made| &made["status"])
            .collect();
        assert!(statuses.contains(&&Value::from(500)) && statuses.contains(&&Value::from(200)), "{statuses:?}");
        let end = lines.last().expect("a last line");
        assert_eq!((&end["kind"], &end["events"], &end["receipts"]), (&"end".into(), &4.into(), &4.into()));
        for stranger in ["Globex", "globex", world.globex.phone_number_id, "whsec_", world.acme.app_secret, "argon2"] {
            assert!(!file.text.contains(stranger), "{stranger}");
        }
        let told = browser.get("/exports/progress").await.words();
        assert!(told.contains(&format!("The file is complete: {} rows", lines.len())), "{told}");
        let globex = signed_in(world, &world.globex).await;
        assert_eq!(globex.get("/exports/progress").await.words(), "", "another tenant's is not told");
    })
    .await;
}

#[tokio::test]
async fn a_deleted_tenant_is_gone_and_the_other_is_whole() {
    world(async |world| {
        two_full_tenants(world).await;
        let [acme, globex] = [id_of(world, &world.acme).await, id_of(world, &world.globex).await];
        world.relay.keep_house().await.expect("kept");
        let before = rows(world, globex).await;
        let empty: Vec<_> = rows(world, acme).await.into_iter().filter(|(_, count)| *count == 0).collect();
        assert!(empty.is_empty(), "the test is about these too: {empty:?}");
        let browser = signed_in(world, &world.acme).await;
        let page = browser.get("/settings/delete").await;
        assert!(
            page.words().contains("4 events with attempts") && page.words().contains("2 endpoints"),
            "{}",
            page.words()
        );
        for (name, password, field) in [("acme", PASSWORD, "name"), ("Acme", "not it at all", "password")] {
            let page = browser.submit("/settings/delete", &[("name", name), ("password", password)]).await;
            assert_eq!(page.status, 422);
            assert_eq!(page.attributes(&format!("input[name={field}]"), "aria-invalid"), ["true"], "{}", page.words());
            assert_eq!(page.attributes("input[name=name]", "value"), [name], "the input is kept");
        }
        assert_eq!(posted(world, &world.acme, "wamid.still").await, 200, "nothing has happened yet");

        let page = browser.submit("/settings/delete", &[("name", "Acme"), ("password", PASSWORD)]).await;
        assert!(page.words().contains("Acme is deleted"), "{}", page.words());
        assert_eq!(browser.get("/overview").await.url.path(), "/sign-in");
        assert_eq!(Browser::new(&world.base).sign_in(world.acme.email, PASSWORD).await.status, 422);
        assert_eq!(posted(world, &world.acme, "wamid.late").await, 404, "as for an app that never was");
        let received = world.receiver.received(world.acme.hook).len();
        world.advance(TimeDelta::minutes(10)).await;
        assert_eq!(world.receiver.received(world.acme.hook).len(), received, "nothing is sent any more");

        world.relay.keep_house().await.expect("kept");
        let left: Vec<_> = rows(world, acme).await.into_iter().filter(|(_, count)| *count > 0).collect();
        assert_eq!(left, [("tenant".to_owned(), 1)], "only the mark, for what may still be under way");
        world.advance(TimeDelta::hours(2)).await;
        world.relay.keep_house().await.expect("kept");
        assert!(rows(world, acme).await.iter().all(|(_, count)| *count == 0));
        assert_eq!(world.count("select count(*) from account where email = 'acme@example.test'").await, 0);

        let after = rows(world, globex).await;
        for ((table, before), (_, after)) in before.iter().zip(&after) {
            // What was waiting was delivered meanwhile, and the endpoint is well again.
            assert!(
                after >= before || ["delivery", "rollup", "endpoint_health"].contains(&table.as_str()),
                "{table}: {before}, now {after}"
            );
        }
        assert_eq!(posted(world, &world.globex, "wamid.on").await, 200);
        world.settle().await;
        assert!(signed_in(world, &world.globex).await.get("/deliveries").await.words().contains("message.received"));
    })
    .await;
}

#[tokio::test]
async fn who_belongs_elsewhere_too_stays_and_only_owners_delete() {
    world(async |world| {
        world
            .execute(
                "insert into member (tenant_id, account_id, role, created_at)
                 select t.tenant_id, a.account_id, 'viewer', now() from tenant t, account a
                 where t.name = 'Acme' and a.email = 'globex@example.test'",
            )
            .await;
        world.execute("update member set created_at = '2020-01-01' where role = 'viewer'").await;
        let viewer = signed_in(world, &world.globex).await;
        let page = viewer.get("/settings/delete").await;
        assert!(page.words().contains("Only an owner can delete it"), "{}", page.words());
        let refused = viewer.submit("/settings/delete", &[("name", "Acme"), ("password", PASSWORD)]).await;
        assert_eq!(refused.status, 403);
        let owner = signed_in(world, &world.acme).await;
        owner.submit("/settings/delete", &[("name", "Acme"), ("password", PASSWORD)]).await;
        let page = viewer.get("/overview").await;
        assert!(page.status == 200 && page.words().contains("Globex"), "in the tenant that is left: {}", page.words());
    })
    .await;
}

#[tokio::test]
async fn an_export_that_deleting_overtakes_never_looks_complete() {
    world(async |world| {
        // More than what lies between the two of them in buffers.
        for n in 0..12 {
            let text = "x".repeat(1_500_000);
            let items = [meta::text(&format!("wamid.big.{n}"), &text)];
            let body = meta::post(&[meta::change(world.acme.phone_number_id, "messages", &items)]);
            assert_eq!(world.meta_posts(&world.acme, body).await, 200);
        }
        world.settle().await;
        let browser = signed_in(world, &world.acme).await;
        let mut files = Vec::new();
        for path in ["/settings/export", "/deliveries/export?format=ndjson"] {
            let mut file = browser.open(path, None).await;
            let first = file.chunk().await.expect("a piece").expect("not the end");
            assert!(first.starts_with(b"{"), "{path} has begun");
            files.push((path, file));
        }
        let other = signed_in(world, &world.acme).await;
        other.submit("/settings/delete", &[("name", "Acme"), ("password", PASSWORD)]).await;
        world.relay.keep_house().await.expect("kept");
        for (path, mut file) in files {
            let mut rest = Vec::new();
            let broke_off = loop {
                match file.chunk().await {
                    Ok(Some(chunk)) => rest.extend_from_slice(&chunk),
                    Ok(None) => break false,
                    Err(_) => break true,
                }
            };
            assert!(broke_off, "{path}: a transfer that ends as if it were whole");
            assert!(!String::from_utf8_lossy(&rest).contains("\"kind\":\"end\""), "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_added_while_it_is_deleted_goes_too() {
    world(async |world| {
        let acme = id_of(world, &world.acme).await;
        let browser = signed_in(world, &world.acme).await;
        browser.submit("/settings/delete", &[("name", "Acme"), ("password", PASSWORD)]).await;
        world
            .execute(
                "insert into endpoint (tenant_id, endpoint_id, name, kind, url, events, created_at)
                 select tenant_id, gen_random_uuid(), 'late', 'http', 'https://example.test/', array['*'], now()
                 from tenant where deleted_at is not null",
            )
            .await;
        world.advance(TimeDelta::hours(2)).await;
        world.relay.keep_house().await.expect("kept");
        assert!(rows(world, acme).await.iter().all(|(_, count)| *count == 0));
    })
    .await;
}
