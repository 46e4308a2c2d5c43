//! The endpoint that all events are delivered to: notes in the ledgers what arrives, on a thread of its own. Its paths decide how it
//! behaves: `/hang` answers after ten seconds, all others at once.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use super::ledger::{self, Ledger};

pub(super) const HEALTHY: &str = "/hook";
pub(super) const HANGING: &str = "/hang";
const HANG: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub(super) struct Receiver {
    pub(super) address: SocketAddr,
    ledgers: Arc<Ledgers>,
}

/// The runs under way. What arrives for an earlier one is nobody's.
#[derive(Default)]
struct Ledgers(Mutex<Vec<Arc<Ledger>>>);

impl Receiver {
    /// Starts the thread, which lives as long as the process.
    pub(super) fn start() -> std::io::Result<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let ledgers = Arc::<Ledgers>::default();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let shared = ledgers.clone();
        let serve = move || {
            if let Err(error) = runtime.block_on(serve(listener, &shared)) {
                tracing::error!(%error, "the benchmark's receiver died");
            }
        };
        std::thread::Builder::new().name("receiver".to_owned()).spawn(serve)?;
        Ok(Self { address, ledgers })
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// From now on, arrivals are noted in these.
    pub(super) fn note_in(&self, ledgers: &[Arc<Ledger>]) {
        *self.ledgers.0.lock().unwrap_or_else(PoisonError::into_inner) = ledgers.to_vec();
    }
}

impl Ledgers {
    fn note(&self, body: &[u8]) {
        let Some((run, n)) = ledger::find(body) else { return };
        let ledgers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ledger) = ledgers.iter().find(|ledger| ledger.run == run) {
            ledger.arrived(n);
        }
    }
}

async fn serve(listener: std::net::TcpListener, ledgers: &Arc<Ledgers>) -> std::io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(converse(stream, ledgers.clone()));
    }
}

async fn converse(stream: TcpStream, ledgers: Arc<Ledgers>) {
    let service = service_fn(move |request| answer(ledgers.clone(), request));
    // Whoever lets go of his connection has reasons of his own.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(ledgers: Arc<Ledgers>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let hangs = request.uri().path() == HANGING;
    if let Ok(body) = request.into_body().collect().await {
        ledgers.note(&body.to_bytes());
    }
    if hangs {
        tokio::time::sleep(HANG).await;
    }
    Ok(Response::new(Full::new(Bytes::new())))
}
