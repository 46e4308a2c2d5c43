//! What settings come to, and which are refused.

use super::*;

#[test]
fn secrets_are_masked() {
    for (url, shown) in [
        ("postgres://relay:hunter2@db.example:5432/x", "db.example"),
        ("postgres://db.example/x?user=relay&password=hunter2", "db.example"),
        ("postgres:///x?host=/run/postgresql&password=hunter2", "postgres:///x"),
        ("postgres://db.example/x#hunter2", "db.example"),
        ("postgres:relay:hunter2@db.example", "given"),
        ("host=db.example password=hunter2", "given"),
    ] {
        let config =
            Options { database_url: Some(url.into()), secret_key: Some("00112233".into()), ..Options::default() };
        let text = config.resolve().expect("valid").describe();
        assert!(text.contains(shown) && !text.contains("hunter2") && !text.contains("00112233"), "{url}: {text}");
    }
}

#[test]
fn private_destinations_are_open_only_on_the_embedded_default() {
    let policy = |options: Options| options.resolve().expect("valid").policy;
    assert_eq!(policy(Options::default()), Policy::AllowPrivate);
    assert_eq!(
        policy(Options { database_url: Some("postgres://x/y".into()), ..Options::default() }),
        Policy::PublicOnly
    );
    for (listen, expected) in [
        ("0.0.0.0:8080", Policy::PublicOnly),
        ("[::]:8080", Policy::PublicOnly),
        ("192.0.2.1:8080", Policy::PublicOnly),
        ("127.0.0.2:80", Policy::AllowPrivate),
        ("[::1]:8080", Policy::AllowPrivate),
    ] {
        let options = Options { listen: listen.parse().ok(), ..Options::default() };
        assert_eq!(policy(options), expected, "{listen}");
    }
    let public = Options { public_url: Url::parse("https://hooks.example.com").ok(), ..Options::default() };
    assert_eq!(policy(public.clone()), Policy::PublicOnly);
    assert_eq!(policy(Options { allow_private_destinations: Some(true), ..public }), Policy::AllowPrivate);
}

#[test]
fn only_the_embedded_database_looks_at_its_disk() {
    let room = |options: Options| options.resolve().expect("valid").room;
    let external = || Options { database_url: Some("postgres://x/y".into()), ..Options::default() };
    assert!(matches!(room(Options::default()), Room::Disk(_)));
    assert_eq!(room(external()), Room::Unlimited);
    for (given, expected) in [("none", Room::Unlimited), ("200GB", Room::Bytes(200_000_000_000))] {
        let retention_bytes = given.parse().ok();
        assert_eq!(room(Options { retention_bytes, ..Options::default() }), expected);
        assert_eq!(room(Options { retention_bytes, ..external() }), expected);
    }
}

#[test]
fn nonsense_is_refused() {
    for options in [
        Options { event_days: Some(0), ..Options::default() },
        Options { receipt_days: Some(91), ..Options::default() },
        Options { retention_bytes: Some(Limit::Bytes(200)), ..Options::default() },
        Options { retry_schedule: Some("often".to_owned()), ..Options::default() },
        Options { drain: Some("soon".to_owned()), ..Options::default() },
        Options { drain: Some("2m".to_owned()), ..Options::default() },
        Options { public_url: Url::parse("https://example.com/path").ok(), ..Options::default() },
        Options { public_url: Url::parse("ftp://example.com").ok(), ..Options::default() },
        Options { trusted_proxies: Some("10.0.0.0/8, proxy".to_owned()), ..Options::default() },
        Options { config: Some("/nowhere/socialhook.toml".into()), ..Options::default() },
    ] {
        assert!(options.resolve().is_err());
    }
}
