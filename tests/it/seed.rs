//! A seeded database is like one that traffic has filled: its pages work, and nothing in it is sent.

use socialhook::seed::{self, Plan};

use crate::browser::Browser;
use crate::world::world;

#[tokio::test]
async fn a_seeded_database_has_pages_like_any_other() {
    world(async |w| {
        let plan = Plan { events: 2000, endpoints: 120, open: 200, force: false };
        let told = seed::run(&w.means, &plan).await.expect("seeds");
        assert_eq!(told["events"], 2000);
        assert_eq!(w.count("select count(*) from event").await, 2000);
        assert_eq!(w.count("select count(*) from delivery").await, 200);
        w.relay.refresh().await.expect("the new endpoints are known");
        w.settle().await;

        let browser = Browser::new(&w.base);
        let email = told["email"].as_str().expect("an address");
        browser.sign_in(email, told["password"].as_str().expect("a password")).await;
        let newest = browser.get("/deliveries").await;
        assert_eq!(newest.all("table.deliveries tbody tr").len(), 50);
        let older = newest.attributes("a[rel=next]", "href");
        assert_eq!(browser.get(&older[0]).await.all("table.deliveries tbody tr").len(), 50);
        let one = &newest.attributes("a.row-link", "href")[0];
        assert!(browser.get(one).await.words().contains("wamid.SEED000000001999"), "the newest event's page");
        let endpoints = browser.get("/endpoints").await;
        let next = endpoints.attributes("a[rel=next]", "href");
        let rest = browser.get(&next[0]).await;
        assert_eq!((endpoints.all("tbody tr").len(), rest.all("tbody tr").len()), (100, 20));
        let parked = browser.get("/deliveries?outcome=parked").await;
        assert!(parked.words().contains("Parked"));

        let again = seed::run(&w.means, &plan).await.expect_err("there are events now");
        assert!(again.to_string().contains("--force"), "{again}");
        w.execute("delete from delivery").await;
    })
    .await;
}
