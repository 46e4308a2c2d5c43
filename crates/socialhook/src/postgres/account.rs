//! Who the server runs as. PostgreSQL refuses to run as root, so root lends it an unprivileged user; anybody else runs it as themselves.

use std::fs::Permissions;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;

use nix::unistd::{Uid, User};
use tokio::process::Command;

use super::binaries::Binaries;
use super::layout::Layout;
use super::{Error, at};

/// In this order. A dedicated user is better than one that other services may share.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

#[derive(Debug, Clone)]
pub(super) struct Account {
    pub name: String,
    pub uid: u32,
    pub gid: u32,
    /// We are root and lend the server this user.
    pub lent: bool,
}

impl Account {
    /// As root, whichever unprivileged user owns the data already, or else the first there is.
    pub fn choose(owner: Option<u32>) -> Result<Self, Error> {
        let me = Uid::effective();
        let (user, lent) = if me.is_root() {
            let users: Vec<User> =
                UNPRIVILEGED.iter().filter_map(|name| User::from_name(name).ok().flatten()).collect();
            let owning = users.iter().find(|user| Some(user.uid.as_raw()) == owner);
            (owning.or(users.first()).cloned().ok_or(Error::NoAccount)?, true)
        } else {
            (User::from_uid(me).ok().flatten().ok_or(Error::NamelessUser(me.as_raw()))?, false)
        };
        Ok(Self { name: user.name, uid: user.uid.as_raw(), gid: user.gid.as_raw(), lent })
    }

    /// A command that runs as this user, in an environment where no setting of ours can leak into the server (PGPORT, LANG, TZ).
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        // With LC_ALL set, messages are English and macOS starts no threads for locales, which PostgreSQL refuses to live with.
        command.env_clear().env("LC_ALL", "C").env("TZ", "UTC").current_dir("/");
        if self.lent {
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Gives a file or directory to this user.
    pub fn give(&self, path: &Path, mode: u32) -> Result<(), Error> {
        self.own(path, Some(self.uid), mode)
    }

    /// Keeps a file or directory ours, and opens it to this user's group as `mode` says.
    pub fn share(&self, path: &Path, mode: u32) -> Result<(), Error> {
        self.own(path, None, mode)
    }

    fn own(&self, path: &Path, uid: Option<u32>, mode: u32) -> Result<(), Error> {
        if self.lent {
            chown(path, uid, Some(self.gid)).map_err(at("change the owner of", path))?;
        }
        std::fs::set_permissions(path, Permissions::from_mode(mode)).map_err(at("set the permissions of", path))
    }

    /// Tries as this user what the server will need, so that the message names the obstacle rather than PostgreSQL's fourth line.
    pub async fn check_access(&self, layout: &Layout, binaries: &Binaries) -> Result<(), Error> {
        if !self.lent {
            return Ok(());
        }
        if !self.can("cd \"$1\"", &layout.data_dir).await? {
            let blocked =
                layout.data_dir.ancestors().filter(|dir| !self.may_enter(dir)).last().unwrap_or(&layout.data_dir);
            return Err(Error::NoWay { name: self.name.clone(), dir: blocked.to_owned() });
        }
        if !self.can("test -x \"$1/postgres\"", &binaries.dir).await? {
            return Err(Error::NotExecutable { name: self.name.clone(), bin: binaries.dir.clone() });
        }
        Ok(())
    }

    async fn can(&self, test: &str, path: &Path) -> Result<bool, Error> {
        let shell = Path::new("/bin/sh");
        let output = self.command(shell).arg("-c").arg(test).arg("sh").arg(path).output().await;
        Ok(output.map_err(at("run", shell))?.status.success())
    }

    /// By the mode bits. Access lists may say otherwise, hence only for the message.
    fn may_enter(&self, dir: &Path) -> bool {
        std::fs::metadata(dir).is_ok_and(|meta| {
            let bit = if meta.uid() == self.uid {
                0o100
            } else if meta.gid() == self.gid {
                0o010
            } else {
                0o001
            };
            meta.mode() & bit != 0
        })
    }
}
