//! Guessing: whoever tries too often is told to wait, and nobody is locked out for what others tried.

use chrono::TimeDelta;
use reqwest::StatusCode;

use crate::browser::{Browser, Page};
use crate::world::{PASSWORD, World, world};

const TOO_MANY: StatusCode = StatusCode::TOO_MANY_REQUESTS;

async fn tries(browser: &Browser, email: &str, password: &str) -> Page {
    browser.submit("/sign-in", &[("email", email), ("password", password)]).await
}

/// Wrong passwords until told to wait; returns how many were taken.
async fn guesses(browser: &Browser, email: &str, most: usize) -> usize {
    for count in 0..most {
        match tries(browser, email, "a wrong password").await.status {
            TOO_MANY => return count,
            status => assert_eq!(status, 422),
        }
    }
    most
}

async fn is_let_in(browser: &Browser, email: &str) -> bool {
    tries(browser, email, PASSWORD).await.url.path() == "/overview"
}

#[tokio::test]
async fn who_guesses_has_to_wait_and_others_have_not() {
    world(async |world| {
        let known = Browser::at(&world.base, "5.5.5.5");
        assert!(is_let_in(&known, world.acme.email).await);
        let guesser = Browser::at(&world.base, "6.6.6.6");
        assert_eq!(guesses(&guesser, world.acme.email, 20).await, 10);
        let page = tries(&guesser, world.acme.email, PASSWORD).await;
        assert_eq!(page.status, TOO_MANY, "not even the right one");
        assert!(page.words().contains("wait 2 minutes, then try again"), "{}", page.words());
        assert_eq!(page.attributes("input[name=email]", "value"), [world.acme.email], "it is kept");
        assert_eq!(page.headers["retry-after"], "120");

        // A network of his own does not help him past the account's tries, and another's account has its own.
        assert!(is_let_in(&Browser::at(&world.base, "6.6.6.6"), world.globex.email).await);
        let mut others = 0;
        for network in 0..20 {
            others += guesses(&Browser::at(&world.base, &format!("7.7.{network}.7")), world.acme.email, 10).await;
        }
        assert_eq!(others, 50 - 1 - 10, "the account's, of which the owner's first and the guesser's are gone");
        let stranger = Browser::at(&world.base, "8.8.8.8");
        assert_eq!(tries(&stranger, world.acme.email, PASSWORD).await.status, TOO_MANY);
        // The owner's browser is known, wherever it is.
        known.submit("/sign-out", &[]).await;
        assert!(is_let_in(&known, world.acme.email).await, "the owner is not locked out");

        world.advance(TimeDelta::minutes(2)).await;
        assert_eq!(guesses(&guesser, world.acme.email, 5).await, 1, "one more");
        world.advance(TimeDelta::minutes(30)).await;
        assert!(is_let_in(&guesser, world.acme.email).await);
    })
    .await;
}

#[tokio::test]
async fn addresses_without_an_account_are_treated_alike() {
    world(async |world| {
        let mut told = Vec::new();
        for email in [world.acme.email, "nobody@example.com"] {
            let guesser = Browser::at(&world.base, "6.6.6.6");
            told.push((guesses(&guesser, email, 20).await, tries(&guesser, email, "x").await.words()));
        }
        assert_eq!(told[0], told[1]);
    })
    .await;
}

#[tokio::test]
async fn a_known_browser_guesses_no_more_than_others_and_for_its_account_only() {
    world(async |world| {
        let known = Browser::at(&world.base, "5.5.5.5");
        assert!(is_let_in(&known, world.acme.email).await);
        known.submit("/sign-out", &[]).await;
        assert_eq!(guesses(&known, world.acme.email, 20).await, 10);
        // Its cookie says nothing about another account, whose tries it shares with its network.
        let same_network = Browser::at(&world.base, "5.5.5.5");
        assert_eq!(guesses(&same_network, world.globex.email, 20).await, 10);
        assert_eq!(tries(&known, world.globex.email, PASSWORD).await.status, TOO_MANY);
        assert_eq!(world.count("select count(*) from throttle").await, 5);
        world.advance(TimeDelta::hours(3)).await;
        let mut c = world.pools.background.acquire().await.expect("a connection");
        let swept = socialhook_store::throttle::sweep(&mut c, world.clock.now()).await.expect("sweeps");
        assert_eq!(swept, 5, "what is over is forgotten");
    })
    .await;
}

/// Whoever has the cookie, of a browser that was sold perhaps, gains no tries by writing it in other ways.
#[tokio::test]
async fn a_device_is_one_however_its_cookie_is_written() {
    world(async |world| {
        let known = Browser::at(&world.base, "5.5.5.5");
        assert!(is_let_in(&known, world.acme.email).await);
        let cookie = known.cookie("device").expect("known");
        known.submit("/sign-out", &[]).await;
        let halfway = cookie.len() / 2;
        let mixed = format!("{}{}", cookie[..halfway].to_uppercase(), &cookie[halfway..]);
        let mut taken = 0;
        for written in [cookie.clone(), cookie.to_uppercase(), mixed, format!("{cookie}="), cookie.to_lowercase()] {
            known.set_cookie("device", &written);
            taken += guesses(&known, world.acme.email, 20).await;
        }
        assert_eq!(taken, 20, "ten for the device, ten for the network");
    })
    .await;
}

#[tokio::test]
async fn a_network_that_goes_through_accounts_is_stopped() {
    world(async |world| {
        let guesser = Browser::at(&world.base, "6.6.6.6");
        let mut taken = 0;
        for number in 0..120 {
            taken += guesses(&guesser, &format!("someone{number}@example.com"), 1).await;
        }
        assert_eq!(taken, 100);
        assert!(is_let_in(&Browser::at(&world.base, "6.6.6.7"), world.acme.email).await, "its neighbour is not it");
        let mut applied = 0;
        for number in 0..25 {
            let (tenant, email) = (format!("Tenant {number}"), format!("new{number}@example.com"));
            let fields = [("tenant", tenant.as_str()), ("email", &email), ("password", PASSWORD)];
            applied +=
                usize::from(Browser::at(&world.base, "6.6.6.6").submit("/sign-up", &fields).await.status != TOO_MANY);
        }
        assert_eq!(applied, 20);
    })
    .await;
}

async fn challenge(world: &World, token: &str) -> u16 {
    let path = format!("{}?hub.mode=subscribe&hub.verify_token={token}&hub.challenge=42", world.acme.callback_path);
    Browser::new(&world.base).get(&path).await.status.as_u16()
}

#[tokio::test]
async fn verify_tokens_cannot_be_guessed_for_long() {
    world(async |world| {
        for _ in 0..50 {
            assert_eq!(challenge(world, "verify-Acme").await, 200, "Meta may ask as often as it likes");
        }
        let mut taken = 0;
        while challenge(world, "wrong").await == 403 {
            taken += 1;
        }
        assert_eq!(taken, 30);
        assert_eq!(challenge(world, "verify-Acme").await, 429);
        world.advance(TimeDelta::seconds(10)).await;
        assert_eq!(challenge(world, "verify-Acme").await, 200);
    })
    .await;
}
