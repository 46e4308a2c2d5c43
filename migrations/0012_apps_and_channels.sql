-- What a person may do with a channel, and why a webhook was refused.

alter table channel
  -- Since when its events go to no endpoint. They are kept, and a replay sends them. Null: they are delivered.
  add column disabled_at timestamptz,
  -- A signed webhook named it before a person did.
  add column discovered boolean not null default false;
-- Those that appeared by themselves are named by their id until a person names them.
update channel set discovered = true where name = external_id;

-- The newest of the POSTs that were refused at an app's callback URL, so that a person can find out why. refusal still counts all of
-- them. Few are kept of each app and reason, for days (crates/store/src/refused_requests.rs), and the body is sealed: it may be a
-- customer's message.
create table refused_request (
  tenant_id uuid not null,
  refused_id uuid not null,  -- v7, the time of receipt
  app_id uuid not null,
  reason text not null,
  received_at timestamptz not null,
  -- Headers as they came, cut to a length. Null: there was none.
  signature text check (length(signature) <= 512),
  content_type text check (length(content_type) <= 512),
  user_agent text check (length(user_agent) <= 512),
  -- Sealed; its first part where it was longer.
  body bytea not null,
  body_length integer not null,
  primary key (tenant_id, refused_id),
  foreign key (tenant_id, app_id) references app on delete cascade
);

-- "What was refused at this app of late?", and which are too many to keep.
create index refused_request_app on refused_request (tenant_id, app_id, reason, refused_id);
