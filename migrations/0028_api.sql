-- Keys to the API, of which only the SHA-256 is kept.
create table api_key (
  tenant_id uuid not null references tenant on delete cascade,
  api_key_id uuid not null,  -- v7
  name text not null check (length(name) between 1 and 100),
  prefix text not null check (length(prefix) between 4 and 16),  -- its beginning, so that people know it again
  key_hash bytea not null constraint api_key_hash unique check (length(key_hash) = 32),
  scopes text[] not null check (cardinality(scopes) > 0 and scopes <@ array['read', 'endpoints', 'deliveries']),
  created_by uuid not null,  -- an account, which may be gone
  created_at timestamptz not null,
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz,  -- to the minute
  primary key (tenant_id, api_key_id)
);

-- What was answered to a request with an Idempotency-Key, so that its repeat is answered alike. Null: it is being worked on.
create table idempotency (
  tenant_id uuid not null,
  api_key_id uuid not null,
  key_hash bytea not null check (length(key_hash) = 32),
  request_hash bytea not null check (length(request_hash) = 32),
  idempotency_id uuid not null,  -- binds the sealed answer to this row
  created_at timestamptz not null,
  status smallint,
  answer bytea,  -- sealed: a new endpoint's signing secret may be in it
  primary key (tenant_id, api_key_id, key_hash),
  foreign key (tenant_id, api_key_id) references api_key on delete cascade,
  check ((status is null) = (answer is null))
);
-- "Which are old enough to be forgotten?"
create index idempotency_created_at on idempotency (created_at);

alter table api_key enable row level security;
create policy own on api_key to socialhook_tenant using (tenant_id = (select current_tenant()));
grant select, insert, update, delete on api_key to socialhook_tenant;
alter table idempotency enable row level security;
create policy own on idempotency to socialhook_tenant using (tenant_id = (select current_tenant()));
grant select, insert, update, delete on idempotency to socialhook_tenant;
