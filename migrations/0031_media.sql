-- Files of messages: fetched from Meta after the event was stored, kept in object storage, served through signed links.

alter table tenant
  -- Whether WhatsApp's media are fetched and kept.
  add column keeps_media boolean not null default true,
  -- Whether Messenger's and Instagram's are, too: Meta's own addresses are public, but end.
  add column keeps_public_media boolean not null default false,
  -- Bytes that may be kept. Null: as the operator has it.
  add column media_quota bigint check (media_quota >= 0);
create trigger bump_for_media after update of keeps_media, keeps_public_media on tenant for each statement execute function bump_config_epoch();

-- What signs links to media. Sealed.
create table media_key (
  only_row boolean primary key default true check (only_row),
  secret bytea not null
);

create table media (
  tenant_id uuid not null,
  event_id uuid not null,
  -- Among the event's files, from 0.
  position smallint not null check (position >= 0),
  channel_id uuid not null,
  -- Meta's id of it, or its public address.
  source text not null check (length(source) between 1 and 4096),
  is_public boolean not null,
  -- As the webhook said.
  announced_sha256 bytea check (length(announced_sha256) = 32),
  mime_type text,
  filename text,
  received_at timestamptz not null,
  state text not null check (state in ('waiting', 'stored', 'gone', 'refused', 'erasing')),
  -- Why it is not there, or not there yet.
  reason text,
  tries smallint not null default 0,
  -- When it is tried next. A process that takes it moves this on first.
  due_at timestamptz,
  -- What is stored.
  size bigint check (size >= 0),
  sha256 bytea check (length(sha256) = 32),
  content_type text,
  stored_at timestamptz,
  primary key (tenant_id, event_id, position),
  check ((state = 'waiting') = (due_at is not null)),
  check (state <> 'stored' or (size is not null and sha256 is not null and content_type is not null and stored_at is not null))
);

-- "Which are due?"
create index media_due on media (due_at) where due_at is not null;
-- "Whose objects have to go?"
create index media_erasing on media (tenant_id, event_id) where state = 'erasing';
-- "How are a channel's media doing?"
create index media_channel on media (tenant_id, channel_id, event_id);

-- Bytes that a tenant has stored.
create table media_usage (
  tenant_id uuid primary key references tenant on delete cascade,
  bytes bigint not null check (bytes >= 0)
);

do $$
declare
  name text;
begin
  foreach name in array array['media', 'media_usage'] loop
    execute format('alter table %I enable row level security', name);
    execute format('create policy own on %I to socialhook_tenant using (tenant_id = (select current_tenant()))', name);
    execute format('grant select, insert, update, delete on %I to socialhook_tenant', name);
  end loop;
end $$;
