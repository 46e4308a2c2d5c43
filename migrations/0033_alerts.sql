-- Mail about what needs attention: who gets it, what was told, and when each tenant's things are looked at next.

alter table member
  -- Whether mail tells them. Viewers get none.
  add column wants_alerts boolean not null default true;

-- A process that takes a tenant moves this on first.
alter table tenant add column alerts_due_at timestamptz not null default 'epoch';

-- "Whose things are to be looked at?"
create index tenant_alerts_due on tenant (alerts_due_at) where deleted_at is null;

-- Something that needs attention: told once it has lasted, and forgotten once it has been over for a while.
create table alert (
  tenant_id uuid not null references tenant on delete cascade,
  -- A state's word and the id of what is in it, or the path of a page where many have it in common.
  subject text not null check (length(subject) between 1 and 300),
  began_at timestamptz not null,
  seen_at timestamptz not null,
  -- Null: not yet.
  told_at timestamptz,
  primary key (tenant_id, subject)
);

alter table alert enable row level security;
create policy own on alert to socialhook_tenant using (tenant_id = (select current_tenant()));
grant select, insert, update, delete on alert to socialhook_tenant;
