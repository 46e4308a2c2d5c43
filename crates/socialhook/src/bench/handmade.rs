//! What a developer would build by hand instead: Express takes the webhooks in, `BullMQ` queues them in a Redis, a worker
//! forwards them. Its sources stand in `deploy/bench/handmade`; it runs where Node, npm and Redis are.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use hyper::StatusCode;
use tokio::process::Command;

use super::contender::{Contender, free_address, pids, until_ready};
use super::receiver::{HEALTHY, Receiver};
use super::{APP_SECRET, Error};

const FILES: [(&str, &str); 3] = [
    ("package.json", include_str!("../../../../deploy/bench/handmade/package.json")),
    ("server.js", include_str!("../../../../deploy/bench/handmade/server.js")),
    ("worker.js", include_str!("../../../../deploy/bench/handmade/worker.js")),
];
const NEEDED: [&str; 3] = ["node", "npm", "redis-server"];
const NAME: &str = "the hand-built pipeline";
const INSTALL_LIMIT: Duration = Duration::from_mins(3);

/// Its sources and packages, laid out.
pub(super) struct Handmade(PathBuf);

impl Handmade {
    /// Lays it out below a directory; says what is missing if it cannot run here.
    pub(super) async fn install(directory: &Path) -> Result<Self, String> {
        for program in NEEDED {
            let found = quiet(Command::new(program).arg("--version")).status().await;
            if !found.is_ok_and(|status| status.success()) {
                return Err(format!("{program} is missing"));
            }
        }
        let home = directory.join("handmade");
        let laid_out = fs::create_dir(&home)
            .and_then(|()| FILES.iter().try_for_each(|(name, text)| fs::write(home.join(name), text)));
        laid_out.map_err(|error| format!("its files cannot be written: {error}"))?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--silent", "--no-audit", "--no-fund", "--prefer-offline"]).current_dir(&home);
        let installed = tokio::time::timeout(INSTALL_LIMIT, quiet(&mut npm).kill_on_drop(true).status()).await;
        if installed.is_ok_and(|ended| ended.is_ok_and(|status| status.success())) {
            Ok(Self(home))
        } else {
            Err("npm could not install its packages".to_owned())
        }
    }

    /// Starts it, with an empty Redis of its own.
    pub(super) async fn start(&self, receiver: &Receiver) -> Result<Contender, Error> {
        let (address, store) = (free_address()?, free_address()?);
        let _ = fs::remove_dir_all(self.0.join("appendonlydir"));
        let mut redis = Command::new("redis-server");
        let port = store.port().to_string();
        redis.args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"]);
        let redis = quiet(&mut redis).current_dir(&self.0).kill_on_drop(true).spawn().map_err(Error::Start)?;
        let node = |script| {
            let mut node = Command::new("node");
            node.arg(script)
                .env("PORT", address.port().to_string())
                .env("REDIS_PORT", &port)
                .env("APP_SECRET", APP_SECRET)
                .env("RECEIVER", receiver.url(HEALTHY))
                .env("NODE_ENV", "production");
            quiet(&mut node).current_dir(&self.0).kill_on_drop(true).spawn().map_err(Error::Start)
        };
        let (mut server, mut worker) = (node("server.js")?, node("worker.js")?);
        until_ready(&mut server, NAME, (address, "/ready"), |status| status == StatusCode::OK).await?;
        if !matches!(worker.try_wait(), Ok(None)) {
            return Err(Error::NotReady(NAME));
        }
        let (own, store) = (pids(&[&server, &worker]), pids(&[&redis]));
        let path = "/webhook".to_owned();
        Ok(Contender { address, path, own, store, children: vec![server, worker, redis] })
    }
}

fn quiet(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null())
}
