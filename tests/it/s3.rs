//! Media in a storage that speaks S3: a real server, with signatures checked.

use std::path::PathBuf;

use futures_util::TryStreamExt;
use hyper_util::rt::{TokioExecutor, TokioIo};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use sha2::{Digest, Sha256};
use socialhook::meta_sim::NewMedia;
use socialhook_relay::media::{Link, Storage};
use socialhook_store::media::Key;
use url::Url;

use crate::connecting::{connect, signed_in};
use crate::media::{IMAGE, newest, send};
use crate::world::world_with_meta;

/// A server with one bucket, in a folder of its own.
async fn server() -> (Url, PathBuf) {
    let root = std::env::temp_dir().join(format!("socialhook-s3-{}", uuid::Uuid::new_v4().simple()));
    std::fs::create_dir_all(root.join("files")).expect("a bucket");
    let mut builder = S3ServiceBuilder::new(s3s_fs::FileSystem::new(&root).expect("a folder"));
    builder.set_auth(SimpleAuth::from_single("access", "secret"));
    let service = builder.build();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = Url::parse(&format!("http://{}/", listener.local_addr().expect("an address"))).expect("a URL");
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let service = service.clone();
            tokio::spawn(async move {
                let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                let _ = server.serve_connection(TokioIo::new(socket), service).await;
            });
        }
    });
    (url, root)
}

fn storage(endpoint: &Url, secret_key: &str) -> Storage {
    Storage::S3 {
        bucket: "files".to_owned(),
        prefix: "socialhook".to_owned(),
        endpoint: Some(endpoint.clone()),
        region: "us-east-1".to_owned(),
        access_key: "access".to_owned(),
        secret_key: secret_key.to_owned().into(),
    }
}

/// What a link in an event opens.
fn parse(url: &str) -> (Link, String) {
    let url = Url::parse(url).expect("a URL");
    let parts: Vec<&str> = url.path_segments().expect("a path").collect();
    let asked = |name: &str| url.query_pairs().find(|(key, _)| key == name).expect("signed").1.into_owned();
    let tenant_id = parts[1].parse().expect("a tenant");
    let key =
        Key { tenant_id, event_id: parts[2].parse().expect("an event"), position: parts[3].parse().expect("a place") };
    (Link { key, expires_at: asked("expires").parse().expect("a time") }, asked("signature"))
}

#[tokio::test]
async fn media_live_in_a_bucket() {
    world_with_meta(async |world, sim| {
        let (endpoint, root) = server().await;
        let relay = world.relay_with(|settings| settings.media.storage = storage(&endpoint, "secret")).await;
        connect(world, &signed_in(world, &world.acme).await, "whatsapp").await;
        let large = NewMedia { bytes: 12_000_000, mime_type: "video/mp4", filename: None };
        for (media, parts) in [(IMAGE, "one request"), (large, "several parts")] {
            let id = send(sim, media.clone()).await;
            relay.settle().await.expect("settles");
            let (link, signature) = parse(newest(world)["url"].as_str().expect("a link"));
            let served = relay.media(link, &signature).await.unwrap_or_else(|error| panic!("{parts}: {error}"));
            let whole: Vec<_> =
                relay.read_media(&served, None).await.expect("there").try_collect().await.expect("read");
            let digest =
                Sha256::digest(whole.concat()).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
            assert_eq!(Some(digest), sim.digest(&id), "{parts}");
            let stretch = relay.read_media(&served, Some(5..15)).await.expect("there");
            let stretch: Vec<_> = stretch.try_collect().await.expect("read");
            assert_eq!(stretch.concat(), whole.concat()[5..15]);
        }
        let tenant = std::fs::read_dir(root.join("files/socialhook")).expect("the prefix").next().expect("a folder");
        assert_eq!(std::fs::read_dir(tenant.expect("an entry").path()).expect("files").count(), 2);
        // A wrong key is our failure: it is tried again, and nothing is lost.
        let refused = world.relay_with(|settings| settings.media.storage = storage(&endpoint, "wrong")).await;
        send(sim, IMAGE).await;
        refused.settle().await.expect("settles");
        assert_eq!(world.count("select count(*) from media where reason like 'Our storage%'").await, 1);
        world.clock.advance(chrono::TimeDelta::minutes(1));
        relay.settle().await.expect("settles");
        assert_eq!(world.count("select count(*) from media where state = 'stored'").await, 3);
        world.clock.advance(chrono::TimeDelta::days(40));
        relay.keep_house().await.expect("kept");
        assert_eq!(world.count("select count(*) from media").await, 0);
        let left = std::fs::read_dir(root.join("files/socialhook")).map(|tenants| {
            tenants
                .map(|tenant| std::fs::read_dir(tenant.expect("an entry").path()).expect("files").count())
                .sum::<usize>()
        });
        assert_eq!(left.unwrap_or(0), 0);
        for relay in [relay, refused] {
            relay.stop().await;
        }
        std::fs::remove_dir_all(root).expect("removed");
    })
    .await;
}
