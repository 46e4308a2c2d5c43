//! A way to the database that can be led elsewhere, cut, or made silent, as networks do.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};

use tokio::io::AsyncWriteExt;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

#[derive(Default)]
struct State {
    to: AtomicU16,
    /// What is sent is swallowed, by connections that are open now and ever after.
    silent: AtomicBool,
    silenced: Notify,
}

pub struct Proxy {
    pub port: u16,
    state: Arc<State>,
}

impl Proxy {
    pub async fn start(to: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(State { to: AtomicU16::new(to), ..State::default() });
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, shared.clone()));
            }
        });
        Self { port, state }
    }

    /// New connections go to another server from now on.
    pub fn lead_to(&self, port: u16) {
        self.state.to.store(port, Ordering::SeqCst);
        self.state.silent.store(false, Ordering::SeqCst);
    }

    /// Nothing gets through any more, and nobody is told: what is open stays open, for ever.
    pub fn fall_silent(&self) {
        self.state.silent.store(true, Ordering::SeqCst);
        self.state.silenced.notify_waiters();
    }
}

async fn pass(client: TcpStream, state: Arc<State>) {
    let silenced = state.silenced.notified();
    tokio::pin!(silenced);
    silenced.as_mut().enable();
    if state.silent.load(Ordering::SeqCst) {
        return hold(client).await;
    }
    let Ok(server) = TcpStream::connect(("127.0.0.1", state.to.load(Ordering::SeqCst))).await else { return };
    let ((from_client, mut to_client), (from_server, mut to_server)) = (client.into_split(), server.into_split());
    let both = async {
        tokio::select! {
            () = copy(&from_client, &mut to_server) => {}
            () = copy(&from_server, &mut to_client) => {}
        }
    };
    tokio::select! {
        () = both => {}
        () = &mut silenced => {
            drop((from_server, to_server));
            let client = from_client.reunite(to_client).expect("halves of one");
            hold(client).await;
        }
    }
}

async fn copy(from: &OwnedReadHalf, to: &mut OwnedWriteHalf) {
    let mut buffer = vec![0; 64 << 10];
    while from.readable().await.is_ok() {
        match from.try_read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => {
                if to.write_all(&buffer[..count]).await.is_err() {
                    return;
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return,
        }
    }
}

/// Until the client gives up.
async fn hold(client: TcpStream) {
    let mut buffer = vec![0; 64 << 10];
    while client.readable().await.is_ok() {
        match client.try_read(&mut buffer) {
            Ok(0) => return,
            Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => return,
            _ => {}
        }
    }
}
