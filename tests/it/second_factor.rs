//! The second factor, and what is shown only to whoever just showed who they are.

use chrono::TimeDelta;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use crate::browser::Browser;
use crate::mailbox::letters;
use crate::world::{PASSWORD, World, world};

/// A code by RFC 6238, worked out here and not with the library that the service uses.
pub fn code(secret: &str, seconds: i64) -> String {
    let bits: Vec<u8> = secret
        .bytes()
        .flat_map(|letter| {
            let value = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|known| *known == letter).expect("base 32");
            (0..5).rev().map(move |bit| u8::try_from(value >> bit & 1).expect("a bit"))
        })
        .collect();
    let key: Vec<u8> = bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |value, bit| value << 1 | bit)).collect();
    let mut mac = Hmac::<Sha1>::new_from_slice(&key).expect("a key");
    mac.update(&u64::try_from(seconds / 30).expect("a time").to_be_bytes());
    let digest = mac.finalize().into_bytes();
    let at = usize::from(digest[19] & 15);
    let number = u32::from_be_bytes([digest[at] & 127, digest[at + 1], digest[at + 2], digest[at + 3]]);
    format!("{:06}", number % 1_000_000)
}

pub struct Factor {
    pub secret: String,
    pub recovery: Vec<String>,
}

impl Factor {
    fn code(&self, world: &World) -> String {
        code(&self.secret, world.clock.now().timestamp())
    }
}

pub async fn set_up(world: &World, browser: &Browser) -> Factor {
    let page = browser.submit("/account/second-factor", &[]).await;
    let secret = page.find("#factor-secret").expect("a secret");
    let entered = |code: &str, password: &str| [("code", code.to_owned()), ("password", password.to_owned())];
    let confirm = async |code: &str, password: &str| {
        let fields = entered(code, password);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.submit("/account/second-factor/confirm", &fields).await
    };
    let right = code(&secret, world.clock.now().timestamp());
    assert_eq!(confirm("000000", PASSWORD).await.status, 422);
    assert_eq!(confirm(&right, "not it").await.status, 422);
    let page = confirm(&right, PASSWORD).await;
    let recovery = page.find("#recovery-codes").expect("codes");
    let recovery: Vec<String> = recovery.split_whitespace().map(str::to_owned).collect();
    assert_eq!(recovery.len(), 10);
    Factor { secret, recovery }
}

async fn half_in(world: &World) -> Browser {
    let browser = Browser::new(&world.base);
    let page = browser.sign_in(world.acme.email, PASSWORD).await;
    assert_eq!(page.url.path(), "/sign-in/code", "{}", page.words());
    browser
}

#[tokio::test]
async fn signing_in_takes_a_code_and_each_is_good_once() {
    world(async |world| {
        let own = Browser::new(&world.base);
        own.sign_in(world.acme.email, PASSWORD).await;
        let factor = set_up(world, &own).await;
        let browser = half_in(world).await;
        assert_eq!(browser.get("/overview").await.url.path(), "/sign-in", "the password alone opens nothing");
        let used = browser.submit("/sign-in/code", &[("code", &factor.code(world))]).await;
        assert_eq!(used.status, 422, "the code that confirmed it is used up");
        world.clock.advance(TimeDelta::seconds(30));
        let now = factor.code(world);
        let page = browser.submit("/sign-in/code", &[("code", &format!("{} {}", &now[..3], &now[3..]))]).await;
        assert_eq!(page.url.path(), "/overview", "{}", page.words());
        assert_eq!(half_in(world).await.submit("/sign-in/code", &[("code", &now)]).await.status, 422, "good once");

        let lost = half_in(world).await;
        let recovery = &factor.recovery[3];
        assert_eq!(lost.submit("/sign-in/code", &[("code", recovery)]).await.url.path(), "/overview");
        assert_eq!(half_in(world).await.submit("/sign-in/code", &[("code", recovery)]).await.status, 422);
        assert!(lost.get("/account").await.words().contains("9 recovery codes are left"));

        let globex = Browser::new(&world.base);
        let page = globex.sign_in(world.globex.email, PASSWORD).await;
        assert_eq!(page.url.path(), "/overview", "it is Acme's own");
        assert_eq!(globex.get("/sign-in/code").await.url.path(), "/overview", "and nobody else's step");

        let late = half_in(world).await;
        world.clock.advance(TimeDelta::minutes(11));
        assert_eq!(late.submit("/sign-in/code", &[("code", &factor.code(world))]).await.url.path(), "/sign-in");
    })
    .await;
}

#[tokio::test]
async fn a_code_cannot_be_guessed() {
    world(async |world| {
        let own = Browser::new(&world.base);
        own.sign_in(world.acme.email, PASSWORD).await;
        let factor = set_up(world, &own).await;
        let browser = half_in(world).await;
        for _ in 0..10 {
            assert_eq!(browser.submit("/sign-in/code", &[("code", "123456")]).await.status, 422);
        }
        world.clock.advance(TimeDelta::seconds(30));
        assert_eq!(browser.submit("/sign-in/code", &[("code", &factor.code(world))]).await.status, 429);
        let elsewhere = Browser::at(&world.base, "9.9.9.9");
        elsewhere.sign_in(world.acme.email, PASSWORD).await;
        let page = elsewhere.submit("/sign-in/code", &[("code", &factor.code(world))]).await;
        assert_eq!(page.url.path(), "/overview", "nobody is locked out elsewhere");
    })
    .await;
}

#[tokio::test]
async fn codes_are_renewed_and_it_is_switched_off_by_whoever_has_both() {
    world(async |world| {
        let own = Browser::new(&world.base);
        own.sign_in(world.acme.email, PASSWORD).await;
        let factor = set_up(world, &own).await;
        world.clock.advance(TimeDelta::seconds(30));
        for path in ["codes", "remove"] {
            let path = format!("/account/second-factor/{path}");
            for (code, password) in [(factor.code(world).as_str(), "not it"), ("000000", PASSWORD)] {
                let page = own.submit(&path, &[("code", code), ("password", password)]).await;
                assert_eq!(page.status, 422);
                assert!(page.words().contains("Nothing was changed"));
            }
        }
        let both = [("code", factor.code(world)), ("password", PASSWORD.to_owned())];
        let both: Vec<(&str, &str)> = both.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let page = own.submit("/account/second-factor/codes", &both).await;
        let renewed = page.find("#recovery-codes").expect("codes");
        let renewed: Vec<&str> = renewed.split_whitespace().collect();
        let lost = half_in(world).await;
        assert_eq!(
            lost.submit("/sign-in/code", &[("code", &factor.recovery[0])]).await.status,
            422,
            "the old are over"
        );
        let by_recovery = [("code", renewed[0]), ("password", PASSWORD)];
        let page = own.submit("/account/second-factor/remove", &by_recovery).await;
        assert!(page.words().contains("Your second factor is off"), "{}", page.words());
        assert_eq!(Browser::new(&world.base).sign_in(world.acme.email, PASSWORD).await.url.path(), "/overview");
        let subjects: Vec<String> =
            letters(world, world.acme.email).await.into_iter().map(|letter| letter.subject).collect();
        assert!(subjects.iter().any(|subject| subject == "A second factor was switched on at SocialHook"));
        assert!(subjects.iter().any(|subject| subject == "The second factor was switched off at SocialHook"));
        assert_eq!(world.count("select count(*) from recovery_code").await, 0);
    })
    .await;
}

#[tokio::test]
async fn signing_secrets_are_shown_to_whoever_just_showed_who_they_are() {
    world(async |world| {
        let own = Browser::new(&world.base);
        own.sign_in(world.acme.email, PASSWORD).await;
        let path = format!("/endpoints/{}", world.acme.endpoint_id);
        assert!(own.get(&path).await.text.contains(&world.acme.endpoint_secret), "right after signing in");
        world.clock.advance(TimeDelta::minutes(16));
        let page = own.get(&path).await;
        assert!(!page.text.contains(&world.acme.endpoint_secret));
        let proof = page.attributes("main a[href^='/account/proof']", "href");
        assert!(own.get(&proof[0]).await.words().contains("Is it you?"));
        let prove = async |password: &str, next: &str| {
            own.submit("/account/proof", &[("password", password), ("next", next)]).await
        };
        assert_eq!(prove("not it", &path).await.status, 422);
        assert!(!own.get(&path).await.text.contains(&world.acme.endpoint_secret));
        assert_eq!(prove(PASSWORD, "https://evil.test/").await.url.path(), "/account", "it leads nowhere else");
        world.clock.advance(TimeDelta::minutes(16));
        assert!(prove(PASSWORD, &path).await.text.contains(&world.acme.endpoint_secret));

        let factor = set_up(world, &own).await;
        world.clock.advance(TimeDelta::minutes(16));
        assert_eq!(prove(PASSWORD, &path).await.status, 422, "with a second factor, that too");
        let both = [("password", PASSWORD), ("code", &factor.code(world)), ("next", &path)];
        assert!(own.submit("/account/proof", &both).await.text.contains(&world.acme.endpoint_secret));
        world.execute("update member set role = 'viewer'").await;
        assert!(!own.get(&path).await.text.contains(&world.acme.endpoint_secret), "viewers never see one");
    })
    .await;
}
