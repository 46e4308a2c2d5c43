//! Mail through a real SMTP server, which may be away, and may refuse.

use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use socialhook_relay::mail::{Mail, Way};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

use crate::browser::Browser;
use crate::world::{World, world};

/// The lines that clients sent, and what it answers to a recipient.
#[derive(Clone, Default)]
struct Server {
    lines: Arc<Mutex<Vec<String>>>,
    answer: Arc<Mutex<&'static str>>,
}

impl Server {
    async fn start() -> (Self, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("smtp://{}", listener.local_addr().expect("an address"));
        let server = Self { answer: Arc::new(Mutex::new("250 ok")), ..Self::default() };
        let own = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(own.clone().serve(stream));
            }
        });
        (server, url)
    }

    async fn serve(self, mut stream: tokio::net::TcpStream) {
        let (read, mut write) = stream.split();
        let mut lines = BufReader::new(read).lines();
        let (mut in_data, mut answer) = (false, "220 mail.test");
        loop {
            if !in_data || answer.starts_with("354") {
                write.write_all(format!("{answer}\r\n").as_bytes()).await.expect("sent");
            }
            let Ok(Some(line)) = lines.next_line().await else { return };
            self.lines.lock().expect("not poisoned").push(line.clone());
            answer = match line.split([' ', ':']).next().unwrap_or_default() {
                "." => {
                    in_data = false;
                    "250 taken"
                }
                _ if in_data => "",
                "RCPT" => *self.answer.lock().expect("not poisoned"),
                "DATA" => {
                    in_data = true;
                    "354 go on"
                }
                _ => "250 ok",
            };
        }
    }

    fn said(&self, what: &str) -> usize {
        self.lines.lock().expect("not poisoned").iter().filter(|line| line.contains(what)).count()
    }
}

async fn forget(world: &World) {
    Browser::new(&world.base).submit("/forgot", &[("email", world.acme.email)]).await;
}

#[tokio::test]
async fn letters_are_sent_again_until_they_are_taken() {
    world(async |world| {
        let (server, url) = Server::start().await;
        let from = "SocialHook <hooks@example.test>".to_owned();
        let relay = world.relay_with(|settings| settings.mail = Mail { way: Way::Smtp(url.into()), from }).await;
        *server.answer.lock().expect("not poisoned") = "451 later";
        forget(world).await;
        relay.settle().await.expect("settles");
        assert_eq!(server.said("RCPT TO:<acme@example.test>"), 1);
        assert_eq!(world.count("select count(*) from mail").await, 1, "it waits");
        *server.answer.lock().expect("not poisoned") = "250 ok";
        world.clock.advance(TimeDelta::seconds(59));
        relay.settle().await.expect("settles");
        assert_eq!(server.said("/reset?token="), 0);
        world.clock.advance(TimeDelta::seconds(2));
        relay.settle().await.expect("settles");
        assert_eq!(server.said("/reset?token="), 1);
        assert_eq!(server.said("Subject: Choose a new password for SocialHook"), 1);
        assert_eq!(world.count("select count(*) from mail").await, 0, "and is kept no longer");

        *server.answer.lock().expect("not poisoned") = "550 nobody";
        forget(world).await;
        relay.settle().await.expect("settles");
        assert_eq!(world.count("select count(*) from mail").await, 0, "what is refused for good is given up");
        relay.stop().await;
    })
    .await;
}

#[tokio::test]
async fn letters_are_sealed_while_they_wait() {
    world(async |world| {
        forget(world).await;
        let dump = world.count("select count(*) from mail where position('token'::bytea in text) > 0").await;
        assert_eq!((dump, world.count("select count(*) from mail").await), (0, 1));
    })
    .await;
}
