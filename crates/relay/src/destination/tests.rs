//! Addresses, URLs, and names that lead elsewhere each time they are asked about.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::TcpListener;

use super::*;

#[test]
fn addresses() {
    let blocked = [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.9.9.9",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:10::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "3fff::1",
        "fc00::1",
        "fd12::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "5f00::1",
    ];
    for address in blocked {
        assert!(!is_public(address.parse().expect("address")), "{address}");
    }
    for address in [
        "1.1.1.1",
        "8.8.8.8",
        "100.63.0.1",
        "172.32.0.1",
        "::ffff:1.1.1.1",
        "2606:4700::1111",
        "2a00:1450::1",
        "2001:4860::1",
    ] {
        assert!(is_public(address.parse().expect("address")), "{address}");
    }
}

#[test]
fn urls() {
    let check = |text| check(text, Policy::PublicOnly);
    for (text, expected) in [
        ("", Unusable::NotAUrl),
        ("example.com/hook", Unusable::NotAUrl),
        ("ftp://example.com", Unusable::Scheme),
        ("file:///etc/passwd", Unusable::Scheme),
        ("https://user:pass@example.com", Unusable::Credentials),
        ("http://127.0.0.1:9900/hook", Unusable::Blocked),
        ("http://2130706433/", Unusable::Blocked),
        ("http://0x7f.1/", Unusable::Blocked),
        ("http://[::1]/", Unusable::Blocked),
        ("http://[::ffff:10.0.0.1]/", Unusable::Blocked),
        ("http://localhost:3000/", Unusable::Blocked),
        ("http://db.internal/", Unusable::Blocked),
        ("http://LOCALHOST./", Unusable::Blocked),
        ("http://printer.local/", Unusable::Blocked),
        ("http://router.home.arpa/", Unusable::Blocked),
        ("http://017700000001/", Unusable::Blocked),
        ("http://127.1/", Unusable::Blocked),
        ("http://169.254.169.254/latest/meta-data/", Unusable::Blocked),
        ("http://[64:ff9b::7f00:1]/", Unusable::Blocked),
        ("http://[2002:7f00:1::]/", Unusable::Blocked),
        ("http://[2001::1]/", Unusable::Blocked),
        ("http://\u{ff11}27.0.0.1/", Unusable::Blocked),
        ("gopher://example.com/", Unusable::Scheme),
        ("javascript:alert(1)", Unusable::Scheme),
        ("https://a@example.com/", Unusable::Credentials),
        ("https://example.com:22/", Unusable::Port(22)),
        ("https://example.com:25/", Unusable::Port(25)),
        ("https://example.com:6379/", Unusable::Port(6379)),
        ("https://example.com:5432/", Unusable::Port(5432)),
        ("https://example.com:0/", Unusable::Port(0)),
    ] {
        assert_eq!(check(text).err(), Some(expected), "{text}");
    }
    for good in [
        "https://example.com/hooks?x=1",
        "https://example.com:8443/",
        "http://example.com:80/",
        "https://example.com:3000/",
    ] {
        assert!(check(good).is_ok(), "{good}");
    }
    assert!(super::check("http://127.0.0.1:9900/hook", Policy::AllowPrivate).is_ok());
    assert!(super::check("http://localhost:3000/", Policy::AllowPrivate).is_ok());
}

/// A resolver that answers these, one after another.
fn answering(answers: &'static [&'static [&'static str]]) -> Resolver {
    let asked = Arc::new(AtomicUsize::new(0));
    let lookup = move |_: String| -> Found {
        let answer = answers[asked.fetch_add(1, Ordering::SeqCst) % answers.len()];
        let found = answer.iter().map(|address| SocketAddr::new(address.parse().expect("an address"), 0)).collect();
        Box::pin(async move { Ok(found) })
    };
    Resolver { policy: Policy::PublicOnly, lookup: Arc::new(lookup) }
}

async fn resolves(resolver: &Resolver) -> bool {
    resolver.resolve("rebinding.example".parse().expect("a name")).await.is_ok()
}

#[tokio::test]
async fn a_name_is_judged_each_time_and_by_all_of_its_addresses() {
    let rebinding = answering(&[&["1.1.1.1"], &["127.0.0.1"], &["1.1.1.1"]]);
    assert_eq!(
        [resolves(&rebinding).await, resolves(&rebinding).await, resolves(&rebinding).await],
        [true, false, true]
    );
    for mixed in [
        answering(&[&["1.1.1.1", "10.0.0.1"]]),
        answering(&[&["::ffff:127.0.0.1"]]),
        answering(&[&["2606:4700::1111", "fd00::1"]]),
        answering(&[&["169.254.169.254", "1.1.1.1"]]),
    ] {
        assert!(!resolves(&mixed).await);
    }
}

/// What was checked is what is connected to: there is no second look-up between.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the guard itself is tested")]
async fn a_name_that_leads_home_is_never_connected_to() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let client = reqwest::Client::builder().no_proxy().dns_resolver(answering(&[&["127.0.0.1"]]));
    let client = client.build().expect("a client");
    let url = format!("http://rebinding.example:{port}/");
    let refused = client.get(url).send().await.expect_err("refused");
    let mut cause: Option<&dyn std::error::Error> = Some(&refused);
    let mut is_blocked = false;
    while let Some(error) = cause {
        is_blocked |= error.downcast_ref::<Blocked>().is_some();
        cause = error.source();
    }
    assert!(is_blocked, "{refused:?}");
    let connected = std::future::poll_fn(|context| std::task::Poll::Ready(listener.poll_accept(context).is_ready()));
    assert!(!connected.await, "nobody connected");
}
