//! The audit log: whatever is done is in it, whatever is refused is not, and nobody changes it.

use chrono::TimeDelta;
use socialhook_web::audit::ACTIONS;

use crate::browser::Browser;
use crate::routes::ROUTES;
use crate::world::{PASSWORD, World, world};

/// What is no action in a tenant: examining a signature, the end of the tenant with its log, and looking at another or a new one.
const NO_ACTIONS: &[&str] = &["/clinic", "/connect/message", "/settings/delete", "/tenants", "/tenants/choice"];

/// A route without the names of its parameters.
fn bare(route: &str) -> String {
    let part = |part: &str| if part.starts_with('{') { "{}".to_owned() } else { part.to_owned() };
    route.split('/').map(part).collect::<Vec<_>>().join("/")
}

#[test]
fn every_action_has_its_words() {
    let known: Vec<(&str, String)> = ACTIONS.iter().map(|(method, route, _)| (*method, bare(route))).collect();
    for (method, route) in ROUTES
        .iter()
        .filter(|(method, route)| *method != "GET" || route.ends_with("/export") || route.ends_with("/callback"))
    {
        let is_known = known.contains(&(*method, bare(route)));
        assert_eq!(is_known, !NO_ACTIONS.contains(route), "{method} {route}");
    }
    for (method, route) in known {
        assert!(
            ROUTES.iter().any(|(verb, known)| *verb == method && bare(known) == route),
            "{method} {route} is no route"
        );
    }
}

async fn signed_in(world: &World, email: &str) -> Browser {
    let browser = Browser::at(&world.base, "5.5.5.5");
    browser.sign_in(email, PASSWORD).await;
    browser
}

async fn rows(browser: &Browser) -> Vec<String> {
    browser.get("/audit").await.all("main tbody tr td[data-label=What]")
}

#[tokio::test]
async fn what_was_done_is_there_and_what_was_refused_is_not() {
    world(async |world| {
        let acme = signed_in(world, world.acme.email).await;
        let globex = signed_in(world, world.globex.email).await;
        let path = format!("/endpoints/{}", world.acme.endpoint_id);
        let later = || world.clock.advance(TimeDelta::seconds(1));
        later();
        acme.submit(&format!("{path}/pause"), &[]).await;
        acme.submit("/endpoints", &[("name", "bad"), ("url", "nonsense")]).await;
        let url = world.receiver.url("/acme");
        later();
        let added = acme.submit("/endpoints", &[("name", "more"), ("url", &url), ("family", "*")]).await;
        later();
        acme.get("/settings/export").await;
        globex.submit(&format!("{path}/delete"), &[]).await;
        let more = added.url.path().trim_start_matches("/endpoints/").to_owned();
        let expected = [
            "Exported everything".to_owned(),
            format!("Added an endpoint{more}"),
            format!("Paused an endpoint{}", world.acme.endpoint_id),
            "Signed in".to_owned(),
        ];
        assert_eq!(rows(&acme).await, expected);
        assert_eq!(rows(&globex).await, ["Signed in"], "what is another's is not found, and is no deed");
        let page = acme.get("/audit").await;
        assert_eq!(page.all("main tbody tr td[data-label=Who]"), [world.acme.email; 4]);
        assert_eq!(page.all("main tbody tr td[data-label=From]"), ["5.5.5.5"; 4]);

        world.execute("update member set role = 'viewer'").await;
        assert_eq!(acme.submit(&format!("{path}/resume"), &[]).await.status, 403);
        assert_eq!(rows(&acme).await.len(), 4, "viewers see it, and what they may not do is not in it");
        world.execute("update member set role = 'developer'").await;
        let file = acme.get("/settings/export").await.text;
        // Whether this very export is in it is a matter of who comes first.
        assert!((4..=5).contains(&file.matches(r#""kind":"audit""#).count()), "{file}");
    })
    .await;
}

#[tokio::test]
async fn older_records_are_a_page_further_and_none_is_changed() {
    world(async |world| {
        let acme = signed_in(world, world.acme.email).await;
        for _ in 0..104 {
            world.clock.advance(TimeDelta::seconds(1));
            acme.submit("/start/dismissal", &[]).await;
        }
        let page = acme.get("/audit").await;
        assert_eq!(page.all("main tbody tr").len(), 100);
        let older = page.attributes("main a[href^='/audit?before=']", "href");
        let rest = acme.get(&older[0]).await.all("main tbody tr td[data-label=What]");
        assert_eq!(rest.len(), 5);
        assert_eq!(rest[4], "Signed in");
        let mut c = world.pools.web.acquire().await.expect("a connection");
        let changed = sqlx::query("update audit set action = 'Nothing'").execute(&mut *c).await;
        assert!(changed.expect_err("refused").to_string().contains("are not changed"));
    })
    .await;
}
