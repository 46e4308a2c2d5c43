-- Who our customers are, and what they have set up. Small tables, read as a whole into memory by every relay process.

create table tenant (
  tenant_id uuid primary key,
  name text not null check (length(name) between 1 and 100),
  created_at timestamptz not null,
  -- What provisioning knows the tenant by. Null: it signed up, under whatever name it liked.
  provisioned_name text constraint tenant_provisioned_name unique
);

-- The operator's own tenant: it owns the operator's apps, and receipts that no tenant's channel claims.
insert into tenant (tenant_id, name, created_at) values ('00000000-0000-0000-0000-000000000000', 'Operator', now());

-- A person who signs in. Belongs to tenants through member.
create table account (
  account_id uuid primary key,
  email text not null check (length(email) between 3 and 254),
  password_hash text not null,
  created_at timestamptz not null
);

-- "Is this address taken?" and "who signs in?", whatever its letter case.
create unique index account_email on account (lower(email));

create table member (
  tenant_id uuid not null references tenant,
  account_id uuid not null references account,
  role text not null check (role in ('owner', 'developer', 'viewer')),
  created_at timestamptz not null,
  primary key (tenant_id, account_id)
);

-- "Which tenants may this account see?"
create index member_account on member (account_id);

-- Keyed by the SHA-256 of the session id, so that a copy of this table opens no session.
create table session (
  session_hash bytea primary key check (length(session_hash) = 32),
  data bytea not null,
  expires_at timestamptz not null
);

-- "Which sessions have ended?", asked hourly by the sweeper.
create index session_expires_at on session (expires_at);

-- Which key the sealed columns below are sealed with, so that a process with another one notices before it starts.
create table sealing_key (
  only_row boolean primary key default true check (only_row),
  key_id bytea not null check (length(key_id) = 4)
);

-- A Meta app. verify_token is sealed: it is compared, but also shown again to be pasted into Meta's dashboard.
create table app (
  tenant_id uuid not null references tenant,
  app_id uuid not null,
  name text not null check (length(name) between 1 and 100),
  callback_key text not null check (length(callback_key) between 8 and 64),
  verify_token bytea not null,
  created_at timestamptz not null,
  primary key (tenant_id, app_id),
  constraint app_name unique (tenant_id, name),
  constraint app_callback_key unique (callback_key)
);

-- Several live secrets at once: Instagram Login signs with another one, and a rotation overlaps.
create table app_secret (
  tenant_id uuid not null,
  app_id uuid not null,
  app_secret_id uuid not null,
  secret bytea not null,
  created_at timestamptz not null,
  retired_at timestamptz,
  primary key (tenant_id, app_id, app_secret_id),
  foreign key (tenant_id, app_id) references app on delete cascade
);

-- A connected number, page or Instagram account. Its app is the tenant's own or the operator's.
create table channel (
  tenant_id uuid not null references tenant,
  channel_id uuid not null,
  app_tenant_id uuid not null,
  app_id uuid not null,
  platform text not null check (platform in ('whatsapp', 'messenger', 'instagram')),
  external_id text not null check (length(external_id) between 1 and 64),
  address text check (length(address) between 1 and 64),
  name text not null check (length(name) between 1 and 100),
  created_at timestamptz not null,
  primary key (tenant_id, channel_id),
  -- One number of one app belongs to one tenant: this is what routing rests on.
  constraint channel_external_id unique (app_id, platform, external_id),
  foreign key (app_tenant_id, app_id) references app (tenant_id, app_id),
  check (app_tenant_id = tenant_id or app_tenant_id = '00000000-0000-0000-0000-000000000000')
);

-- When a channel last carried something. Apart from channel, so that traffic does not look like a change of configuration.
create table channel_activity (
  tenant_id uuid not null,
  channel_id uuid not null,
  last_receipt_at timestamptz not null,
  primary key (tenant_id, channel_id),
  foreign key (tenant_id, channel_id) references channel on delete cascade
);

-- A destination. The inspector's requests go to this service itself, so it has no URL of its own.
create table endpoint (
  tenant_id uuid not null references tenant,
  endpoint_id uuid not null,
  name text not null check (length(name) between 1 and 100),
  kind text not null check (kind in ('http', 'inspector')),
  url text check (length(url) between 8 and 2048),
  -- Event words, or prefixes such as message.*, or *.
  events text[] not null check (cardinality(events) between 1 and 50),
  -- Null: every channel.
  channel_ids uuid[],
  paused_at timestamptz,
  pause_reason text check (pause_reason in ('person', 'gone')),
  created_at timestamptz not null,
  primary key (tenant_id, endpoint_id),
  constraint endpoint_name unique (tenant_id, name),
  check ((kind = 'http') = (url is not null)),
  check ((paused_at is null) = (pause_reason is null))
);

create table endpoint_secret (
  tenant_id uuid not null,
  endpoint_id uuid not null,
  endpoint_secret_id uuid not null,
  secret bytea not null,
  created_at timestamptz not null,
  retired_at timestamptz,
  primary key (tenant_id, endpoint_id, endpoint_secret_id),
  foreign key (tenant_id, endpoint_id) references endpoint on delete cascade
);

-- Refused POSTs, counted by reason and day: a refused body itself is never kept.
create table refusal (
  tenant_id uuid not null,
  app_id uuid not null,
  reason text not null,
  day date not null,
  count bigint not null,
  last_at timestamptz not null,
  primary key (tenant_id, app_id, reason, day),
  foreign key (tenant_id, app_id) references app on delete cascade
);

-- Grows with every change of what the relay keeps in memory. Processes compare it instead of reading everything again.
create table config_epoch (
  only_row boolean primary key default true check (only_row),
  epoch bigint not null
);
insert into config_epoch values (true, 1);

create function bump_config_epoch() returns trigger language plpgsql as $$
begin
  update config_epoch set epoch = epoch + 1;
  return null;
end $$;

create trigger bump after insert or update or delete on app for each statement execute function bump_config_epoch();
create trigger bump after insert or update or delete on app_secret for each statement execute function bump_config_epoch();
create trigger bump after insert or update or delete on channel for each statement execute function bump_config_epoch();
create trigger bump after insert or update or delete on endpoint for each statement execute function bump_config_epoch();
create trigger bump after insert or update or delete on endpoint_secret for each statement execute function bump_config_epoch();
