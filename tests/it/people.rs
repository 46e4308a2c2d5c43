//! People: signing up by mail, a forgotten password, another address, invitations, roles, several tenants.

use chrono::TimeDelta;

use crate::browser::{Browser, Page};
use crate::mailbox::{empty, letter, letters};
use crate::world::{PASSWORD, World, world, world_with_mail};

const NEW: &str = "another long password";
const GRACE: &str = "grace@example.test";
const JOIN: &str = "Join Acme at SocialHook";

async fn signed_in(world: &World, email: &str, password: &str) -> Option<Browser> {
    let browser = Browser::new(&world.base);
    let page = browser.submit("/sign-in", &[("email", email), ("password", password)]).await;
    (page.url.path() == "/overview").then_some(browser)
}

async fn sign_up(browser: &Browser, email: &str) -> Page {
    browser.submit("/sign-up", &[("tenant", "Initech"), ("email", email), ("password", NEW)]).await
}

#[tokio::test]
async fn an_account_is_made_when_its_link_is_followed() {
    world_with_mail(async |world| {
        let email = "bill@initech.test";
        let browser = Browser::new(&world.base);
        let page = sign_up(&browser, email).await;
        assert!(page.words().contains("A letter is on its way to bill@initech.test."), "{}", page.words());
        assert!(signed_in(world, email, NEW).await.is_none(), "there is no account yet");
        let letter = letter(world, email, "Confirm your address for SocialHook").await;
        let (path, token) = (letter.path(world), letter.token(world));

        let elsewhere = Browser::new(&world.base);
        assert!(elsewhere.get(&path).await.words().contains("The one that you chose when you signed up."));
        let page = elsewhere.submit("/sign-up/confirm", &[("token", &token), ("password", "not the one")]).await;
        assert_eq!(page.status, 422, "whoever reads the mail alone gets no account that another knows the password of");

        let page = browser.get(&path).await;
        assert!(!page.text.contains("type=\"password\""), "the browser that signed up need not know it again");
        let page = browser.submit("/sign-up/confirm", &[("token", &token)]).await;
        assert_eq!(page.url.path(), "/start", "{}", page.words());
        assert!(signed_in(world, email, NEW).await.is_some());
        assert_eq!(browser.submit("/sign-up/confirm", &[("token", &token)]).await.status, 410, "a link is good once");
        assert_eq!(world.count("select count(*) from sign_up").await, 0);
    })
    .await;
}

#[tokio::test]
async fn signing_up_tells_nobody_which_addresses_have_an_account() {
    world_with_mail(async |world| {
        let known = sign_up(&Browser::new(&world.base), "ACME@example.test").await;
        let unknown = sign_up(&Browser::new(&world.base), "none@example.test").await;
        let told = |page: &Page, email: &str| (page.status, page.words().replace(email, "…"));
        assert_eq!(told(&known, "ACME@example.test"), told(&unknown, "none@example.test"));
        let letter = letter(world, "ACME@example.test", "You have a SocialHook account already").await;
        assert!(!letter.text.contains("token="));
        assert!(signed_in(world, world.acme.email, PASSWORD).await.is_some(), "nothing was changed");
        assert!(signed_in(world, world.acme.email, NEW).await.is_none());
    })
    .await;
}

#[tokio::test]
async fn links_are_over_in_time() {
    world_with_mail(async |world| {
        let browser = Browser::new(&world.base);
        sign_up(&browser, "bill@initech.test").await;
        let path = letter(world, "bill@initech.test", "Confirm your address for SocialHook").await.path(world);
        browser.submit("/forgot", &[("email", world.acme.email)]).await;
        let reset = letter(world, world.acme.email, "Choose a new password for SocialHook").await.path(world);
        assert_eq!(browser.get(&reset).await.status, 200);
        world.advance(TimeDelta::minutes(61)).await;
        assert_eq!(browser.get(&reset).await.status, 410);
        assert_eq!(browser.get(&path).await.status, 200);
        world.advance(TimeDelta::hours(24)).await;
        let page = browser.get(&path).await;
        assert_eq!(page.status, 410);
        assert!(page.words().contains("This link does not work any more"), "{}", page.words());
        world.relay.keep_house().await.expect("swept");
        assert_eq!(world.count("select (select count(*) from sign_up) + (select count(*) from account_link)").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_forgotten_password_is_chosen_anew() {
    world(async |world| {
        let email = world.acme.email;
        let before = signed_in(world, email, PASSWORD).await.expect("in");
        let globex = signed_in(world, world.globex.email, PASSWORD).await.expect("in");
        let browser = Browser::new(&world.base);
        let known = browser.submit("/forgot", &[("email", email)]).await;
        let unknown = browser.submit("/forgot", &[("email", "none@example.test")]).await;
        assert_eq!(known.words().replace(email, "…"), unknown.words().replace("none@example.test", "…"));
        letter(world, "none@example.test", "No SocialHook account with this address").await;
        let letter = letter(world, email, "Choose a new password for SocialHook").await;
        let token = letter.token(world);
        assert_eq!(browser.get(&letter.path(world)).await.status, 200);
        let weak = browser.submit("/reset", &[("token", &token), ("password", "password123")]).await;
        assert_eq!(weak.status, 422, "a weak one is refused, and the link still good");
        let page = browser.submit("/reset", &[("token", &token), ("password", NEW)]).await;
        assert!(page.words().contains("Your new password is set"), "{}", page.words());
        assert_eq!(before.get("/overview").await.url.path(), "/sign-in", "all browsers are signed out");
        assert_eq!(globex.get("/overview").await.url.path(), "/overview", "but another account's");
        assert!(signed_in(world, email, PASSWORD).await.is_none());
        assert!(signed_in(world, email, NEW).await.is_some());
        assert_eq!(browser.submit("/reset", &[("token", &token), ("password", PASSWORD)]).await.status, 410);
        assert!(
            letters(world, email).await.iter().any(|letter| letter.subject == "The password was changed at SocialHook")
        );
        assert_eq!(browser.get("/reset?token=").await.status, 410);
        assert_eq!(browser.get("/reset?token=%00").await.status, 410);
    })
    .await;
}

#[tokio::test]
async fn another_address_is_taken_from_its_mailbox_and_given_back_from_the_old() {
    world(async |world| {
        let old = world.acme.email;
        let own = signed_in(world, old, PASSWORD).await.expect("in");
        let wish = |email: &'static str, password: &'static str| [("email", email), ("email_password", password)];
        let page = own.submit("/account/email", &wish("grace@example.test", "not it")).await;
        assert_eq!(page.status, 422);
        own.submit("/account/email", &wish("GRACE@example.test", PASSWORD)).await;
        own.submit("/account/email", &wish(GRACE, PASSWORD)).await;
        let first = letter(world, "GRACE@example.test", "Confirm your new address for SocialHook").await;
        let stranger = Browser::new(&world.base);
        assert_eq!(stranger.get(&first.path(world)).await.status, 410, "a later wish replaces an earlier one");
        let letter_to_new = letter(world, GRACE, "Confirm your new address for SocialHook").await;
        assert!(own.get("/account").await.words().contains(old), "nothing has changed yet");
        stranger.submit("/email", &[("token", &letter_to_new.token(world))]).await;
        assert!(own.get("/account").await.words().contains(GRACE));
        assert!(signed_in(world, old, PASSWORD).await.is_none());

        let back = letter(world, old, "Your SocialHook account has another address now").await;
        assert!(stranger.get(&back.path(world)).await.words().contains("Take your account back"));
        let page = stranger.submit("/email", &[("token", &back.token(world))]).await;
        assert_eq!(page.url.path(), "/reset");
        assert_eq!(own.get("/account").await.url.path(), "/sign-in", "all browsers are signed out");
        let token = page.attributes("input[name=token]", "value").remove(0);
        stranger.submit("/reset", &[("token", &token), ("password", NEW)]).await;
        assert!(signed_in(world, old, NEW).await.is_some());
        assert!(signed_in(world, GRACE, PASSWORD).await.is_none());
    })
    .await;
}

#[tokio::test]
async fn an_address_with_an_account_cannot_be_taken() {
    world(async |world| {
        let own = signed_in(world, world.acme.email, PASSWORD).await.expect("in");
        let wish = [("email", world.globex.email), ("email_password", PASSWORD)];
        let page = own.submit("/account/email", &wish).await;
        assert!(page.words().contains("A letter is on its way"), "it is not told that it is taken");
        let letter = letter(world, world.globex.email, "Confirm your new address for SocialHook").await;
        assert_eq!(own.submit("/email", &[("token", &letter.token(world))]).await.status, 410);
        assert!(signed_in(world, world.globex.email, PASSWORD).await.is_some());
    })
    .await;
}

#[tokio::test]
async fn who_is_invited_joins_with_a_new_account_or_their_own() {
    world(async |world| {
        let acme = signed_in(world, world.acme.email, PASSWORD).await.expect("in");
        let page = acme.submit("/members", &[("email", GRACE), ("role", "viewer")]).await;
        assert!(page.words().contains("An invitation is on its way to grace@example.test."), "{}", page.words());
        let invitation = letter(world, GRACE, JOIN).await;
        let grace = Browser::new(&world.base);
        assert!(grace.get(&invitation.path(world)).await.words().contains("Choose a password"));
        let token = invitation.token(world);
        let page = grace.submit("/join", &[("token", &token), ("password", NEW)]).await;
        assert_eq!(page.url.path(), "/overview");
        assert!(page.words().contains("You belong to Acme now."), "{}", page.words());
        assert_eq!(grace.submit("/endpoints", &[]).await.status, 403, "as what they were asked to be");
        assert_eq!(grace.submit("/join", &[("token", &token), ("password", NEW)]).await.status, 410);

        acme.submit("/members", &[("email", world.globex.email), ("role", "developer")]).await;
        let invitation = letter(world, world.globex.email, JOIN).await;
        assert!(acme.get(&invitation.path(world)).await.words().contains("You are signed in as acme@example.test"));
        let stranger = Browser::new(&world.base);
        let page = stranger.submit("/join", &[("token", &invitation.token(world)), ("password", NEW)]).await;
        assert!(page.words().contains("There is an account with this address."), "the link alone is not enough");
        let globex = signed_in(world, world.globex.email, PASSWORD).await.expect("in");
        globex.submit("/join", &[("token", &invitation.token(world))]).await;
        assert_eq!(globex.get("/overview").await.find(".who strong").as_deref(), Some("Acme"));
        let names = acme.get("/members").await.all("main tbody td[data-label='E-mail']");
        assert_eq!(names, ["acme@example.test you", world.globex.email, GRACE]);
    })
    .await;
}

#[tokio::test]
async fn people_look_at_one_tenant_at_a_time() {
    world(async |world| {
        let acme = signed_in(world, world.acme.email, PASSWORD).await.expect("in");
        world.clock.advance(TimeDelta::seconds(1));
        let page = acme.submit("/tenants", &[("name", "Initech")]).await;
        assert_eq!(page.url.path(), "/start");
        assert!(acme.get("/endpoints").await.all("main a.row-link").contains(&"Inspector".to_owned()));
        let endpoint = format!("/endpoints/{}", world.acme.endpoint_id);
        assert_eq!(acme.get(&endpoint).await.status, 404, "Initech does not see Acme's");
        let choices = acme.get("/tenants").await;
        assert_eq!(choices.all(".choices strong"), ["Acme", "Initech"]);
        let ids = choices.attributes(".choices input[name=tenant]", "value");
        acme.submit("/tenants/choice", &[("tenant", &ids[0])]).await;
        assert_eq!(acme.get(&endpoint).await.status, 200);
        let globex = signed_in(world, world.globex.email, PASSWORD).await.expect("in");
        assert_eq!(globex.submit("/tenants/choice", &[("tenant", &ids[0])]).await.status, 404);
        assert_eq!(globex.get(&endpoint).await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn owners_decide_who_belongs_and_one_is_always_left() {
    world(async |world| {
        let acme = signed_in(world, world.acme.email, PASSWORD).await.expect("in");
        acme.submit("/members", &[("email", GRACE), ("role", "developer")]).await;
        let token = letter(world, GRACE, JOIN).await.token(world);
        let grace = Browser::new(&world.base);
        grace.submit("/join", &[("token", &token), ("password", NEW)]).await;
        let links = acme.get("/members").await.attributes("main a[href$='/remove']", "href");
        let [own, graces] = [&links[0], &links[1]].map(|link| link.trim_end_matches("/remove").to_owned());
        assert_eq!(
            grace.get("/members").await.attributes("main a[href$='/remove']", "href"),
            [format!("{graces}/remove")]
        );
        for path in [format!("{own}/remove"), format!("{graces}/role")] {
            let page = grace.submit(&path, &[("role", "owner")]).await;
            assert_eq!(page.status, 403, "{path}");
            assert!(page.words().contains("Only an owner can do this"));
        }
        assert_eq!(grace.submit("/members", &[("email", "x@example.test"), ("role", "owner")]).await.status, 403);
        for (path, role) in [(format!("{own}/role"), "viewer"), (format!("{own}/remove"), "")] {
            let page = acme.submit(&path, &[("role", role)]).await;
            assert!(page.words().contains("one owner has to be left"), "{}", page.words());
        }
        acme.submit(&format!("{graces}/role"), &[("role", "owner")]).await;
        acme.submit(&format!("{own}/role"), &[("role", "viewer")]).await;
        assert_eq!(acme.submit("/endpoints", &[]).await.status, 403);
        assert_eq!(acme.submit(&format!("{graces}/remove"), &[]).await.status, 403, "a viewer removes nobody");
        let page = acme.get(&format!("{own}/remove")).await;
        assert!(page.words().contains("Leave Acme?"), "{}", page.words());
        acme.submit(&format!("{own}/remove"), &[]).await;
        let page = grace.get("/audit").await;
        assert!(page.words().contains("Removed a member"), "{}", page.words());
        let page = acme.get("/overview").await;
        assert_eq!(page.url.path(), "/tenants", "who belongs to nothing is led to where that changes");
        assert!(page.words().contains("You belong to none at this time."));
    })
    .await;
}

#[tokio::test]
async fn an_invitation_is_revoked_and_replaced() {
    world(async |world| {
        let acme = signed_in(world, world.acme.email, PASSWORD).await.expect("in");
        let invite = async |email: &str| acme.submit("/members", &[("email", email), ("role", "viewer")]).await;
        invite(GRACE).await;
        let first = letter(world, GRACE, JOIN).await.path(world);
        empty(world).await;
        invite("Grace@example.test").await;
        let second = letter(world, "Grace@example.test", JOIN).await.path(world);
        let grace = Browser::new(&world.base);
        assert_eq!(grace.get(&first).await.status, 410);
        assert_eq!(grace.get(&second).await.status, 200);
        let revoke = acme.get("/members").await.attributes("form[action$='/revoke']", "action");
        assert_eq!(revoke.len(), 1);
        acme.submit(&revoke[0], &[]).await;
        assert_eq!(grace.get(&second).await.status, 410);
        assert_eq!(invite(world.acme.email).await.status, 422, "they belong to it already");
        assert_eq!(invite("nobody").await.status, 422);
    })
    .await;
}

#[tokio::test]
async fn nobody_has_us_write_letters_without_end() {
    world(async |world| {
        let browser = Browser::at(&world.base, "5.5.5.5");
        for _ in 0..5 {
            assert_eq!(browser.submit("/forgot", &[("email", world.acme.email)]).await.status, 200);
        }
        assert_eq!(browser.submit("/forgot", &[("email", world.acme.email)]).await.status, 429);
        let all = letters(world, world.acme.email).await;
        assert_eq!(all.len(), 5);
        for letter in all {
            assert_eq!(
                browser.get(&letter.path(world)).await.status,
                200,
                "whoever asks for more spoils no earlier link"
            );
        }
        for n in 0..15 {
            browser.submit("/forgot", &[("email", &format!("a{n}@example.test"))]).await;
        }
        assert_eq!(browser.submit("/forgot", &[("email", "b@example.test")]).await.status, 429);
        let elsewhere = Browser::at(&world.base, "6.6.6.6");
        assert_eq!(elsewhere.submit("/forgot", &[("email", "b@example.test")]).await.status, 200);
    })
    .await;
}
