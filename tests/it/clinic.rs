//! The signature clinic: each cause is told in words, and nothing of a secret or of what was pasted gets out.

use chrono::TimeDelta;

use crate::browser::{Browser, Page};
use crate::meta;
use crate::world::{PASSWORD, World, world};

const BODY: &str = r#"{"object":"page","text":"\u00e4 \/ \u00f6","n":1}"#;

async fn signed_in(world: &World) -> Browser {
    let browser = Browser::new(&world.base);
    browser.sign_in(world.acme.email, PASSWORD).await;
    browser
}

async fn app_id(browser: &Browser) -> String {
    let path = browser.get("/apps").await.attributes("main a.row-link", "href").swap_remove(0);
    path.trim_start_matches("/apps/").to_owned()
}

async fn examine(browser: &Browser, (app, secret): (&str, &str), header: &str, body: &str) -> Page {
    browser.submit("/clinic", &[("app", app), ("secret", secret), ("header", header), ("body", body)]).await
}

fn headline(page: &Page) -> String {
    page.find("#diagnosis-headline").unwrap_or_default()
}

#[tokio::test]
async fn each_cause_in_words() {
    world(async |world| {
        let browser = signed_in(world).await;
        let app = app_id(&browser).await;
        let good = meta::sign(world.acme.app_secret, BODY.as_bytes());
        let sha1 = format!("sha1={}", &good[7..47]);
        let plain = BODY.replace("\\u00e4", "ä").replace("\\u00f6", "ö").replace("\\/", "/");
        let spaced = "{\"object\": \"page\", \"text\": \"ä / ö\", \"n\": 1}";
        let quoted = serde_json::to_string(BODY).expect("JSON");
        for (header, body, says) in [
            (good.as_str(), BODY, "The signature is right"),
            (&good, &plain, "Its letters are written in another way than they were signed"),
            (&good, spaced, "The JSON was written anew"),
            (&good, &format!("{BODY}\n"), "Its beginning or its end is not what was signed"),
            (&good, &quoted, "The body was encoded twice"),
            (&good, &BODY[..30], "The body is cut off"),
            (&good, "", "The body is empty"),
            (&good, "a=1", "The body is not what Meta sends"),
            (&good, &BODY.replace("page", "user"), "The signature fits none of your secrets"),
            (&good[7..], BODY, "The signature is right, but its header is not in Meta’s form"),
            (&sha1, BODY, "There is no signature to compare with"),
            ("", BODY, "There is no signature to compare with"),
        ] {
            let page = examine(&browser, (&app, ""), header, body).await;
            assert_eq!((page.status.as_u16(), headline(&page).as_str()), (200, says), "{header} {body}");
            assert!(!page.text.contains(world.acme.app_secret), "no secret gets out");
        }
        let words = examine(&browser, (&app, ""), &good, &plain).await.words();
        assert!(words.contains("\\u00e4, in lower case, as Meta does and slashes are written as \\/"), "{words}");
    })
    .await;
}

#[tokio::test]
async fn a_wrong_secret_is_named_and_a_right_signature_never_shown() {
    world(async |world| {
        let browser = signed_in(world).await;
        let app = app_id(&browser).await;
        world.clock.advance(TimeDelta::seconds(1));
        browser
            .submit("/apps", &[("name", "second"), ("app_secret", "second-secret"), ("verify_token", "token-two")])
            .await;
        let page = examine(&browser, (&app, ""), &meta::sign("second-secret", BODY.as_bytes()), BODY).await;
        let words = page.words();
        assert!(
            words.contains("It is signed with another secret") && words.contains("the secret of second"),
            "{words}"
        );
        let page = examine(&browser, (&app, ""), &meta::sign("token-two", BODY.as_bytes()), BODY).await;
        assert!(page.words().contains("The verify token only answers"), "{}", page.words());
        let page = examine(&browser, ("", "pasted-secret"), &meta::sign("pasted-secret", BODY.as_bytes()), BODY).await;
        assert!(page.words().contains("with the secret that you pasted"), "{}", page.words());
        assert!(!page.text.contains("pasted-secret"), "it is not shown again");
        assert!(page.text.contains("\\u00e4"), "the body is");

        // Whoever could read a signature here could have anything signed.
        let wrong = examine(&browser, (&app, ""), &meta::sign("nobody", BODY.as_bytes()), BODY).await;
        let right = meta::sign(world.acme.app_secret, BODY.as_bytes());
        assert!(!wrong.text.contains(&right[7..]) && !wrong.text.contains(&right[7..27]));

        // Another tenant's secrets are not tried.
        let foreign = meta::sign(world.globex.app_secret, BODY.as_bytes());
        assert_eq!(
            headline(&examine(&browser, (&app, ""), &foreign, BODY).await),
            "The signature fits none of your secrets"
        );
        let globex = Browser::new(&world.base);
        globex.sign_in(world.globex.email, PASSWORD).await;
        let page = examine(&globex, (&app, ""), &right, BODY).await;
        assert_eq!(page.status, 422, "and another tenant's app is no choice");
    })
    .await;
}

#[tokio::test]
async fn what_is_pasted_stays_on_errors_and_nowhere_else() {
    world(async |world| {
        let browser = signed_in(world).await;
        let app = app_id(&browser).await;
        let page = examine(&browser, ("", ""), "sha256=x", BODY).await;
        assert_eq!(page.status, 422);
        assert!(page.words().contains("Choose an app above") && page.text.contains("\\u00e4"), "{}", page.words());
        let page = examine(&browser, (&app, ""), "sha256=x", &"x".repeat((128 << 10) + 1)).await;
        assert_eq!(page.status, 422);
        assert!(page.words().contains("A body may have 128 kB here"), "bounded");
        let page = examine(&browser, (&app, ""), "sha256=x", &"\"".repeat(1 << 20)).await;
        assert_eq!(page.status, 413);
        let crlf = examine(&browser, (&app, ""), &meta::sign(world.acme.app_secret, b"{\n}"), "{\r\n}").await;
        assert_eq!(headline(&crlf), "The signature is right", "a form's own line ends are no fault");
        assert_eq!(world.count("select count(*) from refused_request").await, 0, "nothing is stored");
    })
    .await;
}

#[tokio::test]
async fn a_refused_request_is_found_out_about() {
    world(async |world| {
        let browser = signed_in(world).await;
        // As a test of one's own sends it: signed before it was formatted.
        let signed = meta::one_text(world.acme.phone_number_id, "wamid.1");
        let value: serde_json::Value = serde_json::from_str(&signed).expect("JSON");
        let sent = serde_json::to_string_pretty(&value).expect("JSON");
        let signature = meta::sign(world.acme.app_secret, signed.as_bytes());
        assert_eq!(world.post(&world.acme.callback_path, Some(&signature), sent).await.status(), 403);
        world.settle().await;
        let page = browser.get("/clinic").await;
        let link = page.attributes("main a[href^='/refused/']", "href").pop().expect("a link");
        let page = browser.get(&link).await;
        assert_eq!(headline(&page), "The JSON was written anew");
        assert!(page.words().contains("send the same bytes") && page.words().contains("wamid.1"), "{}", page.words());

        // One whose secret is added afterwards.
        world.clock.advance(TimeDelta::seconds(10));
        assert_eq!(world.post(&world.acme.callback_path, Some(&meta::sign("late", b"{}")), "{}").await.status(), 403);
        world.settle().await;
        let app = app_id(&browser).await;
        browser.submit(&format!("/apps/{app}/secrets"), &[("app_secret", "late")]).await;
        let link = browser.get("/clinic").await.attributes("main a[href^='/refused/']", "href").swap_remove(0);
        let words = browser.get(&link).await.words();
        assert!(words.contains("that secret was added after it came"), "{words}");

        let globex = Browser::new(&world.base);
        globex.sign_in(world.globex.email, PASSWORD).await;
        assert_eq!(globex.get(&link).await.status, 404);
        assert!(globex.get("/clinic").await.attributes("main a[href^='/refused/']", "href").is_empty());
    })
    .await;
}
