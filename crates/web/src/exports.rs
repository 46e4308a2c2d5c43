//! Exports under way: a bounded number of them, and how far each tenant's last one is.
//!
//! What must hold: however an export ends, its place is free again and its end is told as it was. Only the process that sends it knows.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use socialhook_core::id::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::Error;
use crate::member::Member;
use crate::page::html;
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

impl Exports {
    /// A place for an export of this tenant; an error if all are taken, or all that one tenant may have.
    pub fn begin(&self, tenant_id: TenantId) -> Result<Place, Error> {
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

/// Held by an export for as long as it goes on.
#[derive(Debug)]
pub struct Place {
    progress: Arc<Progress>,
    _permit: OwnedSemaphorePermit,
}

impl Place {
    pub fn wrote(&self, rows: usize, bytes: usize) {
        self.progress.rows.fetch_add(u64::try_from(rows).unwrap_or(0), Ordering::Relaxed);
        self.progress.bytes.fetch_add(u64::try_from(bytes).unwrap_or(0), Ordering::Relaxed);
    }

    /// Everything was written.
    pub fn complete(&self) {
        self.progress.is_complete.store(true, Ordering::Relaxed);
    }
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
            let is_complete = progress.is_complete.load(Ordering::Relaxed);
            match (is_complete, progress.is_over.load(Ordering::Relaxed)) {
                (true, over) => (format!("The file is complete: {rows}, {bytes}."), over),
                (false, false) => (format!("{rows} so far, {bytes}."), false),
                (false, true) => {
                    (format!("It broke off after {rows}: the file is not complete. Start it again."), true)
                }
            }
        }
    };
    html(&ProgressPart { words, is_over })
}
