//! Sessions: what the database holds of them opens none.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::browser::Browser;
use crate::world::{PASSWORD, world};

#[tokio::test]
async fn a_copy_of_the_database_opens_no_session() {
    world(async |world| {
        let browser = Browser::new(&world.base);
        browser.sign_in(world.acme.email, PASSWORD).await;
        let cookie = browser.cookie("session").expect("signed in");
        let bytes: [u8; 16] = BASE64_URL_SAFE_NO_PAD.decode(&cookie).expect("base64").try_into().expect("128 bits");
        let number = i128::from_le_bytes(bytes).to_string();
        let mut c = world.pools.web.acquire().await.expect("a connection");
        let rows: Vec<(Vec<u8>, Vec<u8>)> =
            sqlx::query_as("select session_hash, data from session").fetch_all(&mut *c).await.expect("sessions");
        assert_eq!(rows.len(), 1);
        let (hash, data) = &rows[0];
        assert_eq!(hash.len(), 32);
        let text = String::from_utf8_lossy(data);
        assert!(text.contains("account_id"), "{text}");
        for secret in [cookie.as_bytes(), number.as_bytes(), &bytes] {
            for held in [hash, data] {
                assert!(!held.windows(secret.len()).any(|part| part == secret), "{text}");
            }
        }
        // And it still is one.
        assert_eq!(browser.get("/overview").await.status, 200);
        assert_eq!(browser.get("/overview").await.url.path(), "/overview");
    })
    .await;
}
