//! Tells open inspector pages that something came in, within this process. They look again by themselves too, so that a word
//! lost here, or an arrival at another process, only costs a moment.

use std::sync::Arc;

use socialhook_core::id::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};

/// Words kept for a page that is slow to read them; one that misses some looks anyway.
const BACKLOG: usize = 256;
/// Open live pages per process: each holds a connection and asks the database every other second.
const PAGES_MAX: usize = 200;

#[derive(Clone, Debug)]
pub struct Arrivals {
    words: broadcast::Sender<TenantId>,
    places: Arc<Semaphore>,
}

impl Default for Arrivals {
    fn default() -> Self {
        Self { words: broadcast::channel(BACKLOG).0, places: Arc::new(Semaphore::new(PAGES_MAX)) }
    }
}

impl Arrivals {
    pub fn announce(&self, tenant_id: TenantId) {
        // Nobody listening is no failure.
        let _ = self.words.send(tenant_id);
    }

    /// None if too many pages listen already.
    pub fn listen(&self, tenant_id: TenantId) -> Option<Listener> {
        let place = self.places.clone().try_acquire_owned().ok()?;
        Some(Listener { tenant_id, words: self.words.subscribe(), _place: place })
    }
}

#[derive(Debug)]
pub struct Listener {
    tenant_id: TenantId,
    words: broadcast::Receiver<TenantId>,
    _place: OwnedSemaphorePermit,
}

impl Listener {
    /// Returns once something came in for the tenant, or might have.
    pub async fn heard(&mut self) {
        while let Ok(tenant_id) = self.words.recv().await {
            if tenant_id == self.tenant_id {
                return;
            }
        }
    }
}
