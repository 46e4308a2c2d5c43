-- What a number, page or account is connected with: Meta's side of an app, and the access token that somebody gave us.

alter table app
  -- Meta's id of the app. Null: its owner has not told it, and we can ask Meta nothing in its name.
  add column meta_app_id text check (meta_app_id ~ '^[0-9]{1,32}$'),
  -- Login configurations of the app: Embedded Signup, and Facebook Login for Business. Null: that way in is not offered.
  add column signup_config_id text check (signup_config_id ~ '^[0-9]{1,32}$'),
  add column login_config_id text check (login_config_id ~ '^[0-9]{1,32}$'),
  -- The Instagram app inside it, which has a secret of its own.
  add column instagram_app_id text check (instagram_app_id ~ '^[0-9]{1,32}$');
alter table app_secret
  add column kind text not null default 'app' check (kind in ('app', 'instagram'));

-- A WhatsApp business account, a page (with the Instagram account linked to it) or an Instagram account that somebody let us into.
create table connection (
  tenant_id uuid not null references tenant,
  connection_id uuid not null,
  app_tenant_id uuid not null,
  app_id uuid not null,
  kind text not null check (kind in ('whatsapp', 'page', 'instagram')),
  -- Id of the business account, page or professional account at Meta.
  external_id text not null check (length(external_id) between 1 and 64),
  name text not null check (length(name) between 1 and 200),
  -- Who logged in, as the app knows them: what a deauthorization names. Null: an operator's token.
  meta_user_id text check (length(meta_user_id) between 1 and 64),
  -- Sealed.
  token bytea not null,
  token_made_at timestamptz not null,
  -- Null: it has no end.
  token_expires_at timestamptz,
  data_access_expires_at timestamptz,
  scopes text[] not null,
  created_at timestamptz not null,
  -- When it is looked after next; a process that takes it moves this on first.
  check_due_at timestamptz not null,
  checked_at timestamptz,
  -- What the last look found, an array of {link, state, evidence}. Null: none yet.
  findings jsonb,
  -- Since when the token is known not to work, and why.
  dead_at timestamptz,
  dead_reason text check (dead_reason in ('expired', 'revoked', 'deauthorized')),
  primary key (tenant_id, connection_id),
  -- What one app reaches belongs to one tenant.
  constraint connection_external_id unique (app_id, kind, external_id),
  foreign key (app_tenant_id, app_id) references app (tenant_id, app_id),
  check (app_tenant_id = tenant_id or app_tenant_id = '00000000-0000-0000-0000-000000000000'),
  check ((dead_at is null) = (dead_reason is null))
);

-- "Which are due to be looked after?"
create index connection_check_due on connection (check_due_at);
-- "Whose are they, whom Meta names in a deauthorization?"
create index connection_meta_user on connection (app_id, meta_user_id);

alter table channel
  -- What it was connected with. Null: webhooks arrive, but we may ask Meta nothing about it.
  add column connection_id uuid,
  add constraint channel_connection foreign key (tenant_id, connection_id) references connection (tenant_id, connection_id)
    on delete set null (connection_id);

-- What we put right by ourselves at Meta.
create table repair (
  tenant_id uuid not null,
  repair_id uuid not null,  -- v7, its time
  connection_id uuid not null,
  what text not null,
  primary key (tenant_id, repair_id),
  foreign key (tenant_id, connection_id) references connection on delete cascade
);

-- Somebody on their way through a login of Meta's, and what came of it. Swept after a day.
create table meta_login (
  tenant_id uuid not null references tenant,
  login_id uuid not null,
  account_id uuid not null,
  way text not null check (way in ('whatsapp', 'pages', 'instagram')),
  app_tenant_id uuid not null,
  app_id uuid not null,
  -- SHA-256 of what Meta carries along: who comes back must know it.
  state_hash bytea not null check (length(state_hash) = 32),
  -- What the sign-up's window told.
  message jsonb,
  -- When they came back: who comes with the same state again is not let in.
  taken_at timestamptz,
  -- Null: it is not known yet what came of it.
  outcome jsonb,
  created_at timestamptz not null,
  primary key (tenant_id, login_id),
  constraint meta_login_state unique (state_hash)
);

-- Meta asked to delete what we have of a person. Who asks is shown how far that is.
create table data_deletion (
  code_hash bytea primary key check (length(code_hash) = 32),
  requested_at timestamptz not null,
  connections integer not null
);

create trigger bump after insert or update or delete on connection for each statement execute function bump_config_epoch();

do $$
declare
  name text;
begin
  foreach name in array array['connection', 'repair', 'meta_login'] loop
    execute format('alter table %I enable row level security', name);
    execute format('create policy own on %I to socialhook_tenant using (tenant_id = (select current_tenant()))', name);
    execute format('grant select, insert, update, delete on %I to socialhook_tenant', name);
  end loop;
end $$;
