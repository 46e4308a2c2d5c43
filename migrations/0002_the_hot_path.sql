-- Receipts, events, deliveries, attempts. No foreign keys, no sequences, no defaults: these tables take the traffic.
-- The append-only ones are partitioned by day over the time-ordered uuid; partitions are made and dropped by the relay
-- (crates/store/src/partitions.rs). Every key starts with the tenant.

-- The exact bytes of one accepted POST, per tenant: of a POST for several tenants each holds only its own parts.
create table receipt (
  tenant_id uuid not null,
  receipt_id uuid not null,  -- v7, the time of receipt
  app_id uuid not null,
  received_at timestamptz not null,
  body bytea not null,
  primary key (tenant_id, receipt_id)
) partition by range (receipt_id);

-- One normalised thing that happened. Its id is derived from it, so this key is also what finds repeats.
-- Where it went is told by delivery and attempt: each chosen endpoint has an open delivery, an attempt, or both.
create table event (
  tenant_id uuid not null,
  event_id uuid not null,  -- v8, the event's own time
  receipt_id uuid not null,
  channel_id uuid,  -- null for what concerns the whole account
  received_at timestamptz not null,
  event text not null,
  conversation_id uuid,
  message_hash bigint,
  -- The JSON as it is sent, but for its delivery key.
  body bytea not null,
  primary key (tenant_id, event_id)
) partition by range (event_id);

-- One HTTP request to an endpoint and what came of it.
create table attempt (
  tenant_id uuid not null,
  event_id uuid not null,
  endpoint_id uuid not null,
  number smallint not null check (number >= 1),
  replay boolean not null,
  started_at timestamptz not null,
  latency_us integer not null,
  status smallint,
  failure text,  -- null: delivered
  excerpt bytea check (length(excerpt) <= 2048),
  primary key (tenant_id, event_id, endpoint_id, number)
) partition by range (event_id);

-- An event that one endpoint still has to get. The row goes when it has.
--   owner set: a process has it in memory; owner null: it waits for due_at, or is parked.
create table delivery (
  tenant_id uuid not null,
  event_id uuid not null,
  endpoint_id uuid not null,
  owner uuid,
  due_at timestamptz not null,
  parked_at timestamptz,
  -- Attempts made in all, and how many of them before this round: a resend starts a new round.
  attempts smallint not null,
  round_start smallint not null,
  replay boolean not null,
  primary key (tenant_id, event_id, endpoint_id),
  check (parked_at is null or owner is null),
  check (round_start <= attempts)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_cost_delay = 0);

-- "What is due at this endpoint, oldest first?" Not touched by a delivery that succeeds at once.
create index delivery_due on delivery (tenant_id, endpoint_id, due_at) where owner is null and parked_at is null;

-- "What is parked at this endpoint?", for counts and drains.
create index delivery_parked on delivery (tenant_id, endpoint_id, event_id) where parked_at is not null;

-- A running relay process. It owns deliveries while its heartbeat is young.
create table node (
  node_id uuid primary key,
  started_at timestamptz not null,
  heartbeat_at timestamptz not null,
  -- The configuration that it works with, so that whoever changes it can wait until it is in force.
  config_epoch bigint not null
);

-- What the inspector received, newest kept: a request as a tenant's own server would have seen it.
create table inspection (
  tenant_id uuid not null,
  inspection_id uuid not null,  -- v7
  endpoint_id uuid not null,
  received_at timestamptz not null,
  headers jsonb not null,
  body bytea not null,
  signature_valid boolean not null,
  primary key (tenant_id, inspection_id)
);
