//! Replays: what happened in a stretch of time is sent again, batch by batch, and from the command line.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use socialhook_core::id::{EndpointId, ReplayId, TenantId};
use socialhook_store::replays::{self as stored, Chosen, Replay, Which};

use crate::meta;
use crate::process::{Installation, terminate};
use crate::receiver::{Receiver, Reply};
use crate::world::{World, noon, world};

async fn acme(world: &World) -> TenantId {
    let mut c = world.pools.web.acquire().await.expect("a connection");
    socialhook_store::tenants::find_by_name(&mut c, world.acme.name).await.expect("tenants")[0]
}

/// Everything of Acme's around noon, when its messages were written.
pub fn around_noon(world: &World, which: Which) -> Chosen {
    let (from, to) = (noon() - TimeDelta::hours(1), world.clock.now());
    Chosen { endpoint_id: world.acme.endpoint_id, from, to, which, channel_id: None, event: None }
}

async fn begin(world: &World, chosen: &Chosen) -> ReplayId {
    let tenant_id = acme(world).await;
    let mut c = world.pools.web.acquire().await.expect("a connection");
    stored::create(&mut c, tenant_id, chosen, None, world.clock.now()).await.expect("it begins")
}

async fn find(world: &World, replay_id: ReplayId) -> Replay {
    let tenant_id = acme(world).await;
    let mut c = world.pools.web.acquire().await.expect("a connection");
    stored::find(&mut c, tenant_id, replay_id).await.expect("an answer").expect("it is there")
}

/// A replay of Acme's that has nothing to do and has not begun.
pub async fn unfinished(world: &World) -> ReplayId {
    let (from, to) = (noon() - TimeDelta::hours(3), noon() - TimeDelta::hours(2));
    begin(world, &Chosen { from, to, ..around_noon(world, Which::All) }).await
}

pub async fn texts(world: &World, ids: impl IntoIterator<Item = String>) {
    let items: Vec<Value> = ids.into_iter().map(|id| meta::text(&id, "hello")).collect();
    let body = meta::post(&[meta::change(world.acme.phone_number_id, "messages", &items)]);
    assert_eq!(world.meta_posts(&world.acme, body).await, 200);
    world.settle().await;
}

/// Message id, attempt and whether it was a replay of what Acme received after the first `seen`.
pub fn news(world: &World, seen: usize) -> Vec<(String, u64, bool)> {
    let told = |event: &Value| {
        let text = event["message"]["id"].as_str().unwrap_or_default().to_owned();
        (text, event["delivery"]["attempt"].as_u64().expect("a number"), event["delivery"]["replay"] == true)
    };
    let mut news: Vec<_> = world.received(&world.acme)[seen..].iter().map(told).collect();
    news.sort();
    news
}

/// Three events: `wamid.1` parked, `wamid.2` and `wamid.3` delivered. Returns how many requests that took.
pub async fn one_parked_two_delivered(world: &World) -> usize {
    texts(world, ["wamid.2", "wamid.3"].map(str::to_owned)).await;
    // Last, since a success after it would send it once more.
    world.receiver.will_reply("/acme", [500, 500, 500].map(Reply::Status));
    texts(world, ["wamid.1".to_owned()]).await;
    world.advance(TimeDelta::minutes(1)).await;
    world.advance(TimeDelta::minutes(7)).await;
    assert_eq!(world.count("select count(*) from delivery where parked_at is not null").await, 1);
    world.clock.advance(TimeDelta::minutes(1));
    world.received(&world.acme).len()
}

#[tokio::test]
async fn undelivered_is_what_was_not_delivered() {
    world(async |world| {
        let seen = one_parked_two_delivered(world).await;
        let replay_id = begin(world, &around_noon(world, Which::Undelivered)).await;
        world.settle().await;
        assert_eq!(news(world, seen), [("wamid.1".to_owned(), 4, true)]);
        let replay = find(world, replay_id).await;
        assert_eq!((replay.looked_at, replay.opened, replay.finished_at), (3, 1, Some(world.clock.now())));
        begin(world, &around_noon(world, Which::Undelivered)).await;
        world.settle().await;
        assert_eq!(world.received(&world.acme).len(), seen + 1, "again: nothing is left");
    })
    .await;
}

#[tokio::test]
async fn all_is_all_and_says_that_it_is_a_replay() {
    world(async |world| {
        let seen = one_parked_two_delivered(world).await;
        assert_eq!(world.meta_posts(&world.globex, meta::one_text(world.globex.phone_number_id, "wamid.G")).await, 200);
        begin(world, &around_noon(world, Which::All)).await;
        world.settle().await;
        let told = |id: &str, attempt| (id.to_owned(), attempt, true);
        assert_eq!(news(world, seen), [told("wamid.1", 4), told("wamid.2", 2), told("wamid.3", 2)]);
        assert_eq!(world.received(&world.globex).len(), 1, "nobody else's");
    })
    .await;
}

#[tokio::test]
async fn only_the_time_the_channel_and_the_words_that_were_chosen() {
    world(async |world| {
        let number = world.acme.phone_number_id;
        texts(world, ["wamid.1".to_owned()]).await;
        let status = meta::post(&[meta::change(number, "statuses", &[meta::status("wamid.0", "read")])]);
        assert_eq!(world.meta_posts(&world.acme, status).await, 200);
        world.settle().await;
        world.clock.advance(TimeDelta::minutes(5));
        let whole = around_noon(world, Which::All);
        let resent = async |chosen: Chosen| -> Vec<String> {
            let seen = world.received(&world.acme).len();
            begin(world, &chosen).await;
            world.settle().await;
            let word = |event: &Value| event["event"].as_str().expect("a word").to_owned();
            world.received(&world.acme)[seen..].iter().map(word).collect()
        };
        assert_eq!(resent(Chosen { event: Some("message.read".to_owned()), ..whole.clone() }).await, ["message.read"]);
        assert_eq!(resent(Chosen { event: Some("message.*".to_owned()), ..whole.clone() }).await.len(), 2);
        assert_eq!(resent(Chosen { event: Some("call.*".to_owned()), ..whole.clone() }).await.len(), 0);
        assert_eq!(resent(Chosen { to: noon(), ..whole.clone() }).await.len(), 0, "the end is excluded");
        assert_eq!(resent(Chosen { from: noon(), ..whole.clone() }).await.len(), 2, "the beginning is not");
        let tenant_id = acme(world).await;
        let mut c = world.pools.web.acquire().await.expect("a connection");
        let channels = socialhook_store::channels::list(&mut c, tenant_id).await.expect("channels");
        drop(c);
        let of = |external_id: &str| {
            let channel = channels.iter().find(|channel| channel.external_id == external_id);
            Chosen { channel_id: Some(channel.expect("a channel").channel_id), ..whole.clone() }
        };
        assert_eq!(resent(of(number)).await.len(), 2);
        assert_eq!(resent(of(world.acme.page_id)).await.len(), 0);
        // What the endpoint does not want is not forced upon it.
        world.execute("update endpoint set events = '{message.received}' where name = 'main'").await;
        assert_eq!(resent(whole).await, ["message.received"]);
    })
    .await;
}

#[tokio::test]
async fn many_batches_each_event_once_with_two_processes_at_it() {
    world(async |world| {
        for batch in 0..12 {
            let items: Vec<_> = (0..100).map(|n| meta::text(&format!("wamid.{batch}-{n}"), "hello")).collect();
            let body = meta::post(&[meta::change(world.acme.phone_number_id, "messages", &items)]);
            assert_eq!(world.meta_posts(&world.acme, body).await, 200);
        }
        world.settle().await;
        world.clock.advance(TimeDelta::minutes(1));
        let second = world.second_relay().await;
        let replay_id = begin(world, &around_noon(world, Which::All)).await;
        let (first, other) = tokio::join!(world.relay.settle(), second.settle());
        first.and(other).expect("both settle");
        world.settle().await;
        let replay = find(world, replay_id).await;
        assert_eq!((replay.looked_at, replay.opened), (1200, 1200));
        assert!(replay.finished_at.is_some());
        let mut times: BTreeMap<String, usize> = BTreeMap::new();
        for (id, attempt, is_replay) in news(world, 1200) {
            assert_eq!((attempt, is_replay), (2, true));
            *times.entry(id).or_default() += 1;
        }
        assert_eq!(times.len(), 1200);
        assert!(times.values().all(|times| *times == 1));
        second.stop().await;
    })
    .await;
}

/// What would fill the database if nobody held back: events and an endpoint that takes nothing.
#[tokio::test]
async fn what_waits_already_holds_a_replay_back() {
    world(async |world| {
        texts(world, ["wamid.1".to_owned()]).await;
        world.clock.advance(TimeDelta::minutes(1));
        let later = "insert into delivery select tenant_id, gen_random_uuid(), endpoint_id, null, '2026-11-03', null, 1, 0, false
                     from endpoint cross join generate_series(1, 1000) where name = 'main' and tenant_id = (select tenant_id from tenant where name = 'Acme')";
        world.execute(later).await;
        let replay_id = begin(world, &around_noon(world, Which::All)).await;
        world.settle().await;
        assert_eq!(find(world, replay_id).await.looked_at, 0);
        world.execute("delete from delivery where due_at = '2026-11-03'").await;
        world.settle().await;
        assert_eq!(find(world, replay_id).await.opened, 1);
        assert_eq!(world.received(&world.acme).len(), 2);
    })
    .await;
}

#[tokio::test]
async fn nonsense_cannot_be_stored() {
    world(async |world| {
        world.clock.advance(TimeDelta::minutes(1));
        let tenant_id = acme(world).await;
        let whole = around_noon(world, Which::All);
        let refused = async |chosen: Chosen| -> String {
            let mut c = world.pools.web.acquire().await.expect("a connection");
            let error =
                stored::create(&mut c, tenant_id, &chosen, None, world.clock.now()).await.expect_err("nonsense");
            error.constraint().expect("a constraint").to_owned()
        };
        let later: DateTime<Utc> = world.clock.now() + TimeDelta::seconds(1);
        assert_eq!(refused(Chosen { to: later, ..whole.clone() }).await, "replay_range", "what has yet to happen");
        assert_eq!(refused(Chosen { to: whole.from, ..whole.clone() }).await, "replay_range");
        assert_eq!(refused(Chosen { event: Some("message*".to_owned()), ..whole.clone() }).await, "replay_event");
        let nobody = EndpointId::new(noon());
        assert_eq!(refused(Chosen { endpoint_id: nobody, ..whole }).await, "replay_endpoint");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_command_line() {
    let receiver = Receiver::start().await;
    let installation = Installation::new("replay", Vec::new()).await;
    let service = installation.serve(&[]).await;
    let file = json!({ "tenants": [{
        "name": "Initech",
        "apps": [{ "name": "own", "app_secret": "s", "verify_token": "v" }],
        "channels": [{ "app": "own", "platform": "whatsapp", "external_id": "301", "name": "Sales" }],
        "endpoints": [{ "name": "main", "url": receiver.url("/acme") }],
    }] });
    installation.provision(&file).await;
    let (sent, text) = installation.run(&["simulate", "--tenant", "Initech", "--count", "3", "--rate", "0"], "").await;
    assert!(sent, "{text}");
    receiver.wait_for("/acme", 3).await;

    let replay = async |more: &[&str]| {
        let fixed = ["admin", "replay", "--tenant", "Initech", "--endpoint", "main", "--from", "1h"];
        installation.run(&[&fixed, more].concat(), "").await
    };
    // Sent a second before, so that they lie before now.
    let (done, text) = replay(&["--all", "--channel", "Sales", "--event", "message.*", "--wait"]).await;
    assert!(done, "{text}");
    let told: Value = serde_json::from_str(&text[text.find('{').expect("JSON")..]).expect("JSON");
    assert_eq!((&told["looked_at"], &told["resent"]), (&json!(3), &json!(3)), "{told}");
    assert!(told["id"].as_str().is_some_and(|id| id.starts_with("rep_")) && told["finished_at"].is_string(), "{told}");
    receiver.wait_for("/acme", 6).await;
    assert!(receiver.received("/acme")[3..].iter().all(|request| request.json()["delivery"]["replay"] == true));

    for (more, told) in [
        (&["--to", "2h"][..], "--from must lie before --to"),
        (&["--event", "Message"], "is not an event's word"),
        (&["--channel", "Support"], "it has: Sales"),
        (&["--endpoint", "other"], "cannot be used multiple times"),
    ] {
        let (done, text) = replay(more).await;
        assert!(!done && text.contains(told), "{text}");
    }
    terminate(service).await;
    let (done, text) = replay(&["--wait"]).await;
    assert!(!done && text.contains("the service does not run"), "{text}");
}
