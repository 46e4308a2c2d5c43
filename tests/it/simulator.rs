//! The simulator: every kind of webhook that it knows goes through the whole relay and arrives.

use std::collections::BTreeSet;

use socialhook::simulate::{self, Plan};
use socialhook_core::sample;

use crate::world::world;

#[tokio::test]
async fn every_kind_arrives_and_says_that_it_is_a_test() {
    world(async |world| {
        let plan = Plan { all: true, rate: 0.0, ..Plan::default() };
        let sent = simulate::run(&world.means, &world.base, "Acme", &plan).await.expect("sent");
        assert_eq!(usize::try_from(sent).expect("small"), sample::all().len());
        world.settle().await;
        let received = world.received(&world.acme);
        assert!(received.len() >= sample::all().len(), "{} of {}", received.len(), sample::all().len());
        assert!(received.iter().all(|event| event["test"] == true));
        let words: BTreeSet<&str> = received.iter().filter_map(|event| event["event"].as_str()).collect();
        for word in [
            "message.received",
            "message.echo",
            "message.edited",
            "message.deleted",
            "message.reaction",
            "message.sent",
            "message.failed",
            "contact.updated",
            "unknown",
        ] {
            assert!(words.contains(word), "{word} is not among {words:?}");
        }
        let ids: BTreeSet<String> = received.iter().map(|event| event["id"].to_string()).collect();
        assert_eq!(ids.len(), received.len(), "every event has an id of its own");
        assert!(world.received(&world.globex).is_empty());
    })
    .await;
}

#[tokio::test]
async fn counts_and_mistakes() {
    world(async |world| {
        let plan = Plan { only: Some("instagram-text".to_owned()), count: 5, rate: 0.0, ..Plan::default() };
        assert_eq!(simulate::run(&world.means, &world.base, "Globex", &plan).await.expect("sent"), 5);
        world.settle().await;
        assert_eq!(world.received(&world.globex).len(), 5);
        let wrong = Plan { only: Some("pigeon".to_owned()), ..Plan::default() };
        assert!(matches!(
            simulate::run(&world.means, &world.base, "Acme", &wrong).await,
            Err(simulate::Error::NoKind(_))
        ));
        assert!(matches!(
            simulate::run(&world.means, &world.base, "Nobody", &plan).await,
            Err(simulate::Error::NoTenant(_))
        ));
    })
    .await;
}
