//! What this process has taken on and the database does not know the end of yet: deliveries, and the manifests that they stand in.
//!
//! What must hold: a delivery is open at most once, so that none is sent twice from here; nothing is forgotten before what came of
//! it is committed.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use socialhook_core::id::ManifestId;
use tokio::sync::Notify;

use crate::job::{Job, Key};

#[derive(Default)]
pub(crate) struct Open {
    state: Mutex<State>,
    settled: Notify,
}

#[derive(Default)]
struct State {
    deliveries: HashSet<Key>,
    /// Being given back. They are not open any more: once released, they may be claimed again at once.
    releasing: usize,
    manifests: HashSet<ManifestId>,
}

impl State {
    fn is_empty(&self) -> bool {
        self.deliveries.is_empty() && self.releasing == 0 && self.manifests.is_empty()
    }
}

impl Open {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes jobs on, but for those that are open already.
    pub(crate) fn take_on(&self, jobs: &mut Vec<Job>) {
        let mut state = self.state();
        jobs.retain(|job| {
            if let Some(manifest) = &job.manifest {
                state.manifests.insert(manifest.manifest_id);
            }
            state.deliveries.insert(job.key())
        });
    }

    /// These go back to the database.
    pub(crate) fn release(&self, keys: &[Key]) {
        let mut state = self.state();
        state.releasing += keys.len();
        for key in keys {
            state.deliveries.remove(key);
        }
    }

    /// So many have gone back.
    pub(crate) fn released(&self, count: usize) {
        self.change(|state| state.releasing -= count);
    }

    /// What came of these is committed.
    pub(crate) fn settle(&self, keys: impl IntoIterator<Item = Key>) {
        self.change(|state| {
            for key in keys {
                state.deliveries.remove(&key);
            }
        });
    }

    /// These manifests are gone.
    pub(crate) fn close(&self, manifests: &[ManifestId]) {
        self.change(|state| {
            for manifest in manifests {
                state.manifests.remove(manifest);
            }
        });
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        change(&mut state);
        if state.is_empty() {
            self.settled.notify_waiters();
        }
    }

    pub(crate) fn has(&self, key: &Key) -> bool {
        self.state().deliveries.contains(key)
    }

    pub(crate) fn has_manifest(&self, manifest_id: ManifestId) -> bool {
        self.state().manifests.contains(&manifest_id)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.state().is_empty()
    }

    /// Resolves once nothing is open.
    pub(crate) async fn empty(&self) {
        loop {
            let settled = self.settled.notified();
            tokio::pin!(settled);
            settled.as_mut().enable();
            if self.is_empty() {
                return;
            }
            settled.await;
        }
    }
}
