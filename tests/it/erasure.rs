//! Erasing a conversation: nothing of it is left, and everything of others is.

use crate::browser::Browser;
use crate::meta;
use crate::receiver::Reply;
use crate::world::{PASSWORD, world};

#[tokio::test]
async fn nothing_of_an_erased_conversation_is_left() {
    world(async |world| {
        let browser = Browser::new(&world.base);
        browser.sign_in(world.acme.email, PASSWORD).await;
        browser.submit("/start/inspector", &[]).await;
        world.receiver.will_reply("/acme", [Reply::Full(500, Vec::new(), b"I got: Nobody else wrote this".to_vec())]);
        for id in ["wamid.1", "wamid.2"] {
            let message = meta::text(id, "Nobody else wrote this");
            let body = meta::post(&[meta::change(world.acme.phone_number_id, "messages", &[message])]);
            assert_eq!(world.meta_posts(&world.acme, body).await, 200);
        }
        let mut other = meta::text("wamid.3", "I am another");
        other["from"] = "447700900789".into();
        let body = meta::post(&[meta::change(world.acme.phone_number_id, "messages", &[other])]);
        assert_eq!(world.meta_posts(&world.acme, body).await, 200);
        assert_eq!(world.meta_posts(&world.globex, meta::one_text(world.globex.phone_number_id, "wamid.4")).await, 200);
        world.settle().await;
        let mine = world.received(&world.acme);
        let first = mine.iter().find(|event| event["message"]["id"] == "wamid.1").expect("received");
        let conversation = first["conversation_id"].as_str().expect("an id");
        let page = format!("/conversations/{conversation}");
        let globex = Browser::new(&world.base);
        globex.sign_in(world.globex.email, PASSWORD).await;
        assert_eq!(globex.submit(&format!("{page}/erase"), &[]).await.status, 404);
        assert!(browser.get(&format!("{page}/erase")).await.words().contains("Erase this conversation?"));
        let receipt = browser.submit(&format!("{page}/erase"), &[]).await.words();
        for line in ["2 events", "4 attempts", "1 open delivery", "2 originals", "2 requests that the inspector showed"]
        {
            assert!(receipt.contains(line), "{line}: {receipt}");
        }
        assert_eq!(browser.get(&page).await.status, 404);
        let dump = crate::secrets::dump(world).await;
        for trace in ["wamid.1", "wamid.2", "Nobody else wrote this"] {
            for shape in [trace.to_owned(), socialhook_core::signature::hex(trace.as_bytes())] {
                assert!(!dump.contains(&shape), "{trace} is left");
            }
        }
        assert!(dump.contains(&socialhook_core::signature::hex(b"I am another")), "others stay");
        assert_eq!(world.count("select count(*) from event").await, 2, "another's, and Globex's");
        assert_eq!(world.count("select count(*) from receipt").await, 2);
        world.advance(chrono::TimeDelta::minutes(1)).await;
        assert!(browser.get("/audit").await.words().contains("Erased a conversation"));
    })
    .await;
}
