-- The second factor of an account: codes of an authenticator app, and codes on paper for when it is lost.
create table second_factor (
  account_id uuid primary key references account on delete cascade,
  secret bytea not null,  -- sealed
  -- Null: it was shown, and no code of it was entered yet, so it is not asked for.
  confirmed_at timestamptz,
  -- The step of the last code that was used, so that none is used twice.
  used_step bigint not null default 0,
  created_at timestamptz not null
);

create table recovery_code (
  account_id uuid not null references second_factor on delete cascade,
  code_hash bytea not null check (length(code_hash) = 32),  -- SHA-256
  primary key (account_id, code_hash)
);
