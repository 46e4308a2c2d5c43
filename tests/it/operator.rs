//! What operators do by the command line is on record, theirs and that of the tenants whom it concerns.

use serde_json::{Value, json};
use socialhook_core::id::TenantId;

use crate::browser::Browser;
use crate::process::{Installation, terminate};
use crate::receiver::Receiver;

/// What is on record, the newest first, each by an operator on this machine.
async fn log(installation: &Installation, of: &[&str]) -> Vec<String> {
    let (done, text) = installation.run(&[&["admin", "audit"], of].concat(), "").await;
    assert!(done, "{text}");
    let records: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    for record in &records {
        let who = record["who"].as_str().expect("somebody");
        assert!(who.starts_with("operator ") && who.contains('@'), "{record}");
    }
    records.iter().map(|record| record["what"].as_str().expect("words").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_operators_do_is_on_record() {
    let receiver = Receiver::start().await;
    let installation = Installation::new("operator", Vec::new()).await;
    let service = installation.serve(&[]).await;
    let tenant = |name: &str, email: &str| {
        json!({ "name": name, "owner": { "email": email, "password": "three bright umbrellas" },
            "apps": [{ "name": "own", "app_secret": "s", "verify_token": "v" }],
            "channels": [{ "app": "own", "platform": "whatsapp", "external_id": name }],
            "endpoints": [{ "name": "main", "url": receiver.url("/all") }] })
    };
    installation
        .provision(&json!({ "tenants": [tenant("Acme", "ada@acme.test"), tenant("Globex", "gus@globex.test")] }))
        .await;
    let (done, text) = installation.run(&["simulate", "--tenant", "Acme"], "").await;
    assert!(done, "{text}");
    let replay = ["admin", "replay", "--tenant", "Acme", "--endpoint", "main", "--from", "1h"];
    assert!(installation.run(&replay, "").await.0);
    for refused in [
        &["admin", "replay", "--tenant", "Acme", "--endpoint", "none", "--from", "1h"][..],
        &["admin", "audit", "--tenant", "Nobody"],
    ] {
        assert!(!installation.run(refused, "").await.0);
    }
    let of_acme = ["Started a replay", "Sent simulated webhooks", "Provisioned"];
    assert_eq!(log(&installation, &[]).await, of_acme);
    assert_eq!(log(&installation, &["--tenant", "Acme"]).await, of_acme);
    assert_eq!(log(&installation, &["--tenant", "Acme", "--limit", "1"]).await, of_acme[..1]);
    assert_eq!(log(&installation, &["--tenant", "Globex"]).await, of_acme[2..]);
    let browser = Browser::new(&installation.url("").parse().expect("a URL"));
    browser.sign_in("gus@globex.test", "three bright umbrellas").await;
    let told = browser.get("/audit").await.words();
    assert!(told.contains("Provisioned") && told.contains("operator ") && !told.contains("replay"), "{told}");

    lost_second_factor(&installation, &browser).await;
    let own = log(&installation, &["--tenant", &TenantId::OPERATOR.to_string()]).await;
    assert_eq!(own[0], "Took a member’s second factor away");
    terminate(service).await;
}

/// Gus has a second factor and loses it: the operator takes it away, and Gus is told.
async fn lost_second_factor(installation: &Installation, browser: &Browser) {
    let reset = ["admin", "reset-second-factor", "--email", "gus@globex.test"];
    let (done, text) = installation.run(&reset, "").await;
    assert!(!done && text.contains("has no second factor"), "{text}");
    let (done, text) = installation.run(&["admin", "reset-second-factor", "--email", "nobody@globex.test"], "").await;
    assert!(!done && text.contains("nobody has an account"), "{text}");
    let secret = browser.submit("/account/second-factor", &[]).await.find("#factor-secret").expect("a secret");
    let now = socialhook_core::clock::Clock::System.now().timestamp();
    let code = crate::second_factor::code(&secret, now);
    let confirmed = browser
        .submit("/account/second-factor/confirm", &[("code", &code), ("password", "three bright umbrellas")])
        .await;
    assert!(confirmed.find("#recovery-codes").is_some(), "{}", confirmed.words());
    let sign_in = async || {
        let other = Browser::new(&installation.url("").parse().expect("a URL"));
        other.sign_in("gus@globex.test", "three bright umbrellas").await.url.path().to_owned()
    };
    assert_eq!(sign_in().await, "/sign-in/code");
    let (done, text) = installation.run(&reset, "").await;
    assert!(done, "{text}");
    assert_ne!(sign_in().await, "/sign-in/code", "the password alone signs in");
    let told = "The second factor was taken away";
    installation.wait_for_letters(|letters| letters.iter().any(|letter| letter.contains(told))).await;
    let told = browser.get("/audit").await.words();
    assert!(told.contains("Took a member’s second factor away"), "{told}");
}
