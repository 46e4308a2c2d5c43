//! A whole service in the test's process, over real HTTP and a real database, with two tenants and a clock that stands still.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretBox;
use serde_json::{Value, json};
use socialhook::meta_sim::{MetaApp, MetaSim};
use socialhook::provision;
use socialhook_core::clock::Clock;
use socialhook_core::id::{AccountId, AppId, ChannelId, ConnectionId, EndpointId, LoginId, TenantId};
use socialhook_graph::Addresses;
use socialhook_relay::destination::Policy;
use socialhook_relay::mail::{Mail, Way};
use socialhook_relay::media::{MediaSettings, Storage};
use socialhook_relay::{Means, Relay, Room, Settings};
use socialhook_store::Pools;
use socialhook_store::partitions::Retention;
use socialhook_store::seal::{KEY_BYTES, Sealer};
use socialhook_store::{connections, meta_logins};
use socialhook_web::App;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::receiver::Receiver;
use crate::{database, meta};

/// When every world begins.
pub fn noon() -> DateTime<Utc> {
    "2026-11-02T12:00:00Z".parse().expect("a time")
}

/// Attempts give up after this in tests that let a receiver hang.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(400);

pub const PASSWORD: &str = "correct horse battery";

pub struct Tenant {
    pub name: &'static str,
    pub email: &'static str,
    pub callback_path: String,
    pub app_secret: &'static str,
    pub phone_number_id: &'static str,
    pub page_id: &'static str,
    pub instagram_id: &'static str,
    pub endpoint_id: EndpointId,
    pub endpoint_secret: String,
    /// The path at the receiver.
    pub hook: &'static str,
}

pub struct World {
    pub base: Url,
    pub clock: Clock,
    pub pools: Pools,
    pub means: Means,
    pub relay: Relay,
    pub receiver: Receiver,
    pub acme: Tenant,
    pub globex: Tenant,
    pub http: reqwest::Client,
    /// Where letters are.
    pub mail: PathBuf,
    /// What stands for Meta, if anything does.
    pub sim: Option<MetaSim>,
    /// What the pages work with.
    pub app: App,
    stopping: CancellationToken,
    server: tokio::task::JoinHandle<std::io::Result<()>>,
    database: String,
}

/// Runs a test in a world of its own and checks that the world ends in order.
pub async fn world(test: impl AsyncFnOnce(&mut World)) {
    world_with(Policy::AllowPrivate, test).await;
}

pub async fn world_with(policy: Policy, test: impl AsyncFnOnce(&mut World)) {
    let mut world = World::begin(policy, Clock::manual(noon()), (false, None)).await;
    test(&mut world).await;
    world.finish().await;
}

/// One where whoever signs up has to read the address that they give.
pub async fn world_with_mail(test: impl AsyncFnOnce(&mut World)) {
    let mut world = World::begin(Policy::AllowPrivate, Clock::manual(noon()), (true, None)).await;
    test(&mut world).await;
    world.finish().await;
}

/// One that talks to a simulated Meta, on the same clock, which knows the callback URL of Acme's app; the operator has an app, too, and
/// that is what people connect through.
pub async fn world_with_meta(test: impl AsyncFnOnce(&mut World, &MetaSim)) {
    let clock = Clock::manual(noon());
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let sim = MetaSim::start(listener, clock.clone()).expect("the simulator starts");
    let mut world = World::begin(Policy::AllowPrivate, clock, (false, Some(sim.clone()))).await;
    let tree = world.offer_ways(&sim.app()).await;
    let callback = world.url(tree["apps"][0]["callback_path"].as_str().expect("a path"));
    sim.save_callback(callback.as_str(), "verify-connect").await.expect("the challenge is answered");
    test(&mut world, &sim).await;
    world.finish().await;
}

impl World {
    async fn begin(policy: Policy, clock: Clock, (confirms_addresses, sim): (bool, Option<MetaSim>)) -> Self {
        let (database, options) = database::create().await;
        let pools = Pools::open(&options).await.expect("pools");
        let sealer = Arc::new(Sealer::new(&SecretBox::new(Box::new([7; KEY_BYTES]))));
        let means = Means { pools: pools.clone(), sealer: sealer.clone(), clock: clock.clone() };
        let receiver = Receiver::start().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = Url::parse(&format!("http://{}/", listener.local_addr().expect("an address"))).expect("a URL");
        let tree = provision_two(&means, &receiver).await;
        let meta = sim.as_ref().map(MetaSim::url);
        let mail = std::env::temp_dir().join(format!("{database}-mail"));
        let relay = Relay::start(means.clone(), settings(&base, policy, &mail, meta)).await.expect("the relay starts");
        let stopping = CancellationToken::new();
        let app = App {
            pools: pools.clone(),
            sealer,
            clock: clock.clone(),
            relay: relay.clone(),
            public_url: base.clone(),
            confirms_addresses,
            trusted_proxies: Arc::new(["127.0.0.1/32".parse().expect("a network")]),
            draining: CancellationToken::new(),
            stopping: stopping.clone(),
        };
        let server = tokio::spawn(socialhook_web::serve(listener, app.clone()));
        let [acme, globex] = [tenant(&tree, 0), tenant(&tree, 1)];
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client");
        Self {
            base,
            clock,
            pools,
            means,
            relay,
            receiver,
            acme,
            globex,
            http,
            mail,
            sim,
            app,
            stopping,
            server,
            database,
        }
    }

    /// Posts a body as Meta would, to the tenant's app; returns the status.
    pub async fn meta_posts(&self, tenant: &Tenant, body: impl Into<String>) -> u16 {
        let body = body.into();
        let signature = meta::sign(tenant.app_secret, body.as_bytes());
        self.post(&tenant.callback_path, Some(&signature), body).await.status().as_u16()
    }

    /// Posts any body with any signature.
    pub async fn post(&self, path: &str, signature: Option<&str>, body: impl Into<reqwest::Body>) -> reqwest::Response {
        let mut request = self.http.post(self.url(path)).header("content-type", "application/json");
        if let Some(signature) = signature {
            request = request.header("x-hub-signature-256", signature);
        }
        request.body(body).send().await.expect("an answer")
    }

    pub fn url(&self, path: &str) -> Url {
        self.base.join(path).expect("a path")
    }

    /// The operator's app, which people connect through in all three ways.
    pub async fn offer_ways(&self, app: &MetaApp) -> Value {
        let file = json!({ "apps": [{ "name": "Connect", "app_secret": app.secret, "verify_token": "verify-connect",
            "meta_app_id": app.id, "signup_config_id": "1001", "login_config_id": "1002",
            "instagram_app_id": app.instagram_id, "instagram_app_secret": app.instagram_secret }] });
        let mut c = self.pools.background.acquire().await.expect("a connection");
        let text = file.to_string();
        let tree = provision::apply(&mut c, &self.means, Policy::AllowPrivate, &text).await.expect("provisioned");
        drop(c);
        self.relay.refresh().await.expect("the directory is read");
        tree
    }

    /// Has a tenant's page connected, as if somebody had logged in, with a repair; returns what it is and how it came about.
    pub async fn connection_of(&self, tenant: &Tenant) -> (ConnectionId, LoginId) {
        let mut c = self.pools.background.acquire().await.expect("a connection");
        let found: (uuid::Uuid, uuid::Uuid, uuid::Uuid, uuid::Uuid) = sqlx::query_as(
            "select tenant_id, ch.app_id, ch.channel_id, m.account_id from channel ch join member m using (tenant_id)
             where ch.external_id = $1 limit 1",
        )
        .bind(tenant.page_id)
        .fetch_one(&mut *c)
        .await
        .expect("a channel and a member");
        let (tenant_id, app_id, now) = (TenantId(found.0), AppId(found.1), self.clock.now());
        let token = connections::NewToken {
            token: &format!("EAAtoken-of-{}", tenant.name).into(),
            expires_at: None,
            data_access_expires_at: None,
            scopes: &["pages_messaging".to_owned()],
            meta_user_id: Some("218471"),
        };
        let (kind, external_id) = (connections::Kind::Page, tenant.page_id);
        let new =
            connections::NewConnection { app_tenant_id: tenant_id, app_id, kind, external_id, name: "Page", token };
        let put = connections::put(&mut c, tenant_id, &new, &self.means.sealer, now).await.expect("stored");
        let connection_id = put.expect("not another's");
        sqlx::query("update channel set connection_id = $2 where channel_id = $1")
            .bind(found.2)
            .bind(connection_id.0)
            .execute(&mut *c)
            .await
            .expect("reached through it");
        connections::care::note_repair(&mut c, tenant_id, connection_id, "Subscribed again", now).await.expect("noted");
        let login = meta_logins::Login {
            login_id: LoginId::new(now),
            account_id: AccountId(found.3),
            way: "pages".to_owned(),
            app_tenant_id: tenant_id,
            app_id,
            message: None,
        };
        let state = format!("state-{}", login.login_id);
        meta_logins::create(&mut c, tenant_id, &login, &state, now).await.expect("begun");
        let outcome = json!({ "connected": { "items": [{ "platform": "messenger", "name": tenant.name, "address": tenant.page_id,
            "channel_id": ChannelId(found.2), "state": "receiving" }] } });
        meta_logins::finish(&mut c, tenant_id, login.login_id, &outcome).await.expect("finished");
        (connection_id, login.login_id)
    }

    /// The last part of an app's callback URL.
    pub async fn callback_key(&self, app: &str) -> String {
        let mut c = self.pools.web.acquire().await.expect("a connection");
        let key = sqlx::query_scalar("select callback_key from app where name = $1").bind(app);
        key.fetch_one(&mut *c).await.expect("an app")
    }

    /// The page of the channel with this id at Meta.
    pub async fn channel_path(&self, external_id: &str) -> String {
        let mut c = self.pools.web.acquire().await.expect("a connection");
        let id = sqlx::query_scalar("select channel_id from channel where external_id = $1").bind(external_id);
        let id: uuid::Uuid = id.fetch_one(&mut *c).await.expect("one channel");
        format!("/channels/{}", socialhook_core::id::ChannelId(id))
    }

    /// Lets the relay work until it has nothing left to do at this time.
    pub async fn settle(&self) {
        self.relay.settle().await.expect("the relay settles");
    }

    pub async fn advance(&self, by: TimeDelta) {
        self.clock.advance(by);
        self.settle().await;
    }

    /// What the tenant's endpoint has received so far, as JSON that keeps the contract.
    pub fn received(&self, tenant: &Tenant) -> Vec<Value> {
        let received: Vec<Value> =
            self.receiver.received(tenant.hook).iter().map(super::receiver::Received::json).collect();
        received.iter().for_each(crate::contract::check);
        received
    }

    pub async fn count(&self, query: &'static str) -> i64 {
        let mut c = self.pools.web.acquire().await.expect("a connection");
        sqlx::query_scalar(query).fetch_one(&mut *c).await.expect("a count")
    }

    pub async fn execute(&self, statement: impl AsRef<str>) {
        let mut c = self.pools.web.acquire().await.expect("a connection");
        sqlx::query(sqlx::AssertSqlSafe(statement.as_ref())).execute(&mut *c).await.expect("a statement");
    }

    /// A second relay process's worth of relay on the same database.
    pub async fn second_relay(&self) -> Relay {
        self.relay_with(|_| ()).await
    }

    /// The same with other settings.
    pub async fn relay_with(&self, change: impl FnOnce(&mut Settings)) -> Relay {
        let mut settings = settings(&self.base, Policy::AllowPrivate, &self.mail, self.sim.as_ref().map(MetaSim::url));
        change(&mut settings);
        Relay::start(self.means.clone(), settings).await.expect("the relay starts")
    }

    async fn finish(self) {
        self.settle().await;
        assert_eq!(
            self.count("select count(*) from delivery where owner is not null").await,
            0,
            "deliveries left owned"
        );
        crate::secrets::none_is_stored(&self).await;
        self.receiver.finish();
        self.stopping.cancel();
        self.server.await.expect("no panic").expect("the server ends in order");
        self.relay.stop().await;
        self.pools.close().await;
        std::fs::remove_dir_all(&self.mail).expect("a folder");
        std::fs::remove_dir_all(self.mail.with_extension("media")).expect("a folder");
        database::remove(&self.database).await;
    }
}

fn settings(base: &Url, policy: Policy, mail: &Path, meta: Option<&Url>) -> Settings {
    Settings {
        schedule: "30s,5m".parse().expect("a schedule"),
        policy,
        retention: Retention::default(),
        room: Room::Unlimited,
        inspector_base: base.clone(),
        sole_node: false,
        attempt_timeout: ATTEMPT_TIMEOUT,
        mail: Mail { way: Way::Folder(mail.to_owned()), from: "SocialHook <hooks@example.test>".to_owned() },
        meta: (meta.map_or_else(Addresses::meta, Addresses::stand_in), "v26.0".to_owned()),
        media: MediaSettings {
            storage: Storage::Folder(mail.with_extension("media")),
            public_url: base.clone(),
            link_days: 30,
            file_max: 100 << 20,
            quota: 10_000_000_000,
        },
        tick: None,
    }
}

async fn provision_two(means: &Means, receiver: &Receiver) -> Value {
    let spec = |name: &str, n: u32| {
        json!({
            "name": name,
            "owner": { "email": format!("{}@example.test", name.to_lowercase()), "password": PASSWORD },
            "apps": [{ "name": "app", "app_secret": format!("secret-of-{name}"), "verify_token": format!("verify-{name}") }],
            "channels": [
                { "app": "app", "platform": "whatsapp", "external_id": format!("10900000000000{n}"), "address": "+447700900123", "name": "Support" },
                { "app": "app", "platform": "messenger", "external_id": format!("10451230000000{n}"), "name": "Page" },
                { "app": "app", "platform": "instagram", "external_id": format!("1784140000000000{n}"), "name": "Account" },
            ],
            "endpoints": [{ "name": "main", "url": receiver.url(&format!("/{}", name.to_lowercase())) }],
        })
    };
    let file = json!({ "tenants": [spec("Acme", 1), spec("Globex", 2)] }).to_string();
    let mut c = means.pools.background.acquire().await.expect("a connection");
    provision::apply(&mut c, means, Policy::AllowPrivate, &file).await.expect("provisioned")
}

fn tenant(tree: &Value, index: usize) -> Tenant {
    let text = |pointer: &str| {
        tree["tenants"][index].pointer(pointer).and_then(Value::as_str).expect("provisioned").to_owned()
    };
    let acme = index == 0;
    Tenant {
        name: if acme { "Acme" } else { "Globex" },
        email: if acme { "acme@example.test" } else { "globex@example.test" },
        callback_path: text("/apps/0/callback_path"),
        app_secret: if acme { "secret-of-Acme" } else { "secret-of-Globex" },
        phone_number_id: if acme { "109000000000001" } else { "109000000000002" },
        page_id: if acme { "104512300000001" } else { "104512300000002" },
        instagram_id: if acme { "17841400000000001" } else { "17841400000000002" },
        endpoint_id: text("/endpoints/0/id").parse().expect("an id"),
        endpoint_secret: text("/endpoints/0/secret"),
        hook: if acme { "/acme" } else { "/globex" },
    }
}
