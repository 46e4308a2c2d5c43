//! Files that are sent as they are read: a bounded number of them at once, and how far each tenant's last one is.
//!
//! What must hold: however much it is, memory holds one piece; between two pieces no connection is held, so a slow reader costs the pages
//! nothing. A file that could not be finished ends as a broken transfer, never as one that looks whole, also when its tenant is deleted
//! meanwhile. How far it is, only the process knows that sends it.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use futures_util::stream;
use socialhook_core::id::TenantId;
use socialhook_store::{PgConnection, tenants};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::Error;
use crate::member::Member;
use crate::page::html;
use crate::state::App;
use crate::words;

/// Exports under way per process: each asks the database as fast as its reader reads.
const EXPORTS_MAX: usize = 8;
/// Of one tenant: readers that stall must not keep the others out.
const OF_TENANT_MAX: usize = 2;
/// Tenants whose last export is remembered.
const KNOWN_MAX: usize = 1000;

/// The places for exports, and what is known of them.
#[derive(Clone, Debug)]
pub struct Exports {
    places: Arc<Semaphore>,
    known: Arc<Mutex<HashMap<TenantId, Vec<Arc<Progress>>>>>,
}

impl Default for Exports {
    fn default() -> Self {
        Self { places: Arc::new(Semaphore::new(EXPORTS_MAX)), known: Arc::default() }
    }
}

#[derive(Debug, Default)]
struct Progress {
    rows: AtomicU64,
    bytes: AtomicU64,
    is_complete: AtomicBool,
    is_over: AtomicBool,
}

/// What an export is read from, piece by piece.
pub trait Source: Send + 'static {
    /// The next piece, which may be empty; none after the last one.
    fn next(&mut self, c: &mut PgConnection) -> impl Future<Output = Result<Option<Piece>, Error>> + Send;
}

/// Some rows, as the file has them.
#[derive(Debug, Default)]
pub struct Piece {
    pub rows: usize,
    pub bytes: Vec<u8>,
}

impl Exports {
    /// What is sent; an error if all places are taken, or all that one tenant may have.
    pub fn send(&self, app: App, tenant_id: TenantId, source: impl Source) -> Result<Body, Error> {
        let place = self.begin(tenant_id)?;
        let sending = Sending { app, tenant_id, source, place, is_over: false };
        let pieces = stream::unfold(sending, async |mut sending| {
            if sending.is_over {
                return None;
            }
            let piece = sending.next().await.inspect_err(|error| tracing::error!(%error, "an export broke off"));
            sending.is_over = !matches!(piece, Ok(Some(_)));
            let sent = piece.transpose()?.map(|piece| piece.bytes);
            Some((sent.map_err(|_| io::Error::other("the export broke off")), sending))
        });
        Ok(Body::from_stream(pieces))
    }

    fn begin(&self, tenant_id: TenantId) -> Result<Place, Error> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let own = known.entry(tenant_id).or_default();
        own.retain(|one| !one.is_over.load(Ordering::Relaxed));
        if own.len() >= OF_TENANT_MAX {
            return Err(Error::Busy);
        }
        let permit = self.places.clone().try_acquire_owned().map_err(|_| Error::Busy)?;
        let progress = Arc::new(Progress::default());
        own.push(progress.clone());
        if known.len() > KNOWN_MAX {
            known.retain(|_, own| own.iter().any(|one| !one.is_over.load(Ordering::Relaxed)));
        }
        Ok(Place { progress, _permit: permit })
    }

    fn last(&self, tenant_id: TenantId) -> Option<Arc<Progress>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&tenant_id)?.last().cloned()
    }
}

struct Sending<S> {
    app: App,
    tenant_id: TenantId,
    source: S,
    place: Place,
    /// The last piece was sent, or one failed.
    is_over: bool,
}

impl<S: Source> Sending<S> {
    async fn next(&mut self) -> Result<Option<Piece>, Error> {
        if self.app.stopping.is_cancelled() {
            return Err(Error::Busy);
        }
        let mut c = self.app.tenant(self.tenant_id).await?;
        let piece = self.source.next(&mut c).await?;
        // What was read before the tenant was deleted is whole; an end afterwards would only be that of what is left.
        if !tenants::is_there(&mut c, self.tenant_id).await? {
            return Err(Error::NotFound);
        }
        let progress = &self.place.progress;
        match &piece {
            Some(piece) => {
                progress.rows.fetch_add(u64::try_from(piece.rows).unwrap_or(0), Ordering::Relaxed);
                progress.bytes.fetch_add(u64::try_from(piece.bytes.len()).unwrap_or(0), Ordering::Relaxed);
            }
            None => progress.is_complete.store(true, Ordering::Relaxed),
        }
        Ok(piece)
    }
}

/// Held by an export for as long as it goes on.
#[derive(Debug)]
struct Place {
    progress: Arc<Progress>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.progress.is_over.store(true, Ordering::Relaxed);
    }
}

#[derive(Template)]
#[template(path = "export-progress.html")]
struct ProgressPart {
    words: String,
    is_over: bool,
}

/// How far the tenant's last export is.
pub async fn progress(State(exports): State<Exports>, member: Member) -> Result<Response, Error> {
    let (words, is_over) = match exports.last(member.tenant_id) {
        None => (String::new(), false),
        Some(progress) => {
            let number = |number: &AtomicU64| usize::try_from(number.load(Ordering::Relaxed)).unwrap_or(usize::MAX);
            let rows = words::count(number(&progress.rows), "row", "rows");
            let bytes = words::bytes(number(&progress.bytes));
            let is_over = progress.is_over.load(Ordering::Relaxed);
            let words = match (is_over, progress.is_complete.load(Ordering::Relaxed)) {
                (false, _) => format!("{rows} so far, {bytes}."),
                (true, true) => format!("The file is complete: {rows}, {bytes}."),
                (true, false) => format!("It broke off after {rows}: the file is not complete. Start it again."),
            };
            (words, is_over)
        }
    };
    html(&ProgressPart { words, is_over })
}
