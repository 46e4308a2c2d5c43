//! Every route, in one place.

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use crate::arrivals::Arrivals;
use crate::clinic::Clinic;
use crate::error::Error;
use crate::exports::{self, Exports};
use crate::passwords::Passwords;
use crate::state::App;
use crate::{
    account, api, apps, assets, audit, channels, clinic, connect, conversation, deliveries, delivery, docs, endpoint,
    endpoints, forgot, health, inspector, join, landing, layers, media, members, message, meta, overview, replays,
    search, serve, settings, sign_in, sign_up, start, tenants,
};

/// What the handlers share: what the binary passed in, and what lives as long as the router.
#[derive(Clone, FromRef)]
pub(crate) struct Web {
    app: App,
    passwords: Passwords,
    arrivals: Arrivals,
    exports: Exports,
    clinic: Clinic,
}

/// Everything that this service answers.
pub fn router(app: App) -> Router {
    let recorded = from_fn_with_state(app.clone(), audit::record);
    let pages = pages().layer(layers::timeout()).merge(live()).layer(recorded);
    let all = layers::dashboard(pages, &app)
        .merge(public())
        .merge(Router::new().route("/media/{tenant_id}/{event_id}/{position}", get(media::show)))
        .merge(api::routes(&app))
        .fallback(async || Error::NotFound)
        .method_not_allowed_fallback(async || Error::Method);
    let (public_url, draining) = (app.public_url.clone(), app.draining.clone());
    let webhooks = meta::routes(app.clone());
    let web = Web {
        app,
        passwords: Passwords::default(),
        arrivals: Arrivals::default(),
        exports: Exports::default(),
        clinic: Clinic::default(),
    };
    // Nothing is laid over Meta's routes: they take the traffic, and answer no browser.
    layers::everything(all.with_state(web), &public_url)
        .layer(from_fn_with_state(draining, serve::last_answer))
        .merge(webhooks)
}

/// For browsers: with sessions, and forms from our own pages only.
fn pages() -> Router<Web> {
    Router::new()
        .route("/", get(landing::show))
        .route("/sign-up", get(sign_up::form).post(sign_up::create))
        .route("/sign-up/confirm", get(sign_up::confirm::show).post(sign_up::confirm::create))
        .route("/sign-in", get(sign_in::form).post(sign_in::create))
        .route("/sign-in/code", get(sign_in::code::form).post(sign_in::code::create))
        .route("/forgot", get(forgot::form).post(forgot::create))
        .route("/reset", get(forgot::show).post(forgot::reset))
        .route("/email", get(account::email::show).post(account::email::confirm))
        .route("/join", get(join::show).post(join::create))
        .route("/sign-out", post(sign_in::delete))
        .route("/overview", get(overview::show))
        .route("/start", get(start::show))
        .route("/start/progress", get(start::progress))
        .route("/start/app", post(start::connect))
        .route("/start/endpoint", post(start::send_to))
        .route("/start/inspector", post(start::inspect))
        .route("/start/simulation", post(start::simulate))
        .route("/start/dismissal", post(start::dismiss))
        .route("/deliveries", get(deliveries::list))
        .route("/deliveries/resend", post(deliveries::selection::resend))
        .route("/deliveries/{event_id}/{endpoint_id}", get(delivery::show))
        .route("/deliveries/{event_id}/{endpoint_id}/progress", get(delivery::progress))
        .route("/deliveries/{event_id}/{endpoint_id}/event.json", get(delivery::event_file))
        .route("/deliveries/{event_id}/{endpoint_id}/raw.json", get(delivery::raw_file))
        .route("/deliveries/{event_id}/{endpoint_id}/resend", post(delivery::resend))
        .route("/deliveries/{event_id}/{endpoint_id}/send", post(delivery::send_to_another))
        .route("/search", get(search::show))
        .route("/messages", get(message::show))
        .route("/conversations/{conversation_id}", get(conversation::show))
        .route(
            "/conversations/{conversation_id}/erase",
            get(conversation::erasure::confirm).post(conversation::erasure::erase),
        )
        .route("/replays", get(replays::list).post(replays::create))
        .route("/replays/new", get(replays::form::show))
        .route("/replays/confirm", get(replays::form::confirm))
        .route("/replays/{replay_id}/cancel", post(replays::cancel))
        .route("/inspector", get(inspector::page::show))
        .route("/inspector/simulations", post(inspector::simulation::create))
        .route("/endpoints", get(endpoints::list).post(endpoints::create))
        .route("/endpoints/{endpoint_id}", get(endpoint::show).post(endpoint::update))
        .route("/endpoints/{endpoint_id}/pause", get(endpoint::pause::confirm).post(endpoint::pause::create))
        .route("/endpoints/{endpoint_id}/secrets", post(endpoint::secrets::create))
        .route("/endpoints/{endpoint_id}/rotate", get(endpoint::secrets::confirm))
        .route(
            "/endpoints/{endpoint_id}/secrets/{secret_id}/retire",
            get(endpoint::secrets::confirm_retiring).post(endpoint::secrets::retire),
        )
        .route(
            "/endpoints/{endpoint_id}/discard",
            get(endpoint::removal::confirm_discarding).post(endpoint::removal::discard),
        )
        .route(
            "/endpoints/{endpoint_id}/delete",
            get(endpoint::removal::confirm_deleting).post(endpoint::removal::delete),
        )
        .route("/endpoints/{endpoint_id}/resume", post(endpoint::pause::delete))
        .merge(configuration())
}

/// What a tenant has connected and set.
fn configuration() -> Router<Web> {
    Router::new()
        .route("/channels", get(channels::list).post(channels::create))
        .route("/channels/{channel_id}", get(channels::one::show).post(channels::one::update))
        .route("/channels/{channel_id}/move", post(channels::one::move_to))
        .route("/channels/{channel_id}/disable", get(channels::switch::confirm).post(channels::switch::disable))
        .route("/channels/{channel_id}/enable", post(channels::switch::enable))
        .route("/channels/{channel_id}/delete", get(channels::switch::confirm_deleting).post(channels::switch::delete))
        .route("/connect", get(connect::show))
        .route("/connect/{way}/{app_id}/start", get(connect::start))
        .route("/connect/message", post(connect::message))
        .route("/connect/logins/{login_id}", get(connect::result::show))
        .route("/connections/{connection_id}/disconnect", get(connect::disconnect::confirm))
        .route("/exports/progress", get(exports::progress))
        .route("/account", get(account::show))
        .route("/account/password", post(account::change_password))
        .route("/account/email", post(account::email::create))
        .route("/account/proof", get(account::proof::show).post(account::proof::create))
        .route("/account/second-factor", get(account::second_factor::show).post(account::second_factor::begin))
        .route("/account/second-factor/confirm", post(account::second_factor::confirm))
        .route("/account/second-factor/codes", post(account::second_factor::renew_codes))
        .route("/account/second-factor/remove", post(account::second_factor::remove))
        .route("/account/sessions/end", post(account::end_sessions))
        .route("/tenants", get(tenants::show).post(tenants::create))
        .route("/tenants/choice", post(tenants::choose))
        .route("/members", get(members::show).post(members::invite))
        .route("/members/{account_id}/role", post(members::change_role))
        .route("/members/{account_id}/remove", get(members::confirm_removing).post(members::remove))
        .route("/invitations/{invitation_id}/revoke", post(members::revoke))
        .route("/api-keys", get(api::show_keys).post(api::create_key))
        .route("/api-keys/{api_key_id}/revoke", get(api::confirm_revoking).post(api::revoke_key))
        .route("/audit", get(audit::show))
        .route("/settings/delete", get(settings::leaving::confirm).post(settings::leaving::delete))
        .route("/settings/media", post(settings::media::update))
        .route("/settings/alerts", post(settings::alerts::update))
        .route("/settings", get(settings::show).post(settings::update))
        .route("/apps", get(apps::list).post(apps::create))
        .route("/apps/{app_id}", get(apps::one::show).post(apps::one::rename))
        .route("/apps/{app_id}/verify-token", post(apps::one::change_token))
        .route("/apps/{app_id}/secrets", post(apps::secrets::create))
        .route("/apps/{app_id}/secrets/{app_secret_id}/retire", get(apps::secrets::confirm).post(apps::secrets::retire))
        .route("/apps/{app_id}/delete", get(apps::removal::confirm).post(apps::removal::delete))
        .route("/refused/{refused_id}", get(apps::refusals::show))
        .route(
            "/clinic",
            get(clinic::form::show).post(clinic::form::examine).layer(DefaultBodyLimit::max(clinic::form::FORM_MAX)),
        )
}

/// For browsers too, but without an end in time.
fn live() -> Router<Web> {
    Router::new()
        // Meta is asked several things, one after the other.
        .route("/connect/{way}/callback", get(connect::callback))
        .route("/apps/{app_id}/meta", post(connect::own_app::create))
        .route("/connections/{connection_id}/disconnect", post(connect::disconnect::delete))
        .route("/channels/{channel_id}/doctor", get(channels::doctor::show))
        .route("/channels/{channel_id}/override", post(channels::doctor::clear_override))
        .route("/channels/{channel_id}/register", post(connect::disconnect::register))
        .route("/inspector/stream", get(inspector::live::stream))
        .route("/deliveries/stream", get(deliveries::tail::stream))
        .route("/deliveries/export", get(deliveries::export::show))
        .route("/settings/export", get(settings::export::show))
        // An endpoint may be given longer to answer than a page is.
        .route("/endpoints/{endpoint_id}/test", post(endpoint::trial::create))
}

/// For machines and for everyone: no session, and no form.
fn public() -> Router<Web> {
    Router::new()
        .route("/inspector/{endpoint_id}", post(inspector::receive::receive))
        .layer(DefaultBodyLimit::max(inspector::receive::BODY_MAX))
        .layer(layers::timeout())
        .route("/meta/deauthorize/{app_key}", post(connect::callbacks::deauthorize))
        .route("/meta/data-deletion/{app_key}", post(connect::callbacks::delete_data))
        .route("/meta/deletions/{code}", get(connect::callbacks::show_deletion))
        .route("/static/{name}", get(assets::serve).layer(layers::compression()))
        .route("/docs/events", get(docs::events).layer(layers::compression()))
        .route("/docs/api", get(docs::api::show).layer(layers::compression()))
        .route("/schema/event.v1.json", get(docs::json_schema).layer(layers::compression()))
        .route("/schema/event.v1.d.ts", get(docs::typescript).layer(layers::compression()))
        .route("/healthz", get(health::live))
        .route("/readyz", get(health::ready))
}
