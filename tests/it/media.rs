//! Files of messages: the event carries a link that works at once, every byte is Meta's, and what ends is gone.

use chrono::TimeDelta;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use socialhook::meta_sim::{Fault, Message, MetaSim, NewMedia, Sent};
use socialhook_core::id::EventId;
use socialhook_store::media::{self as stored, Key};
use url::Url;

use crate::connecting::{NUMBER, connect, signed_in};
use crate::retention::provision_tenant;
use crate::world::{Tenant, World, noon, world_with_meta};

pub const IMAGE: NewMedia = NewMedia { bytes: 1_000_000, mime_type: "image/jpeg", filename: None };

/// A customer sends a file; gives its id at Meta.
pub async fn send(sim: &MetaSim, media: NewMedia) -> String {
    let message = Message { text: "look".to_owned(), media: Some(media) };
    match sim.send(NUMBER, message).await {
        Sent::Posted { status: 200, media_id: Some(id) } => id,
        other => panic!("{other:?}"),
    }
}

/// The newest event's first file.
pub fn newest(world: &World) -> Value {
    world.received(&world.acme).last().expect("an event")["message"]["media"][0].clone()
}

pub fn url(file: &Value) -> Url {
    Url::parse(file["url"].as_str().expect("a link")).expect("a URL")
}

pub fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

pub async fn get(world: &World, url: &Url, headers: &[(&str, &str)]) -> (u16, reqwest::header::HeaderMap, Vec<u8>) {
    let mut request = world.http.get(url.clone());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.expect("an answer");
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    (status, headers, answer.bytes().await.expect("a body").to_vec())
}

/// A file that a tenant has, of an event that never was.
pub async fn one_of(world: &World, tenant: &Tenant) {
    let mut c = world.pools.background.acquire().await.expect("a connection");
    let found: (uuid::Uuid, uuid::Uuid) =
        sqlx::query_as("select tenant_id, channel_id from channel where external_id = $1")
            .bind(tenant.phone_number_id)
            .fetch_one(&mut *c)
            .await
            .expect("a channel");
    let key = Key { tenant_id: found.0.into(), event_id: EventId(EventId::floor(noon()).0), position: 0 };
    sqlx::query(
        "insert into media (tenant_id, event_id, position, channel_id, source, is_public, received_at, state, due_at)
         values ($1, $2, 0, $3, '1480011223344556', false, $4, 'waiting', $4)",
    )
    .bind(found.0)
    .bind(key.event_id.0)
    .bind(found.1)
    .bind(noon())
    .execute(&mut *c)
    .await
    .expect("added");
    let content = stored::Content { size: 7, sha256: [7; 32], content_type: "image/png" };
    assert!(stored::stored(&mut c, key.tenant_id, key, &content, noon()).await.expect("stored"));
}

/// Objects in the storage.
fn objects(world: &World) -> usize {
    fn files(path: &std::path::Path) -> usize {
        let Ok(entries) = std::fs::read_dir(path) else { return 0 };
        entries
            .map(|entry| entry.expect("an entry").path())
            .map(|path| if path.is_dir() { files(&path) } else { 1 })
            .sum()
    }
    files(&world.mail.with_extension("media"))
}

async fn connected(world: &World) {
    connect(world, &signed_in(world, &world.acme).await, "whatsapp").await;
}

#[tokio::test]
async fn a_link_gives_every_byte() {
    world_with_meta(async |world, sim| {
        connected(world).await;
        let id = send(sim, IMAGE).await;
        world.settle().await;
        let file = newest(world);
        assert_eq!((&file["id"], &file["mime_type"]), (&id.clone().into(), &"image/jpeg".into()));
        assert_eq!(file["url_expires_at"], (noon() + TimeDelta::days(30)).timestamp());
        let link = url(&file);
        let (status, headers, body) = get(world, &link, &[]).await;
        assert_eq!((status, body.len()), (200, 1_000_000));
        assert_eq!(Some(digest(&body)), sim.digest(&id));
        assert_eq!(file["sha256"], digest(&body));
        let header = |name: &str| headers[name].to_str().expect("text").to_owned();
        assert_eq!((header("content-type"), header("content-length")), ("image/jpeg".to_owned(), "1000000".to_owned()));
        assert!(header("content-security-policy").contains("sandbox") && header("cache-control").contains("private"));
        assert_eq!(
            (header("x-content-type-options"), header("content-disposition")),
            ("nosniff".to_owned(), "inline".to_owned())
        );

        let (status, headers, part) = get(world, &link, &[("range", "bytes=999900-")]).await;
        assert_eq!((status, &part[..]), (206, &body[999_900..]));
        assert_eq!(headers["content-range"], "bytes 999900-999999/1000000");
        let (status, headers, _) = get(world, &link, &[("range", "bytes=1000000-")]).await;
        assert_eq!((status, headers["content-range"].to_str().expect("text")), (416, "bytes */1000000"));
        let tag = header("etag");
        assert_eq!(get(world, &link, &[("if-none-match", &tag)]).await.0, 304);
        assert_eq!(get(world, &link, &[("range", "bytes=0-9"), ("if-range", &tag)]).await.2.len(), 10);
        assert_eq!(get(world, &link, &[("range", "bytes=0-9"), ("if-range", "\"x\"")]).await.2.len(), 1_000_000);
        let head = world.http.head(link.clone()).send().await.expect("an answer");
        assert_eq!(
            (head.status().as_u16(), head.headers()["content-length"].to_str().expect("text")),
            (200, "1000000")
        );
    })
    .await;
}

#[tokio::test]
async fn a_link_opens_nothing_else_and_ends() {
    world_with_meta(async |world, sim| {
        connected(world).await;
        send(sim, IMAGE).await;
        world.settle().await;
        let link = url(&newest(world));
        let changed = |from: &str, to: &str| Url::parse(&link.as_str().replacen(from, to, 1)).expect("a URL");
        let expires = format!("expires={}", (noon() + TimeDelta::days(30)).timestamp());
        for forged in [
            changed("/0?", "/1?"),
            changed(&expires, "expires=9999999999"),
            changed("signature=", "signature=A"),
            Url::parse(link.as_str().split('?').next().expect("a path")).expect("a URL"),
        ] {
            assert_eq!(get(world, &forged, &[]).await.0, 403, "{forged}");
        }
        world.clock.advance(TimeDelta::days(30));
        let (status, _, body) = get(world, &link, &[]).await;
        assert_eq!(status, 410);
        assert!(String::from_utf8_lossy(&body).contains("over"));
    })
    .await;
}

#[tokio::test]
async fn delivery_does_not_wait_and_a_link_fetches_by_itself() {
    world_with_meta(async |world, sim| {
        connected(world).await;
        sim.fault(Fault::Down, true);
        let id = send(sim, IMAGE).await;
        world.settle().await;
        let link = url(&newest(world));
        assert_eq!(objects(world), 0);
        let (status, headers, body) = get(world, &link, &[]).await;
        assert_eq!((status, headers.contains_key("retry-after")), (503, true));
        assert!(String::from_utf8_lossy(&body).contains("Meta has trouble"));
        sim.heal();
        let (status, _, body) = get(world, &link, &[]).await;
        assert_eq!((status, Some(digest(&body))), (200, sim.digest(&id)));
    })
    .await;
}

#[tokio::test]
async fn what_meta_does_wrong_is_tried_again_and_never_shown() {
    world_with_meta(async |world, sim| {
        connected(world).await;
        for fault in
            [Fault::MediaExpires, Fault::MediaBreaksOff, Fault::MediaDiffers, Fault::Limited, Fault::TokensExpired]
        {
            sim.fault(fault, true);
            let id = send(sim, IMAGE).await;
            world.settle().await;
            let link = url(&newest(world));
            assert_eq!(get(world, &link, &[]).await.0, 503, "{fault:?}");
            assert_eq!(
                world.count("select count(*) from media where state = 'waiting' and reason is not null").await,
                1
            );
            sim.heal();
            if fault == Fault::Limited {
                // Meta is not asked for a while, on the real clock: a client that starts anew has not been told to wait.
                world.execute("delete from media").await;
                break;
            }
            world.advance(TimeDelta::hours(1)).await;
            let (status, _, body) = get(world, &link, &[]).await;
            assert_eq!((status, Some(digest(&body))), (200, sim.digest(&id)), "{fault:?}");
        }
        assert_eq!(objects(world), 3);
    })
    .await;
}

#[tokio::test]
async fn after_seven_days_it_is_gone_and_said_to_be() {
    world_with_meta(async |world, sim| {
        connected(world).await;
        sim.fault(Fault::TokensRevoked, true);
        send(sim, IMAGE).await;
        world.settle().await;
        let link = url(&newest(world));
        for _ in 0..9 {
            world.advance(TimeDelta::days(1)).await;
        }
        let (status, _, body) = get(world, &link, &[]).await;
        assert_eq!(status, 410);
        assert!(String::from_utf8_lossy(&body).contains("seven days"), "{}", String::from_utf8_lossy(&body));
    })
    .await;
}

#[tokio::test]
async fn large_files_and_full_rooms_are_refused() {
    world_with_meta(async |world, sim| {
        connected(world).await;
        let document =
            NewMedia { bytes: 100_000_000, mime_type: "application/pdf", filename: Some("../Bericht März.pdf") };
        let id = send(sim, document).await;
        world.settle().await;
        let (status, headers, body) = get(world, &url(&newest(world)), &[]).await;
        assert_eq!((status, Some(digest(&body))), (200, sim.digest(&id)));
        assert_eq!(headers["content-disposition"], "attachment; filename*=UTF-8''Bericht%20M%C3%A4rz.pdf");
        send(sim, NewMedia { bytes: (100 << 20) + 1, ..IMAGE }).await;
        world.settle().await;
        let (status, _, body) = get(world, &url(&newest(world)), &[]).await;
        assert_eq!(status, 410);
        assert!(String::from_utf8_lossy(&body).contains("larger than what is kept"));
        provision_tenant(world, json!({ "name": "Acme", "media_quota": "100.5MB" })).await.expect("provisioned");
        send(sim, IMAGE).await;
        world.settle().await;
        assert_eq!(get(world, &url(&newest(world)), &[]).await.0, 410);
        assert_eq!(world.count("select bytes from media_usage").await, 100_000_000);
    })
    .await;
}

#[tokio::test]
async fn nothing_active_is_served_from_our_origin() {
    world_with_meta(async |world, sim| {
        connected(world).await;
        for mime_type in ["text/html", "image/svg+xml", "application/xhtml+xml", "text/xml"] {
            send(sim, NewMedia { bytes: 100, mime_type, filename: Some("page.html") }).await;
            world.settle().await;
            let (status, headers, _) = get(world, &url(&newest(world)), &[]).await;
            assert_eq!((status, headers["content-type"].to_str().expect("text")), (200, "application/octet-stream"));
            assert!(headers["content-disposition"].to_str().expect("text").starts_with("attachment"));
        }
    })
    .await;
}

#[tokio::test]
async fn a_tenant_may_switch_it_off_or_have_more_kept() {
    world_with_meta(async |world, sim| {
        connected(world).await;
        let (address, id) = sim.publish(IMAGE);
        let on_the_page = |mid: &str, address: &str| {
            json!({ "object": "page", "entry": [{ "id": world.acme.page_id, "time": noon().timestamp_millis(), "messaging": [{
                "sender": { "id": "7001" }, "recipient": { "id": world.acme.page_id }, "timestamp": noon().timestamp_millis(),
                "message": { "mid": mid, "attachments": [{ "type": "image", "payload": { "url": address } }] } }] }] })
            .to_string()
        };
        assert_eq!(world.meta_posts(&world.acme, on_the_page("m_1", &address)).await, 200);
        world.settle().await;
        assert_eq!(newest(world)["url"], address, "Meta's own address, unless it is to be kept");
        let browser = signed_in(world, &world.acme).await;
        browser.submit("/settings/media", &[("keeps_public_media", "on")]).await;
        assert_eq!(world.meta_posts(&world.acme, on_the_page("m_2", &address)).await, 200);
        world.settle().await;
        let (status, _, body) = get(world, &url(&newest(world)), &[]).await;
        assert_eq!((status, Some(digest(&body))), (200, sim.digest(&id)));
        // Whatever somebody put into a message is not fetched by us.
        let elsewhere = "http://169.254.169.254/latest/meta-data";
        assert_eq!(world.meta_posts(&world.acme, on_the_page("m_3", elsewhere)).await, 200);
        world.settle().await;
        assert_eq!(newest(world)["url"], elsewhere);
        // WhatsApp's is off now: the form's other box was left empty.
        send(sim, IMAGE).await;
        world.settle().await;
        assert!(newest(world)["url"].is_null());
        assert_eq!((objects(world), world.count("select count(*) from media").await), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn what_ends_is_gone_from_the_storage() {
    world_with_meta(async |world, sim| {
        connected(world).await;
        send(sim, IMAGE).await;
        world.settle().await;
        let (event, link) = (world.received(&world.acme)[0].clone(), url(&newest(world)));
        assert_eq!(objects(world), 1);
        let browser = signed_in(world, &world.acme).await;
        let conversation = event["conversation_id"].as_str().expect("an id");
        let page = browser.submit(&format!("/conversations/{conversation}/erase"), &[]).await;
        assert!(page.words().contains("1 file"), "{}", page.words());
        assert_eq!(get(world, &link, &[]).await.0, 404, "at once");
        world.relay.keep_house().await.expect("kept");
        assert_eq!((objects(world), world.count("select count(*) from media").await), (0, 0));
        assert_eq!(world.count("select bytes from media_usage").await, 0);

        send(sim, IMAGE).await;
        world.settle().await;
        world.advance(TimeDelta::days(40)).await;
        world.relay.keep_house().await.expect("kept");
        assert_eq!((objects(world), world.count("select count(*) from media").await), (0, 0), "with its event");

        send(sim, IMAGE).await;
        world.settle().await;
        assert_eq!(objects(world), 1);
        let fields = [("name", "Acme"), ("password", crate::world::PASSWORD)];
        signed_in(world, &world.acme).await.submit("/settings/delete", &fields).await;
        for _ in 0..2 {
            world.advance(TimeDelta::hours(2)).await;
            world.relay.keep_house().await.expect("kept");
        }
        assert_eq!((objects(world), world.count("select count(*) from tenant where name = 'Acme'").await), (0, 0));
    })
    .await;
}

#[tokio::test]
async fn an_object_that_is_lost_is_fetched_again() {
    world_with_meta(async |world, sim| {
        connected(world).await;
        let id = send(sim, IMAGE).await;
        world.settle().await;
        let link = url(&newest(world));
        std::fs::remove_dir_all(world.mail.with_extension("media")).expect("removed");
        std::fs::create_dir(world.mail.with_extension("media")).expect("made");
        assert_eq!(get(world, &link, &[]).await.0, 503);
        world.settle().await;
        let (status, _, body) = get(world, &link, &[]).await;
        assert_eq!((status, Some(digest(&body))), (200, sim.digest(&id)));
        assert_eq!(world.count("select bytes from media_usage").await, 1_000_000);
        // A crash of the machine left half of it.
        let storage = world.mail.with_extension("media");
        let tenant = std::fs::read_dir(storage).expect("tenants").next().expect("a tenant").expect("an entry").path();
        let file = std::fs::read_dir(tenant).expect("files").next().expect("a file").expect("an entry").path();
        std::fs::write(file, &body[..500_000]).expect("written");
        assert_eq!(get(world, &link, &[("range", "bytes=0-9")]).await.0, 503, "half of it is not served");
        world.settle().await;
        assert_eq!(get(world, &link, &[]).await.2, body);
    })
    .await;
}
