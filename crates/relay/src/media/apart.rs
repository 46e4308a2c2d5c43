//! A thread of its own for downloads: receiving, hashing and writing megabytes must not stand in a queue with webhooks and deliveries.
//!
//! What must hold: nothing that runs here uses the database, whose connections belong to the other threads; whoever gives up waiting ends it.

use std::future::Future;
use std::io;

use tokio::runtime::{Builder, Runtime};
use tokio_util::task::AbortOnDropHandle;

use crate::priority;

/// Threads that write, beside the one that receives and hashes: each keeps some memory to itself.
const WRITERS: usize = 2;

pub(super) struct Apart(Option<Runtime>);

impl Apart {
    pub(super) fn start() -> io::Result<Self> {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(1).max_blocking_threads(WRITERS).thread_name("media");
        builder.on_thread_start(priority::step_back).enable_all();
        builder.build().map(Some).map(Self)
    }

    /// What came of the work; none if it did not get to its end.
    pub(super) async fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Option<T> {
        AbortOnDropHandle::new(self.0.as_ref()?.spawn(work)).await.ok()
    }
}

impl Drop for Apart {
    /// Without waiting, which would not be allowed where other work is carried out.
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
