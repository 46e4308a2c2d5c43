//! The relay's tasks: counted, so that stopping can wait for them, and watched, so that none dies unnoticed.

use std::future::Future;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

#[derive(Clone, Default)]
pub(crate) struct Tasks {
    tracker: TaskTracker,
    failed: CancellationToken,
}

impl Tasks {
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(work);
    }

    /// For work that the relay cannot do without: if it panics, the relay has failed.
    pub(crate) fn spawn_core(&self, work: impl Future<Output = ()> + Send + 'static) {
        let guard = self.failed.clone().drop_guard();
        self.tracker.spawn(async move {
            work.await;
            guard.disarm();
        });
    }

    /// Resolves if core work has died.
    pub(crate) async fn failed(&self) {
        self.failed.cancelled().await;
    }

    /// Waits for all tasks; none may be needed any more.
    pub(crate) async fn finish(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }
}
