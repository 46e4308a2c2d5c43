//! A Meta to develop, show and test against: Graph, the login dialogs, media, and signed webhooks, all from memory.
//!
//! What must hold: it answers as the catalogue says Meta does, with Meta's errors, so that the code that talks to it is the code that
//! talks to Meta; what goes wrong at Meta can be had on demand ([`Fault`]). Each of Meta's hosts is the first part of the path.

mod accounts;
mod dialogs;
mod faults;
mod graph;
mod instagram;
mod media;
mod page;
mod state;
mod tokens;
mod webhooks;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use socialhook_core::clock::Clock;
use tokio::net::TcpListener;
use url::Url;

pub use self::accounts::{MetaApp, PERSON};
pub use self::faults::Fault;
pub use self::media::NewMedia;
use self::state::State;
pub use self::webhooks::{Message, Sent};

/// Requests that are still to be repeated are looked at so often, unless by hand.
const RETRY_EVERY: Duration = Duration::from_secs(1);

/// A running simulator. Cheap to clone.
#[derive(Clone)]
pub struct MetaSim(Arc<Inner>);

struct Inner {
    base: Url,
    clock: Clock,
    http: reqwest::Client,
    state: Mutex<State>,
}

impl MetaSim {
    /// Serves on a listener until the process ends, with the accounts of [`accounts`].
    ///
    /// # Errors
    /// If the listener has no address, or no HTTP client can be made.
    pub fn start(listener: TcpListener, clock: Clock) -> std::io::Result<Self> {
        let base = own_url(listener.local_addr()?);
        #[expect(clippy::disallowed_methods, reason = "it stands for Meta, and runs where nobody else can reach it")]
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build();
        let http = http.map_err(std::io::Error::other)?;
        let sim = Self(Arc::new(Inner { base, clock, http, state: Mutex::new(State::new()) }));
        let router = sim.router();
        tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the simulator ended");
            }
        });
        Ok(sim)
    }

    /// Where it is: what `SOCIALHOOK_META_URL` is set to.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.0.base
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on this goes wrong, or does not any more.
    pub fn fault(&self, fault: Fault, is_on: bool) {
        let mut state = self.state();
        if is_on {
            state.faults.insert(fault);
        } else {
            state.faults.remove(&fault);
        }
    }

    /// Nothing goes wrong any more.
    pub fn heal(&self) {
        self.state().faults.clear();
    }

    fn has(&self, fault: Fault) -> bool {
        self.state().faults.contains(&fault)
    }

    fn router(&self) -> Router {
        let graph = "/graph.facebook.com/{version}";
        Router::new()
            .route("/", get(page::show))
            .route("/favicon.ico", get(async || axum::http::StatusCode::NO_CONTENT))
            .route("/sim.css", get(page::style))
            .route("/sim.js", get(page::script))
            .route("/sim/faults", post(page::set_faults))
            .route("/sim/messages", post(page::send))
            .route("/sim/apps", post(page::set_app))
            .route("/sim/tokens", post(page::make_token))
            .route("/www.facebook.com/{version}/dialog/oauth", get(dialogs::facebook).post(dialogs::facebook_answer))
            .route("/www.instagram.com/oauth/authorize", get(dialogs::instagram).post(dialogs::instagram_answer))
            .route(&format!("{graph}/oauth/access_token"), get(tokens::exchange))
            .route(&format!("{graph}/debug_token"), get(tokens::debug))
            .route(&format!("{graph}/me/accounts"), get(graph::pages))
            .route(&format!("{graph}/{{id}}"), get(graph::node).post(graph::set_number_override))
            .route(
                &format!("{graph}/{{id}}/subscriptions"),
                get(graph::app_subscriptions).post(webhooks::subscribe_app),
            )
            .route(&format!("{graph}/{{id}}/phone_numbers"), get(graph::phone_numbers))
            .route(&format!("{graph}/{{id}}/register"), post(graph::register))
            .route(
                &format!("{graph}/{{id}}/subscribed_apps"),
                get(graph::subscribed).post(graph::subscribe).delete(graph::unsubscribe),
            )
            .route("/api.instagram.com/oauth/access_token", post(instagram::exchange))
            .route("/graph.instagram.com/access_token", get(instagram::extend))
            .route("/graph.instagram.com/refresh_access_token", get(instagram::refresh))
            .route("/graph.instagram.com/{version}/me", get(instagram::me))
            .route(
                "/graph.instagram.com/{version}/me/subscribed_apps",
                get(instagram::subscribed).post(instagram::subscribe).delete(instagram::unsubscribe),
            )
            .route("/media/{key}", get(media::download))
            .route("/cdn/{id}", get(media::public))
            .with_state(self.clone())
    }
}

/// `socialhook meta-sim`: serves until it is ended.
///
/// # Errors
/// If the address is taken.
pub async fn run(listen: SocketAddr, app: MetaApp) -> std::io::Result<()> {
    let sim = MetaSim::start(TcpListener::bind(listen).await?, Clock::System)?;
    let (id, instagram_id) = (app.id.clone(), app.instagram_id.clone());
    sim.set_app(app);
    eprintln!("Simulated Meta on {}", sim.url());
    eprintln!("App {id}, Instagram app {instagram_id}. Start the service with SOCIALHOOK_META_URL={}", sim.url());
    loop {
        tokio::time::sleep(RETRY_EVERY).await;
        sim.retry_due().await;
    }
}

fn own_url(address: SocketAddr) -> Url {
    crate::serve::own_url(address)
}
