//! The doctor names the right cause for each of many faults; the reconciler puts right what it may, and says so.

use chrono::TimeDelta;
use socialhook::meta_sim::{Fault, Message, MetaSim};
use socialhook_core::id::ChannelId;
use socialhook_relay::doctor::{Diagnosis, Link, State};

use crate::api::Program;
use crate::browser::Browser;
use crate::connecting::{ACCOUNT, NUMBER, PAGE, PROFESSIONAL, connect, signed_in};
use crate::receiver::Reply;
use crate::world::{World, world_with_meta};

async fn diagnose(world: &World, external_id: &str) -> Diagnosis {
    let path = world.channel_path(external_id).await;
    let channel_id: ChannelId = path.trim_start_matches("/channels/").parse().expect("an id");
    let tenant_id = crate::leaving::id_of(world, &world.acme).await.into();
    world.relay.examiner().diagnose(tenant_id, channel_id).await.expect("looked at").expect("a channel")
}

/// Everything is connected, everything works, and something has come to each.
async fn healthy(world: &World, sim: &MetaSim) -> Browser {
    let browser = signed_in(world, &world.acme).await;
    for way in ["whatsapp", "pages", "instagram"] {
        connect(world, &browser, way).await;
    }
    for to in [NUMBER, PAGE, PROFESSIONAL] {
        sim.send(to, Message { text: "hello".to_owned(), media: None }).await;
    }
    world.settle().await;
    for to in [NUMBER, PAGE, PROFESSIONAL] {
        let found = diagnose(world, to).await;
        assert_eq!(found.cause(), None, "{found:#?}");
        assert!(found.lines.iter().all(|line| line.state == State::Good), "{found:#?}");
    }
    browser
}

/// The cause that the doctor finds, in state and words.
async fn cause(world: &World, external_id: &str) -> (Link, State, String) {
    let found = diagnose(world, external_id).await;
    let line = found.cause().unwrap_or_else(|| panic!("no cause: {found:#?}"));
    assert!(line.fix.as_ref().is_some_and(|fix| fix.len() > 20), "{line:?}");
    (line.link, line.state, line.evidence.clone())
}

#[tokio::test]
async fn each_fault_at_meta_is_named() {
    world_with_meta(async |world, sim| {
        healthy(world, sim).await;
        let callback = world.url(&format!("/webhooks/meta/{}", world.callback_key("Connect").await)).to_string();
        let expect = async |external_id: &str, link: Link, words: &str| {
            let (found, state, evidence) = cause(world, external_id).await;
            assert_eq!((found, state), (link, State::Bad), "{words}: {evidence}");
            assert!(evidence.contains(words), "{words}: {evidence}");
        };
        // 1 to 4: the app.
        sim.redirect_app("page", "https://elsewhere.example/hook");
        expect(PAGE, Link::App, "elsewhere.example").await;
        sim.redirect_app("page", &callback);
        sim.set_app_fields("whatsapp_business_account", &["account_update"]);
        expect(NUMBER, Link::App, "does not have whatsapp_business_account’s messages sent").await;
        sim.set_app_fields("whatsapp_business_account", &["messages"]);
        sim.set_app_fields("instagram", &[]);
        expect(PROFESSIONAL, Link::App, "no callback URL for instagram").await;
        sim.save_callback(&callback, "verify-connect").await.expect("the challenge is answered");
        let mut app = sim.app();
        let secret = std::mem::replace(&mut app.secret, "reset-at-meta".to_owned());
        sim.set_app(app.clone());
        expect(PAGE, Link::App, "does not take this app’s id with this secret").await;
        app.secret = secret;
        sim.set_app(app);
        // 5 to 8: subscriptions.
        sim.set_subscribed(ACCOUNT, None);
        expect(NUMBER, Link::Subscription, "not subscribed").await;
        sim.set_subscribed(ACCOUNT, Some(&[]));
        sim.set_subscribed(PAGE, None);
        expect(PAGE, Link::Subscription, "not subscribed").await;
        sim.set_subscribed(PAGE, Some(&["message_reads"]));
        expect(PAGE, Link::Subscription, "does not get messages").await;
        sim.set_subscribed(PAGE, Some(socialhook_relay::connect::PAGE_FIELDS));
        sim.set_subscribed(PROFESSIONAL, None);
        expect(PROFESSIONAL, Link::Subscription, "not subscribed").await;
        sim.set_subscribed(PROFESSIONAL, Some(socialhook_relay::connect::INSTAGRAM_FIELDS));
        // 9: an override.
        sim.set_override(NUMBER, "https://old-tool.example/meta");
        expect(NUMBER, Link::Override, "old-tool.example").await;
        sim.set_override(NUMBER, "");
        // 10 to 12: tokens.
        for (fault, external_id, words) in [
            (Fault::TokensRevoked, PAGE, "withdrawn"),
            (Fault::TokensExpired, PROFESSIONAL, "expired"),
            (Fault::ScopeWithheld, NUMBER, "whatsapp_business_messaging is gone"),
        ] {
            sim.fault(fault, true);
            expect(external_id, Link::Token, words).await;
            sim.heal();
        }
        // 13 and 14: the number.
        sim.set_number(NUMBER, "BANNED", "CLOUD_API");
        expect(NUMBER, Link::Number, "BANNED").await;
        sim.set_number(NUMBER, "PENDING", "NOT_APPLICABLE");
        expect(NUMBER, Link::Number, "not registered").await;
        sim.set_number(NUMBER, "CONNECTED", "CLOUD_API");
        assert_eq!(diagnose(world, NUMBER).await.cause(), None, "and nothing is left of them");
    })
    .await;
}

#[tokio::test]
async fn each_fault_on_our_side_is_named() {
    world_with_meta(async |world, sim| {
        let browser = healthy(world, sim).await;
        let channel = world.channel_path(NUMBER).await;
        let endpoint = format!("/endpoints/{}", world.acme.endpoint_id);
        let expect = async |link: Link, state: State, words: &str| {
            let (found, was, evidence) = cause(world, NUMBER).await;
            assert_eq!((found, was), (link, state), "{words}: {evidence}");
            assert!(evidence.contains(words), "{words}: {evidence}");
        };
        // 15: Meta sends nothing any more.
        sim.fault(Fault::Silent, true);
        world.advance(TimeDelta::days(2)).await;
        expect(Link::Arrival, State::Warning, "Nothing has come for a day or more").await;
        sim.heal();
        // 16: signed with another secret.
        sim.fault(Fault::SignsWrong, true);
        sim.send(NUMBER, Message { text: "hello".to_owned(), media: None }).await;
        world.settle().await;
        expect(Link::Signature, State::Bad, "fits no secret of Connect").await;
        sim.heal();
        world.clock.advance(TimeDelta::seconds(1));
        sim.send(NUMBER, Message { text: "hello".to_owned(), media: None }).await;
        world.settle().await;
        assert_eq!(diagnose(world, NUMBER).await.cause(), None);
        // 17: disabled here.
        browser.submit(&format!("{channel}/disable"), &[]).await;
        expect(Link::Routing, State::Bad, "disabled").await;
        browser.submit(&format!("{channel}/enable"), &[]).await;
        // 18: paused.
        browser.submit(&format!("{endpoint}/pause"), &[]).await;
        expect(Link::Endpoint, State::Bad, "main is paused").await;
        browser.submit(&format!("{endpoint}/resume"), &[]).await;
        // 19: no endpoint wants it.
        world.execute("update endpoint set events = '{message.read}'").await;
        expect(Link::Endpoint, State::Bad, "No endpoint takes message.received").await;
        world.execute("update endpoint set events = '{*}'").await;
        world.relay.refresh().await.expect("the directory is read");
        // 20: it parks.
        world.receiver.will_reply(world.acme.hook, [Reply::Status(500), Reply::Status(500), Reply::Status(500)]);
        sim.send(NUMBER, Message { text: "hello".to_owned(), media: None }).await;
        for _ in 0..3 {
            world.advance(TimeDelta::minutes(10)).await;
        }
        expect(Link::Breaker, State::Warning, "1 event is parked for main").await;
        // 21: there is none.
        world.execute("delete from endpoint where name = 'main' and tenant_id = (select tenant_id from tenant where name = 'Acme')").await;
        expect(Link::Endpoint, State::Bad, "There is no endpoint").await;
    })
    .await;
}

#[tokio::test]
async fn meta_that_does_not_answer_is_no_cause() {
    world_with_meta(async |world, sim| {
        healthy(world, sim).await;
        sim.fault(Fault::Down, true);
        let found = diagnose(world, PAGE).await;
        assert_eq!(found.cause(), None, "{found:#?}");
        assert!(found.lines.iter().any(|line| line.link == Link::App && line.state == State::Unknown));
    })
    .await;
}

#[tokio::test]
async fn the_page_and_the_api_tell_it() {
    world_with_meta(async |world, sim| {
        let browser = healthy(world, sim).await;
        let doctor = format!("{}/doctor", world.channel_path(NUMBER).await);
        let page = browser.get(&doctor).await;
        assert!(page.words().contains("Everything works, from Meta to your endpoint."), "{}", page.words());
        assert_eq!(page.all(".chain li").len(), 10);
        sim.set_override(NUMBER, "https://old-tool.example/meta?token=secret");
        let page = browser.get(&doctor).await;
        assert!(
            page.words().contains("The cause is at Meta. Its messages are sent to old-tool.example instead."),
            "{}",
            page.words()
        );
        assert!(!page.text.contains("token=secret"));
        let api = Program::of(world, &world.acme, &["read"]).await;
        let told = api.get(&doctor).await.json;
        assert_eq!((&told["cause"], &told["links"][0]["state"]), (&"override".into(), &"good".into()));
        let words = browser.submit(&doctor.replace("/doctor", "/override"), &[]).await.words();
        assert!(
            words.contains("Its messages are sent here from now on") && words.contains("Everything works"),
            "{words}"
        );
        let globex = Program::of(world, &world.globex, &["read"]).await;
        assert_eq!(globex.get(&doctor).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn the_reconciler_puts_right_what_it_may_and_says_so() {
    world_with_meta(async |world, sim| {
        let browser = healthy(world, sim).await;
        for id in [ACCOUNT, PAGE, PROFESSIONAL] {
            sim.set_subscribed(id, None);
        }
        world.advance(TimeDelta::hours(1)).await;
        assert_eq!(sim.subscribed(PAGE), None, "it is not its time yet");
        world.advance(TimeDelta::hours(5)).await;
        assert!(sim.subscribed(ACCOUNT).is_some());
        assert_eq!(sim.subscribed(PAGE).map(|fields| fields.len()), Some(socialhook_relay::connect::PAGE_FIELDS.len()));
        assert_eq!(
            sim.subscribed(PROFESSIONAL).map(|fields| fields.len()),
            Some(socialhook_relay::connect::INSTAGRAM_FIELDS.len())
        );
        for external_id in [NUMBER, PAGE, PROFESSIONAL] {
            let words = browser.get(&world.channel_path(external_id).await).await.words();
            assert!(words.contains("Subscribed the app to it again"), "{words}");
        }
        assert_eq!(world.count("select count(*) from repair").await, 3);
        world.advance(TimeDelta::hours(6)).await;
        assert_eq!(world.count("select count(*) from repair").await, 3, "what is right is left alone");
        // An override is somebody's wish: it is told, and left.
        sim.set_override(NUMBER, "https://old-tool.example/meta");
        world.advance(TimeDelta::hours(6)).await;
        assert_eq!(diagnose(world, NUMBER).await.cause().map(|line| line.link), Some(Link::Override));
    })
    .await;
}

#[tokio::test]
async fn instagrams_token_is_renewed_and_dead_ones_are_told() {
    world_with_meta(async |world, sim| {
        healthy(world, sim).await;
        world.advance(TimeDelta::days(31)).await;
        assert_eq!(world.count("select count(*) from repair where what = 'Renewed the access token'").await, 1);
        let ends = "select extract(day from token_expires_at - token_made_at)::bigint from connection where kind = 'instagram'";
        assert_eq!(world.count(ends).await, 59);
        sim.fault(Fault::TokensExpired, true);
        world.advance(TimeDelta::hours(6)).await;
        sim.heal();
        let browser = signed_in(world, &world.acme).await;
        let told = browser.get("/overview").await.all(".attention li");
        assert!(told.iter().any(|line| line.contains("No access") && line.contains("Lighthouse Shop")), "{told:?}");
        assert_eq!(world.count("select count(*) from connection where dead_reason is not null").await, 3);
        let words = browser.get(&world.channel_path(NUMBER).await).await.words();
        assert!(words.contains("No access") && words.contains("Connect again"), "{words}");
        for way in ["whatsapp", "pages", "instagram"] {
            connect(world, &browser, way).await;
        }
        assert_eq!(world.count("select count(*) from connection where dead_at is not null").await, 0, "connecting again mends it");
    })
    .await;
}

#[tokio::test]
async fn a_silence_says_whose_side_it_is_on() {
    world_with_meta(async |world, sim| {
        let browser = healthy(world, sim).await;
        for n in 0..60 {
            let message = Message { text: format!("message {n}"), media: None };
            sim.send(NUMBER, message).await;
            world.advance(TimeDelta::hours(1)).await;
        }
        let about = async || {
            let told = browser.get("/overview").await.all(".attention li");
            told.into_iter().find(|line| line.contains("silent")).unwrap_or_default()
        };
        assert_eq!(about().await, "");
        world.advance(TimeDelta::days(4)).await;
        let told = about().await;
        assert!(
            told.contains("Lighthouse Shop has been silent for 4 d")
                && told.contains("nobody writes to it, or Meta does not send"),
            "{told}"
        );
        sim.set_number(NUMBER, "BANNED", "CLOUD_API");
        world.advance(TimeDelta::hours(6)).await;
        let told = about().await;
        assert!(told.contains("The cause is at Meta: Meta says BANNED"), "{told}");
    })
    .await;
}
