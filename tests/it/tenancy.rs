//! Nothing crosses tenants: every route that names something answers 404 for another tenant, and sends strangers to sign in.

use std::fs;
use std::path::Path;

use crate::browser::Browser;
use crate::meta;
use crate::receiver::Reply;
use crate::routes::{OPEN, ROUTES};
use crate::world::{PASSWORD, World, world};

pub struct Ids {
    event: String,
    endpoint: String,
    app: String,
    replay: String,
    conversation: String,
    secret: String,
    channel: String,
    app_secret: String,
    refused: String,
    account: String,
    api_key: String,
    invitation: String,
    connection: String,
    login: String,
}

pub async fn acmes(world: &World) -> Ids {
    world.receiver.will_reply("/acme", [Reply::Status(500)]);
    assert_eq!(world.meta_posts(&world.acme, meta::one_text(world.acme.phone_number_id, "wamid.A1")).await, 200);
    let forged = meta::one_text(world.acme.phone_number_id, "wamid.F");
    assert_eq!(world.post(&world.acme.callback_path, Some(&meta::sign("forged", b"")), forged).await.status(), 403);
    world.settle().await;
    let event = world.received(&world.acme)[0]["id"].as_str().expect("an id").to_owned();
    let mut c = world.pools.web.acquire().await.expect("a connection");
    let app: uuid::Uuid =
        sqlx::query_scalar("select a.app_id from app a join tenant t using (tenant_id) where t.name = 'Acme'")
            .fetch_one(&mut *c)
            .await
            .expect("an app");
    let conversation = world.received(&world.acme)[0]["conversation_id"].as_str().expect("an id").to_owned();
    let secret: uuid::Uuid = sqlx::query_scalar(
        "select s.endpoint_secret_id from endpoint_secret s join endpoint e using (tenant_id, endpoint_id) where e.url like '%/acme' limit 1",
    )
    .fetch_one(&mut *c)
    .await
    .expect("a secret");
    let ids: (uuid::Uuid, uuid::Uuid, uuid::Uuid) = sqlx::query_as(
        "select ch.channel_id, s.app_secret_id, r.refused_id from tenant t join channel ch using (tenant_id)
         join app_secret s using (tenant_id) join refused_request r using (tenant_id) where t.name = 'Acme' limit 1",
    )
    .fetch_one(&mut *c)
    .await
    .expect("a channel, a secret and a refused request");
    let browser = Browser::new(&world.base);
    browser.sign_in(world.acme.email, PASSWORD).await;
    browser.submit("/members", &[("email", "grace@example.test"), ("role", "developer")]).await;
    browser.submit("/api-keys", &[("name", "ledger"), ("scope", "read"), ("lifetime", "90")]).await;
    let key: uuid::Uuid = sqlx::query_scalar("select api_key_id from api_key").fetch_one(&mut *c).await.expect("a key");
    let people: (uuid::Uuid, uuid::Uuid) = sqlx::query_as(
        "select m.account_id, i.invitation_id from tenant t join member m using (tenant_id)
         join invitation i using (tenant_id) where t.name = 'Acme'",
    )
    .fetch_one(&mut *c)
    .await
    .expect("a member and an invitation");
    world.offer_ways(&socialhook::meta_sim::MetaApp::default()).await;
    let (connection, login) = world.connection_of(&world.acme).await;
    Ids {
        connection: connection.to_string(),
        login: login.to_string(),
        conversation,
        channel: socialhook_core::id::ChannelId(ids.0).to_string(),
        app_secret: socialhook_core::id::AppSecretId(ids.1).to_string(),
        refused: socialhook_core::id::RefusedId(ids.2).to_string(),
        api_key: socialhook_core::id::ApiKeyId(key).to_string(),
        account: socialhook_core::id::AccountId(people.0).to_string(),
        invitation: socialhook_core::id::InvitationId(people.1).to_string(),
        secret: socialhook_core::id::EndpointSecretId(secret).to_string(),
        event,
        endpoint: world.acme.endpoint_id.to_string(),
        app: socialhook_core::id::AppId(app).to_string(),
        replay: crate::replays::unfinished(world).await.to_string(),
    }
}

/// The addresses of everything that a member can GET.
pub fn everything(ids: &Ids) -> Vec<String> {
    ROUTES.iter().filter(|(method, _)| *method == "GET").map(|(_, route)| path(route, ids)).collect()
}

/// The addresses that anybody can GET.
pub fn open() -> impl Iterator<Item = &'static str> {
    OPEN.iter().copied().filter(|route| !route.contains('{'))
}

fn path(route: &str, ids: &Ids) -> String {
    let pages = "pages".to_owned();
    let named = [
        ("{event}", &ids.event),
        ("{endpoint}", &ids.endpoint),
        ("{app}", &ids.app),
        ("{replay}", &ids.replay),
        ("{conversation}", &ids.conversation),
        ("{secret}", &ids.secret),
        ("{channel}", &ids.channel),
        ("{app_secret}", &ids.app_secret),
        ("{refused}", &ids.refused),
        ("{account}", &ids.account),
        ("{api_key}", &ids.api_key),
        ("{invitation}", &ids.invitation),
        ("{connection}", &ids.connection),
        ("{login}", &ids.login),
        ("{way}", &pages),
    ];
    named.into_iter().fold(route.to_owned(), |path, (name, id)| path.replace(name, id))
}

/// Pages that show several things of the tenant's.
const LISTS: &[&str] = &[
    "/overview",
    "/start",
    "/start/progress",
    "/deliveries",
    "/replays",
    "/replays/new",
    "/endpoints",
    "/channels",
    "/connect",
    "/apps",
    "/clinic",
    "/inspector",
    "/settings",
    "/settings/delete",
    "/settings/export",
    "/exports/progress",
    "/account",
    "/tenants",
    "/members",
    "/api-keys",
    "/audit",
];

#[tokio::test]
async fn another_tenants_things_are_not_found() {
    world(async |world| {
        let ids = acmes(world).await;
        let globex = Browser::new(&world.base);
        globex.sign_in(world.globex.email, PASSWORD).await;
        let fields = [
            ("name", "taken"),
            ("url", "https://example.com/"),
            ("events", "*"),
            ("app_secret", "s"),
            ("secret", "s"),
            ("verify_token", "v"),
            ("sample", "whatsapp-text"),
            ("overlap", "24"),
            ("app", &ids.app),
            ("role", "owner"),
        ];
        let mut tried = 0;
        for (method, route) in ROUTES.iter().filter(|(_, route)| route.contains('{')) {
            let path = path(route, &ids);
            let page = if *method == "GET" { globex.get(&path).await } else { globex.submit(&path, &fields).await };
            assert_eq!(page.status, 404, "{method} {route}");
            assert!(
                !page.text.contains("whsec_") && !page.text.contains("Hello, is this working?"),
                "{method} {route}"
            );
            tried += 1;
        }
        assert!(tried >= 8);
        for list in LISTS {
            let page = globex.get(list).await;
            assert_eq!(page.status, 200, "{list}");
            for foreign in [
                ids.event.as_str(),
                &ids.endpoint,
                &ids.app,
                &ids.channel,
                &ids.refused,
                &ids.replay,
                &ids.account,
                &ids.api_key,
                &ids.invitation,
                &ids.connection,
                &ids.login,
                "grace@example.test",
                "verify-Acme",
                world.acme.phone_number_id,
            ] {
                assert!(!page.text.contains(foreign), "{list} shows {foreign}");
            }
        }
        assert_eq!(world.count("select count(*) from replay where cancelled_at is null").await, 1);
        world.settle().await;
        assert_eq!(world.received(&world.acme).len(), 1, "nothing of it had an effect");
        assert_eq!(world.meta_posts(&world.acme, meta::one_text(world.acme.phone_number_id, "wamid.A2")).await, 200);
        world.settle().await;
        assert_eq!(world.received(&world.acme).len(), 2, "nor on the channel and its app");
    })
    .await;
}

#[tokio::test]
async fn viewers_see_everything_and_change_nothing() {
    world(async |world| {
        let ids = acmes(world).await;
        world.execute("update member set role = 'viewer'").await;
        let viewer = Browser::new(&world.base);
        viewer.sign_in(world.acme.email, PASSWORD).await;
        let mut tried = 0;
        for (method, route) in ROUTES.iter().filter(|(_, route)| !route.ends_with("/stream")) {
            let path = path(route, &ids);
            if *method == "GET" {
                let page = viewer.get(&path).await;
                // Some pages ask for more than their address; of the rest, only those are refused that lead to an action.
                assert!(!page.status.is_server_error(), "{route}: {}", page.status);
                let leads_to_an_action =
                    ["/replays/", "/connect/{way}/", "/settings/export"].iter().any(|start| route.starts_with(start));
                assert_eq!(page.status == 403, leads_to_an_action, "{route}: {}", page.status);
            } else if !["/clinic", "/members/{account}/remove"].contains(route)
                && !["/account/", "/tenants"].iter().any(|own| route.starts_with(own))
            {
                let page = viewer.submit(&path, &[]).await;
                assert_eq!(page.status, 403, "{route}");
                assert!(page.words().contains("Your role here is viewer"), "{route}");
                tried += 1;
            }
        }
        assert!(tried > 30, "{tried}");
        let page = viewer.submit("/clinic", &[("app", &ids.app), ("header", "nothing"), ("body", "{}")]).await;
        assert_ne!(page.status, 403, "it changes nothing");
    })
    .await;
}

#[tokio::test]
async fn strangers_are_sent_to_sign_in() {
    world(async |world| {
        let ids = acmes(world).await;
        let stranger = Browser::new(&world.base);
        for (method, route) in ROUTES {
            let path = path(route, &ids);
            let page = if *method == "GET" { stranger.get(&path).await } else { stranger.submit(&path, &[]).await };
            let turned_away = page.url.path() == "/sign-in" || page.status == 401 || page.status == 422;
            assert!(turned_away, "{method} {route}: {} {}", page.status, page.url);
            assert!(!page.text.contains("whsec_"), "{method} {route}");
        }
    })
    .await;
}

#[test]
fn every_route_is_in_the_table() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/web/src/router.rs");
    let text = fs::read_to_string(file).expect("the router");
    let mut seen = 0;
    for rest in text.split(".route(").skip(1) {
        let Some(rest) = rest.trim().strip_prefix('"') else { continue };
        let route = rest.split('"').next().expect("a path");
        if OPEN.contains(&route) {
            continue;
        }
        let named = [
            "event",
            "endpoint",
            "app",
            "replay",
            "conversation",
            "secret",
            "channel",
            "app_secret",
            "refused",
            "account",
            "api_key",
            "invitation",
            "connection",
            "login",
        ]
        .into_iter()
        .fold(route.to_owned(), |route, noun| route.replace(&format!("{{{noun}_id}}"), &format!("{{{noun}}}")));
        for (call, method) in [("get(", "GET"), ("post(", "POST")] {
            if rest.contains(call) {
                assert!(ROUTES.contains(&(method, named.as_str())), "{method} {route} is in no table of this test");
                seen += 1;
            }
        }
    }
    assert_eq!(seen, ROUTES.len(), "the table names routes that there are no more");
}
