-- Mail to people, until it is sent. Its text is sealed: links in it open accounts.
create table mail (
  mail_id uuid primary key,  -- v7
  recipient text not null check (length(recipient) between 3 and 254),
  text bytea not null,  -- sealed: a line with the subject, then the rest
  due_at timestamptz not null,  -- moved on by whoever tries to send it
  attempts integer not null default 0,
  expires_at timestamptz not null  -- what it says holds no longer
);

-- "Which mail is to be sent?"
create index mail_due_at on mail (due_at);

-- Who wants to sign up, until they show that they read the address that they gave. Only then there is an account, so that nobody
-- takes an address that is not theirs, and nobody learns which have an account.
create table sign_up (
  token_hash bytea primary key check (length(token_hash) = 32),  -- SHA-256 of what the link in the mail holds
  email text not null check (length(email) between 3 and 254),
  tenant_name text not null check (length(tenant_name) between 1 and 100),
  password_hash text not null,
  expires_at timestamptz not null
);
create index sign_up_expires_at on sign_up (expires_at);

-- What the holder of a link in a mail may do with an account, once.
create table account_link (
  token_hash bytea primary key check (length(token_hash) = 32),
  purpose text not null check (purpose in ('reset', 'new_email', 'old_email')),
  account_id uuid not null references account on delete cascade,
  -- The address that the account gets: a new one, or its old one back.
  email text check (length(email) between 3 and 254),
  expires_at timestamptz not null,
  check ((purpose = 'reset') = (email is null))
);
create index account_link_account on account_link (account_id, purpose);
create index account_link_expires_at on account_link (expires_at);

-- Who was asked to join a tenant.
create table invitation (
  tenant_id uuid not null references tenant on delete cascade,
  invitation_id uuid not null,  -- v7
  email text not null check (length(email) between 3 and 254),
  role text not null check (role in ('owner', 'developer', 'viewer')),
  token_hash bytea not null constraint invitation_token unique check (length(token_hash) = 32),
  created_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (tenant_id, invitation_id)
);
-- One to an address at a time: asking again replaces it.
create unique index invitation_email on invitation (tenant_id, lower(email));
create index invitation_expires_at on invitation (expires_at);
