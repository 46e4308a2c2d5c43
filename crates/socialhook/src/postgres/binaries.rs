//! Where the system keeps PostgreSQL's server binaries, and which of several we take: the version that wrote the data, else the
//! one `pg_config` names, else the newest. Nothing is downloaded.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::Error;

pub(super) const OLDEST: u32 = 15;

pub(super) const HOW_TO_INSTALL: &str = if cfg!(target_os = "macos") {
    "brew install postgresql@17"
} else {
    "Debian and Ubuntu: apt-get install postgresql; Fedora: dnf install postgresql-server"
};

/// Each holds a directory a version, with `bin` in it: Debian and Ubuntu, Red Hat's packages of PostgreSQL, Homebrew on both kinds of Mac.
const PARENTS: [(&str, &str); 4] = [
    ("/usr/lib/postgresql", ""),
    ("/usr", "pgsql-"),
    ("/opt/homebrew/opt", "postgresql@"),
    ("/usr/local/opt", "postgresql@"),
];

#[derive(Debug, Clone)]
pub(super) struct Binaries {
    pub dir: PathBuf,
    pub major: u32,
}

impl Binaries {
    pub async fn find(given: Option<&Path>, wanted: Option<u32>) -> Result<Self, Error> {
        let dirs = match given {
            Some(dir) => vec![dir.to_owned()],
            None => known_dirs().await,
        };
        let mut usable: Option<Self> = None;
        let mut old = None;
        for dir in dirs {
            let Some(found) = Self::look(dir).await else {
                continue;
            };
            if wanted == Some(found.major) {
                return Ok(found);
            }
            if found.major < OLDEST {
                old.get_or_insert(found);
            } else {
                usable.get_or_insert(found);
            }
        }
        match (usable, old) {
            (Some(found), _) => Ok(found),
            (None, Some(Self { dir: bin, major })) => Err(Error::TooOld { bin, major }),
            (None, None) => Err(Error::NoBinaries { looked_in: given.map(Path::to_owned) }),
        }
    }

    /// `None` unless it holds a server: many systems have only the client.
    async fn look(dir: PathBuf) -> Option<Self> {
        if !dir.join("initdb").exists() {
            return None;
        }
        let output = Command::new(dir.join("postgres")).arg("--version").output().await.ok()?;
        let major = major(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self { dir, major })
    }

    pub fn path(&self, program: &str) -> PathBuf {
        self.dir.join(program)
    }
}

async fn known_dirs() -> Vec<PathBuf> {
    let mut dirs = Vec::new();
    if let Ok(output) = Command::new("pg_config").arg("--bindir").output().await {
        let dir = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if output.status.success() && !dir.is_empty() {
            dirs.push(PathBuf::from(dir));
        }
    }
    let mut versioned: Vec<(u32, PathBuf)> =
        PARENTS.iter().flat_map(|(parent, prefix)| versions_in(Path::new(parent), prefix)).collect();
    versioned.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    dirs.extend(versioned.into_iter().map(|(_, dir)| dir));
    // Arch, Alpine and others keep one version where every program is.
    dirs.push(PathBuf::from("/usr/bin"));
    dirs
}

fn versions_in(parent: &Path, prefix: &str) -> Vec<(u32, PathBuf)> {
    let Ok(entries) = std::fs::read_dir(parent) else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let version = entry.file_name().to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect()
}

/// The major version in what `postgres --version` prints.
fn major(text: &str) -> Option<u32> {
    let version = text.split_once("(PostgreSQL) ")?.1;
    let digits = version.find(|c: char| !c.is_ascii_digit()).unwrap_or(version.len());
    version[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_form_of_version() {
        for (text, expected) in [
            ("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", Some(15)),
            ("postgres (PostgreSQL) 18.1 (Homebrew)\n", Some(18)),
            ("postgres (PostgreSQL) 19beta2\n", Some(19)),
            ("postgres (PostgreSQL) 16devel", Some(16)),
            ("postgres (PostgreSQL) 9.6.24", Some(9)),
            ("postgres (PostgreSQL) 17", Some(17)),
            ("something else 17", None),
            ("postgres (PostgreSQL) ", None),
            ("", None),
        ] {
            assert_eq!(major(text), expected, "{text:?}");
        }
    }

    #[tokio::test]
    async fn says_what_to_install() {
        let error = Binaries::find(Some(Path::new("/nowhere")), None).await.unwrap_err().to_string();
        assert!(error.contains("found in /nowhere. Install them") && error.contains("DATABASE_URL"), "{error}");
    }
}
