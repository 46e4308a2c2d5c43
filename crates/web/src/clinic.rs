//! The signature clinic: why a signature does not fit, told in words.
//!
//! What must hold: no secret and no signature that was not given reaches a page, or else whoever may look could have anything signed;
//! what is pasted is neither stored nor logged; the hashing does not take the machine.

pub mod form;
mod words;

use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use socialhook_core::clinic::{self, BODY_MAX, Case};
use socialhook_core::id::AppId;
use socialhook_core::signature::Key;
use socialhook_store::apps;
use socialhook_store::refused_requests::Refused;
use tokio::sync::Semaphore;

pub use self::words::Told;
use crate::apps::secrets::fingerprint;
use crate::error::Error;
use crate::member::Member;
use crate::state::App;
use crate::words::{Now, When};

/// Diagnoses at the same time: leaves the other cores to the relay.
const AT_ONCE: usize = 1;
/// Rather a "try again" than a page that hangs.
const TURN_WITHIN: Duration = Duration::from_secs(5);
/// Secrets that are tried beside those that would be right.
const OTHERS_MAX: usize = 64;

#[derive(Clone, Debug)]
pub struct Clinic(Arc<Semaphore>);

impl Default for Clinic {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

/// What the tenant may have signed with.
pub struct Known {
    pub apps: Vec<(AppId, String)>,
    secrets: Vec<Candidate>,
}

/// One of them, and how it is called.
struct Candidate {
    /// None: it was pasted.
    app_id: Option<AppId>,
    kind: Kind,
    name: String,
    key: Key,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Secret,
    VerifyToken,
}

impl Known {
    pub fn name_of(&self, app_id: AppId) -> Option<&str> {
        self.apps.iter().find(|(id, _)| *id == app_id).map(|(_, name)| name.as_str())
    }
}

/// The secrets and verify tokens of all of the tenant's apps.
pub async fn known(app: &App, member: &Member, now: Now) -> Result<Known, Error> {
    let mut c = app.tenant(member.tenant_id).await?;
    let own = apps::list(&mut c, member.tenant_id, &app.sealer).await?;
    let mut secrets = Vec::new();
    for one in &own {
        for secret in apps::secrets::live(&mut c, member.tenant_id, one.app_id, &app.sealer).await? {
            let Some(value) = secret.secret else { continue };
            let added = When::new(secret.created_at, now).exact;
            let day = added.split(' ').next().unwrap_or_default();
            secrets.push(Candidate {
                app_id: Some(one.app_id),
                kind: Kind::Secret,
                name: format!("the secret of {} added on {day} (fingerprint {})", one.name, fingerprint(&value)),
                key: Key::new(&value),
            });
        }
        secrets.push(Candidate {
            app_id: Some(one.app_id),
            kind: Kind::VerifyToken,
            name: format!("the verify token of {}", one.name),
            key: Key::new(&one.verify_token),
        });
    }
    Ok(Known { apps: own.into_iter().map(|one| (one.app_id, one.name)).collect(), secrets })
}

/// What is examined.
pub struct Specimen {
    pub header: Vec<u8>,
    pub body: Vec<u8>,
    /// Only this much of it is here, so that nothing can be compared.
    pub is_part: bool,
    /// It came to us by itself, not by a person's hands.
    pub is_record: bool,
}

impl Clinic {
    /// A kept request, with the secrets that its app has now.
    pub async fn of_record(&self, known: Known, refused: &Refused) -> Result<Told, Error> {
        let specimen = Specimen {
            header: refused.headers.signature.clone().unwrap_or_default().into_bytes(),
            body: refused.body.clone(),
            is_part: refused.body.len() < refused.body_length,
            is_record: true,
        };
        self.examine(known, (Some(refused.app_id), None), specimen).await
    }

    /// With the pasted secret, or else with those of the app.
    pub async fn examine(
        &self,
        known: Known,
        (app_id, pasted): (Option<AppId>, Option<SecretString>),
        specimen: Specimen,
    ) -> Result<Told, Error> {
        let turn = tokio::time::timeout(TURN_WITHIN, self.0.clone().acquire_owned()).await;
        let turn = turn.map_err(|_| Error::Busy)?.map_err(|_| Error::Unexpected("the semaphore is never closed"))?;
        let told = tokio::task::spawn_blocking(move || {
            let told = examined(known, (app_id, pasted), &specimen);
            drop(turn);
            told
        });
        Ok(told.await?)
    }
}

fn examined(known: Known, (app_id, pasted): (Option<AppId>, Option<SecretString>), specimen: &Specimen) -> Told {
    let is_own = |one: &Candidate| pasted.is_none() && one.kind == Kind::Secret && one.app_id == app_id;
    let (mut own, mut others): (Vec<_>, Vec<_>) = known.secrets.into_iter().partition(is_own);
    if let Some(pasted) = &pasted {
        let name = "the secret that you pasted".to_owned();
        own.push(Candidate { app_id: None, kind: Kind::Secret, name, key: Key::new(pasted) });
        if is_wrapped(pasted) {
            let bare = SecretString::from(pasted.expose_secret().trim_matches(['"', '\'', ' ']));
            let name = "the secret that you pasted, without its quotes".to_owned();
            own.push(Candidate { app_id: None, kind: Kind::Secret, name, key: Key::new(&bare) });
        }
    }
    others.truncate(OTHERS_MAX);
    let keys = |candidates: &[Candidate]| candidates.iter().map(|one| one.key.clone()).collect::<Vec<_>>();
    let (own_keys, other_keys) = (keys(&own), keys(&others));
    let (own_keys, other_keys): (&[Key], &[Key]) = if specimen.is_part { (&[], &[]) } else { (&own_keys, &other_keys) };
    let body = &specimen.body[..specimen.body.len().min(BODY_MAX)];
    let case = Case { body, header: &specimen.header, own: own_keys, others: other_keys };
    words::told(&clinic::diagnose(&case), &own, &others, specimen)
}

fn is_wrapped(secret: &SecretString) -> bool {
    secret.expose_secret().starts_with(['"', '\'']) || secret.expose_secret().ends_with(['"', '\''])
}
