//! One customer, one conversation: whether Meta names him by number, by user id or by both, in whichever process, and
//! after a restart.

use serde_json::{Value, json};
use socialhook_core::conversation::{Known, PeerKey};
use socialhook_core::id::{ChannelId, TenantId};
use socialhook_relay::{Post, Relay};
use socialhook_store::conversations::{self, Learnt};

use crate::meta;
use crate::world::{Tenant, World, noon, world};

/// A text from a customer named by a number, a BSUID, or both.
fn text(tenant: &Tenant, id: &str, number: &str, user_id: &str) -> String {
    let item = json!({ "from": number, "from_user_id": user_id, "id": id, "timestamp": noon().timestamp().to_string(),
        "type": "text", "text": { "body": "Hi" } });
    meta::post(&[meta::change(tenant.phone_number_id, "messages", &[item])])
}

fn changed_number(tenant: &Tenant, id: &str, from: (&str, &str), to: (&str, &str)) -> String {
    let item = json!({ "from": from.0, "id": id, "timestamp": noon().timestamp().to_string(), "type": "system",
        "system": { "type": "user_changed_number", "body": "changed", "wa_id": to.0, "user_id": to.1, "previous_user_id": from.1 } });
    meta::post(&[meta::change(tenant.phone_number_id, "messages", &[item])])
}

/// As Meta posts to another process.
async fn accept(relay: &Relay, tenant: &Tenant, body: String) {
    let callback_key = tenant.callback_path.rsplit('/').next().expect("a key").to_owned();
    let signature = Some(meta::sign(tenant.app_secret, body.as_bytes()).into_bytes());
    relay
        .accept(Post {
            callback_key,
            signature,
            body: body.into(),
            headers: reqwest::header::HeaderMap::new(),
            simulated: false,
        })
        .await
        .expect("accepted");
}

async fn post(world: &World, tenant: &Tenant, body: String) {
    assert_eq!(world.meta_posts(tenant, body).await, 200);
}

/// The conversation of each event that the tenant has received, by the message's id.
fn conversation(world: &World, tenant: &Tenant, id: &str) -> String {
    let received = world.received(tenant);
    let is_it = |event: &&Value| {
        event["message"]["id"] == id || event["data"]["id"] == id || event["status"]["message_id"] == id
    };
    let event = received.iter().find(is_it).unwrap_or_else(|| panic!("{id} is not among {received:?}"));
    event["conversation_id"].as_str().expect("a conversation").to_owned()
}

#[tokio::test]
async fn a_customer_keeps_his_conversation_whatever_he_is_called() {
    world(async |world| {
        let acme = &world.acme;
        for (id, number, user_id) in [
            ("wamid.1", "447700900456", ""),
            ("wamid.2", "447700900456", "GB.7031"),
            ("wamid.3", "", "GB.7031"),
            ("wamid.4", "447700900456", ""),
            ("wamid.5", "", "GB.9999"),
            ("wamid.6", "447700900457", "GB.9999"),
            ("wamid.7", "447700900457", ""),
        ] {
            post(world, acme, text(acme, id, number, user_id)).await;
        }
        post(world, acme, changed_number(acme, "wamid.8", ("447700900456", "GB.7031"), ("447700900789", "GB.8000")))
            .await;
        post(world, acme, text(acme, "wamid.9", "447700900789", "")).await;
        post(world, acme, text(acme, "wamid.10", "", "GB.8000")).await;
        post(world, &world.globex, text(&world.globex, "wamid.1", "447700900456", "GB.7031")).await;
        world.settle().await;
        let of = |id: &str| conversation(world, acme, id);
        for id in ["wamid.2", "wamid.3", "wamid.4", "wamid.8", "wamid.9", "wamid.10"] {
            assert_eq!(of(id), of("wamid.1"), "{id}");
        }
        assert_eq!((of("wamid.6"), of("wamid.7")), (of("wamid.5"), of("wamid.5")));
        assert_ne!(of("wamid.5"), of("wamid.1"));
        assert_ne!(
            conversation(world, &world.globex, "wamid.1"),
            of("wamid.1"),
            "another channel, another conversation"
        );
    })
    .await;
}

#[tokio::test]
async fn processes_agree_and_a_new_one_knows_it_too() {
    world(async |world| {
        let acme = &world.acme;
        let second = world.second_relay().await;
        // By user id here, by both there, by number here.
        post(world, acme, text(acme, "wamid.1", "", "GB.1")).await;
        accept(&second, acme, text(acme, "wamid.2", "447700900001", "GB.1")).await;
        post(world, acme, text(acme, "wamid.3", "447700900001", "")).await;
        // Taken for two by both processes, until one of them sees both names at once.
        for relay in [&world.relay, &second] {
            accept(relay, acme, text(acme, "wamid.4", "447700900002", "")).await;
            accept(relay, acme, text(acme, "wamid.5", "", "GB.2")).await;
        }
        accept(&second, acme, text(acme, "wamid.6", "447700900002", "GB.2")).await;
        world.settle().await;
        post(world, acme, text(acme, "wamid.7", "447700900002", "")).await;
        post(world, acme, text(acme, "wamid.8", "", "GB.2")).await;
        second.settle().await.expect("the second one settles");
        second.stop().await;
        let third = world.second_relay().await;
        accept(&third, acme, text(acme, "wamid.9", "447700900001", "")).await;
        accept(&third, acme, text(acme, "wamid.10", "447700900002", "")).await;
        third.settle().await.expect("the third one settles");
        third.stop().await;
        world.settle().await;
        let of = |id: &str| conversation(world, acme, id);
        for id in ["wamid.2", "wamid.3", "wamid.9"] {
            assert_eq!(of(id), of("wamid.1"), "{id}");
        }
        for id in ["wamid.7", "wamid.8", "wamid.10"] {
            assert_eq!(of(id), of("wamid.6"), "{id}");
        }
    })
    .await;
}

#[tokio::test]
async fn many_at_once_are_one() {
    world(async |world| {
        let acme = &world.acme;
        let second = world.second_relay().await;
        let names = [("447700900001", ""), ("", "GB.1"), ("447700900001", "GB.1")];
        let one = async |number: usize| {
            let (phone, user_id) = names[number % 3];
            let relay = if number.is_multiple_of(2) { &world.relay } else { &second };
            accept(relay, acme, text(acme, &format!("wamid.{number}"), phone, user_id)).await;
        };
        futures_util::future::join_all((0..60).map(one)).await;
        world.settle().await;
        second.settle().await.expect("the second one settles");
        for (number, (phone, user_id)) in names.into_iter().enumerate() {
            post(world, acme, text(acme, &format!("wamid.after{number}"), phone, user_id)).await;
            accept(&second, acme, text(acme, &format!("wamid.there{number}"), phone, user_id)).await;
        }
        second.settle().await.expect("the second one settles");
        second.stop().await;
        world.settle().await;
        let of = |id: String| conversation(world, acme, &id);
        for number in 0..3 {
            assert_eq!(of(format!("wamid.after{number}")), of("wamid.after0".to_owned()));
            assert_eq!(of(format!("wamid.there{number}")), of("wamid.after0".to_owned()));
        }
    })
    .await;
}

/// What a process believes may be out of date by the time it teaches: then it is told, and overwrites nothing.
#[tokio::test]
async fn nothing_is_overwritten_unseen() {
    world(async |world| {
        let now = noon();
        let (tenant_id, channel_id) = (TenantId::new(now), ChannelId::new(now));
        let key = PeerKey(uuid::Uuid::from_u128(7));
        let known = |number: u128, is_left| Known { conversation_id: uuid::Uuid::from_u128(number).into(), is_left };
        let mut c = world.pools.conversations.acquire().await.expect("a connection");
        let mut learn = async |replaces: Option<Known>, known: Known| {
            let learnt = Learnt { tenant_id, channel_id, key, replaces, known, is_change: true };
            conversations::learn(&mut c, &[learnt], now).await.expect("the database works")
        };
        assert!(learn(None, known(1, false)).await);
        assert!(!learn(None, known(2, false)).await, "somebody else was first");
        assert!(learn(Some(known(1, false)), known(1, true)).await);
        assert!(!learn(Some(known(1, false)), known(2, false)).await, "it was left meanwhile");
        assert!(!learn(Some(known(3, true)), known(2, false)).await);
        drop(c);
        let mut c = world.pools.conversations.acquire().await.expect("a connection");
        let found = conversations::known(&mut c, &[(tenant_id, key)]).await.expect("the database works");
        assert_eq!(found, [(key, known(1, true))]);
        let elsewhere = conversations::known(&mut c, &[(TenantId::new(now), key)]).await.expect("the database works");
        assert!(elsewhere.is_empty(), "another tenant's key is not found");
    })
    .await;
}

#[tokio::test]
async fn a_known_customer_costs_no_look_into_the_table() {
    world(async |world| {
        let acme = &world.acme;
        for (id, number, user_id) in
            [("wamid.1", "447700900001", "GB.1"), ("wamid.2", "447700900002", ""), ("wamid.3", "", "GB.3")]
        {
            post(world, acme, text(acme, id, number, user_id)).await;
        }
        world.execute("alter table conversation_key rename to put_away").await;
        for (id, number, user_id) in [
            ("wamid.4", "447700900001", "GB.1"),
            ("wamid.5", "447700900002", ""),
            ("wamid.6", "", "GB.3"),
            ("wamid.7", "", "GB.1"),
        ] {
            post(world, acme, text(acme, id, number, user_id)).await;
        }
        let stranger = text(acme, "wamid.8", "447700900009", "");
        assert_eq!(world.meta_posts(acme, stranger.clone()).await, 503, "who is not known has to be looked up");
        world.execute("alter table put_away rename to conversation_key").await;
        post(world, acme, stranger).await;
        world.settle().await;
        assert_eq!(world.received(acme).len(), 8);
    })
    .await;
}
