//! Files of messages as people and programs look at them: on the event's page, and in the API.

use serde_json::{Value, json};
use socialhook::meta_sim::NewMedia;

use crate::api::Program;
use crate::connecting::{connect, signed_in};
use crate::media::{IMAGE, digest, get, send, url};
use crate::world::{World, world_with_meta};

/// Gives each parked event a file that was gone before it could be fetched.
pub async fn gone(world: &World) {
    world
        .execute(
            "insert into media (tenant_id, event_id, position, channel_id, source, is_public, mime_type, filename, received_at, state, reason)
             select tenant_id, event_id, 0, channel_id, '1', false, 'image/jpeg', 'a rather long name of a photograph.jpg', received_at, 'gone',
               'It could not be fetched in the seven days that Meta keeps it.'
             from event join delivery using (tenant_id, event_id) where parked_at is not null and channel_id is not null",
        )
        .await;
}

#[tokio::test]
async fn the_events_page_shows_its_files_and_the_api_renews_their_links() {
    world_with_meta(async |world, sim| {
        let browser = signed_in(world, &world.acme).await;
        connect(world, &browser, "whatsapp").await;
        let sent = [
            IMAGE,
            NewMedia { bytes: 2000, mime_type: "application/pdf", filename: Some("offer +4915112345678.pdf") },
            NewMedia { bytes: 2000, mime_type: "audio/ogg; codecs=opus", filename: None },
        ];
        let program = Program::of(world, &world.acme, &["read"]).await;
        let other = Program::of(world, &world.globex, &["read"]).await;
        for (media, element) in sent.into_iter().zip(["img", "a.button", "audio"]) {
            let id = send(sim, media).await;
            world.settle().await;
            let event = world.received(&world.acme).last().expect("an event")["id"].as_str().expect("an id").to_owned();
            let page = browser.get(&format!("/deliveries/{event}/{}", world.acme.endpoint_id)).await;
            let attribute = if element == "a.button" { "href" } else { "src" };
            let links = page.attributes(&format!(".files {element}"), attribute);
            let (status, _, body) = get(world, &world.url(&links[0]), &[]).await;
            assert_eq!((status, Some(digest(&body))), (200, sim.digest(&id)), "{element}");
            assert!(page.find(".files").expect("files").contains("Kept"));

            let before = program.get(&format!("/events/{event}/media")).await.json;
            assert_eq!(
                (&before["data"][0]["state"], &before["data"][0]["size"]),
                (&json!("stored"), &json!(body.len()))
            );
            let renewed = url(&before["data"][0]);
            assert_eq!(get(world, &renewed, &[]).await.2, body);
            assert_eq!(before["data"][0]["sha256"], digest(&body));
            assert_eq!(other.get(&format!("/events/{event}/media")).await.status, 404);
        }
        let file = browser.get("/settings/export").await.text;
        let lines = file.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        let files: Vec<Value> = lines.flat_map(|line| line["media"].as_array().cloned().unwrap_or_default()).collect();
        assert_eq!(files.len(), 3);
        assert!(files.iter().all(|file| file["state"] == "stored" && file["sha256"].is_string()), "{files:?}");
        world.execute("update media set state = 'gone', reason = 'Meta does not have it any more.'").await;
        let event = world.received(&world.acme).last().expect("an event")["id"].as_str().expect("an id").to_owned();
        let page = browser.get(&format!("/deliveries/{event}/{}", world.acme.endpoint_id)).await;
        assert!(page.find(".files").expect("files").contains("Meta does not have it any more."));
        let gone = program.get(&format!("/events/{event}/media")).await.json;
        assert_eq!((&gone["data"][0]["state"], &gone["data"][0]["url"]), (&json!("gone"), &Value::Null));
    })
    .await;
}
