//! What a tenant sets for itself, and what shortening a retention asks first.

use crate::browser::Browser;
use crate::world::{PASSWORD, world};

#[tokio::test]
async fn a_tenants_own_settings() {
    world(async |world| {
        let browser = Browser::new(&world.base);
        browser.sign_in(world.acme.email, PASSWORD).await;
        let members = browser.get("/members").await;
        assert!(members.words().contains(world.acme.email), "{}", members.words());
        let page = browser.get("/settings").await;
        assert!(
            !members.text.contains(world.globex.email) && !page.text.contains(world.globex.email),
            "only one's own"
        );
        assert_eq!(page.attributes("input[name=time_zone]", "value"), ["UTC"]);

        let wrong = [("name", ""), ("time_zone", "Mars/Base"), ("event_days", "91"), ("receipt_days", "x")];
        let page = browser.submit("/settings", &wrong).await;
        assert_eq!((page.status.as_u16(), page.all(".field .error").len()), (422, 4));
        assert_eq!(page.attributes("input[name=time_zone]", "value"), ["Mars/Base"], "the input is kept");

        let longer = [("name", "Acme Ltd"), ("time_zone", "Asia/Kolkata"), ("event_days", "60"), ("receipt_days", "")];
        let page = browser.submit("/settings", &longer).await;
        assert!(page.words().contains("Saved.") && page.words().contains("at Acme Ltd"), "{}", page.words());
        assert!(
            browser.get("/members").await.attributes("time", "title")[0].ends_with("IST"),
            "times are told in the zone"
        );

        let shorter = [("name", "Acme Ltd"), ("time_zone", "UTC"), ("event_days", "10"), ("receipt_days", "2")];
        let page = browser.submit("/settings", &shorter).await;
        assert_eq!(page.status, 422);
        assert!(page.words().contains("originals after 2 days, events and attempts after 10 days"), "{}", page.words());
        assert_eq!(world.count("select count(*) from tenant where event_days = 10").await, 0, "not yet");
        let mut confirmed = shorter.to_vec();
        confirmed.push(("confirmed", "yes"));
        assert!(browser.submit("/settings", &confirmed).await.words().contains("Saved."));
        assert_eq!(world.count("select count(*) from tenant where event_days = 10 and receipt_days = 2").await, 1);
        assert_eq!(world.count("select count(*) from tenant where name = 'Globex' and event_days is null").await, 1);
    })
    .await;
}
