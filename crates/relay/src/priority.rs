//! How urgent a thread is to the machine: webhooks and deliveries go before what has time.

/// Nine of ten parts of a busy core go to threads that have not stepped back.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// Lets everything else on this machine go before the calling thread, for good: a tenth of a core is left to it where all are busy.
/// Elsewhere than on Linux nothing happens, since priorities are of whole processes there.
pub fn step_back() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICENESS) {
        tracing::debug!(%error, "a thread goes at the usual priority");
    }
}
