//! Everything of a tenant as one file: NDJSON, each line of a `kind`, the last of the kind `end`. No secrets are in it.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use chrono::DateTime;
use serde_json::{Value, json};
use socialhook_core::id::{AuditId, EventId, ReceiptId};
use socialhook_core::signature::hex;
use socialhook_store::attempts::{self, Attempt};
use socialhook_store::ledger::Entry;
use socialhook_store::media::{self, Media};
use socialhook_store::seal::Sealer;
use socialhook_store::{
    PgConnection, apps, audit, channels, connections, endpoints, everything, invitations, ledger, retention, tenants,
};
use uuid::Uuid;

use crate::deliveries::export::{exact, in_one_line, state};
use crate::endpoints::destination;
use crate::error::Error;
use crate::exports::{Exports, Piece, Source};
use crate::member::Member;
use crate::state::App;

/// Records of the audit log in a piece.
const RECORDS: i64 = 500;

/// What comes next.
#[derive(Clone, Copy)]
enum Step {
    Configuration,
    Audit(Option<AuditId>),
    Receipts(ReceiptId),
    Events(EventId),
    End,
    Nothing,
}

struct Export {
    sealer: Arc<Sealer>,
    member: Member,
    step: Step,
    events: usize,
    receipts: usize,
}

pub async fn show(State(app): State<App>, State(exports): State<Exports>, member: Member) -> Result<Response, Error> {
    member.must_act()?;
    let file = format!("attachment; filename=\"socialhook-{}.ndjson\"", app.clock.now().format("%Y%m%dT%H%M%SZ"));
    let headers = [(header::CONTENT_TYPE, "application/x-ndjson".to_owned()), (header::CONTENT_DISPOSITION, file)];
    let tenant_id = member.tenant_id;
    let export = Export { sealer: app.sealer.clone(), member, step: Step::Configuration, events: 0, receipts: 0 };
    Ok((headers, exports.send(app, tenant_id, export)?).into_response())
}

impl Source for Export {
    async fn next(&mut self, c: &mut PgConnection) -> Result<Option<Piece>, Error> {
        let tenant_id = self.member.tenant_id;
        let (lines, next) = match self.step {
            Step::Configuration => (self.configuration(c).await?, Step::Audit(None)),
            Step::Audit(before) => {
                let records = audit::list(c, tenant_id, before, RECORDS).await?;
                let first = Step::Receipts(ReceiptId(Uuid::nil()));
                (
                    records.iter().map(of_record).collect(),
                    records.last().map_or(first, |last| Step::Audit(Some(last.audit_id))),
                )
            }
            Step::Receipts(after) => {
                let receipts = everything::receipts(c, tenant_id, after).await?;
                self.receipts += receipts.len();
                let next =
                    receipts.last().map_or(Step::Events(EventId(Uuid::nil())), |last| Step::Receipts(last.receipt_id));
                (receipts.iter().map(of_receipt).collect(), next)
            }
            Step::Events(after) => {
                let events = everything::events(c, tenant_id, after).await?;
                self.events += events.len();
                let next = events.last().map_or(Step::End, |last| Step::Events(last.event_id));
                (self.of_events(c, &events).await?, next)
            }
            Step::End => {
                let end = json!({ "kind": "end", "receipts": self.receipts, "events": self.events });
                (vec![line(&end)], Step::Nothing)
            }
            Step::Nothing => return Ok(None),
        };
        self.step = next;
        Ok(Some(Piece { rows: lines.len(), bytes: lines.concat() }))
    }
}

impl Export {
    async fn configuration(&self, c: &mut PgConnection) -> Result<Vec<Vec<u8>>, Error> {
        let tenant_id = self.member.tenant_id;
        let own = retention::of(c, tenant_id).await?;
        let mut lines = vec![json!({
            "kind": "tenant", "id": tenant_id, "name": self.member.tenant_name, "time_zone": self.member.zone.name(),
            "receipt_days": own.receipt_days, "event_days": own.event_days, "body_days": own.body_days,
        })];
        for one in tenants::members(c, tenant_id).await? {
            lines.push(json!({
                "kind": "member", "email": one.email, "role": one.role.word(), "since": exact(one.created_at),
            }));
        }
        for one in invitations::list(c, tenant_id, DateTime::UNIX_EPOCH).await? {
            lines.push(json!({
                "kind": "invitation", "email": one.email, "role": one.role.word(), "expires_at": exact(one.expires_at),
            }));
        }
        for app in apps::list(c, tenant_id, &self.sealer).await? {
            lines.push(
                json!({ "kind": "app", "id": app.app_id, "name": app.name, "created_at": exact(app.created_at) }),
            );
        }
        for one in connections::list(c, tenant_id).await? {
            lines.push(json!({
                "kind": "connection", "id": one.connection_id, "app_id": one.app_id, "to": one.kind.as_str(), "external_id": one.external_id,
                "name": one.name, "scopes": one.scopes, "expires_at": one.token_expires_at.map(exact), "ended_at": one.dead_at.map(exact),
            }));
        }
        for channel in channels::list(c, tenant_id).await? {
            lines.push(json!({
                "kind": "channel", "id": channel.channel_id, "app_id": channel.app_id, "platform": channel.platform.as_str(),
                "external_id": channel.external_id, "address": channel.address, "name": channel.name,
                "created_at": exact(channel.created_at), "disabled_at": channel.disabled_at.map(exact),
            }));
        }
        for endpoint in endpoints::list(c, tenant_id).await? {
            lines.push(json!({
                "kind": "endpoint", "id": endpoint.endpoint_id, "name": endpoint.name, "url": destination(&endpoint.target),
                "events": endpoint.events, "channel_ids": endpoint.channel_ids, "created_at": exact(endpoint.created_at),
                "paused_at": endpoint.paused.map(|(at, _)| exact(at)),
            }));
        }
        Ok(lines.iter().map(line).collect())
    }

    async fn of_events(&self, c: &mut PgConnection, events: &[everything::Event]) -> Result<Vec<Vec<u8>>, Error> {
        let tenant_id = self.member.tenant_id;
        let ids: Vec<EventId> = events.iter().map(|event| event.event_id).collect();
        let mut entries: HashMap<EventId, Vec<Entry>> = HashMap::new();
        for entry in ledger::of_events(c, tenant_id, &ids).await? {
            entries.entry(entry.event_id).or_default().push(entry);
        }
        let attempts = attempts::of_events(c, tenant_id, &ids).await?;
        let mut files: HashMap<EventId, Vec<Value>> = HashMap::new();
        for file in media::of_events(c, tenant_id, &ids).await? {
            files.entry(file.key.event_id).or_default().push(of_file(&file));
        }
        let lines = events.iter().map(|event| {
            let own = entries.get(&event.event_id).into_iter().flatten();
            let deliveries: Vec<Value> = own
                .filter_map(|entry| Some((entry.endpoint_id?, entry)))
                .map(|(endpoint_id, entry)| {
                    let made = attempts.get(&(event.event_id, endpoint_id)).into_iter().flatten();
                    json!({
                        "endpoint_id": endpoint_id, "endpoint": entry.endpoint_name, "state": state(entry.state),
                        "attempts": made.map(of_attempt).collect::<Vec<_>>(),
                    })
                })
                .collect();
            let head = json!({
                "kind": "event", "receipt_id": event.receipt_id, "received_at": exact(event.received_at), "deliveries": deliveries,
                "media": files.remove(&event.event_id).unwrap_or_default(),
            });
            with(&head, "event", &event.body)
        });
        Ok(lines.collect())
    }
}

fn line(value: &Value) -> Vec<u8> {
    let mut line = value.to_string().into_bytes();
    line.push(b'\n');
    line
}

/// The object with a body as its last key: as it is, if it is JSON, otherwise as text.
fn with(head: &Value, key: &str, body: &[u8]) -> Vec<u8> {
    let is_json = serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok();
    let mut line = head.to_string().into_bytes();
    line.pop();
    line.extend_from_slice(format!(",\"{key}\":").as_bytes());
    if is_json {
        line.extend(in_one_line(body));
    } else {
        line.extend_from_slice(Value::from(String::from_utf8_lossy(body)).to_string().as_bytes());
    }
    line.extend_from_slice(b"}\n");
    line
}

fn of_record(record: &audit::Record) -> Vec<u8> {
    line(&json!({
        "kind": "audit", "id": record.audit_id, "at": exact(record.at), "account_id": record.account_id, "email": record.email,
        "network": record.network, "action": record.action, "subjects": record.subjects,
    }))
}

fn of_receipt(receipt: &everything::Receipt) -> Vec<u8> {
    let head = json!({
        "kind": "receipt", "id": receipt.receipt_id, "app_id": receipt.app_id, "received_at": exact(receipt.received_at),
    });
    with(&head, "body", &receipt.body)
}

/// Its bytes are to be had through the API.
fn of_file(file: &Media) -> Value {
    json!({
        "position": file.key.position, "state": file.state.as_str(), "reason": file.reason, "filename": file.filename,
        "mime_type": file.content_type.as_ref().or(file.mime_type.as_ref()), "size": file.size, "sha256": file.sha256.map(|digest| hex(&digest)),
    })
}

fn of_attempt(attempt: &Attempt) -> Value {
    json!({
        "number": attempt.number, "started_at": exact(attempt.started_at), "latency_ms": f64::from(attempt.latency_us) / 1000.0,
        "status": attempt.status, "failure": attempt.failure, "replay": attempt.replay,
        "response_headers": attempt.response_headers,
        "response": attempt.excerpt.as_deref().map(String::from_utf8_lossy),
    })
}
