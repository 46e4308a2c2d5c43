-- Who did what in a tenant, when, and from where. Records are added and, with the tenant, deleted; never changed.
create table audit (
  tenant_id uuid not null references tenant on delete cascade,
  audit_id uuid not null,  -- v7
  at timestamptz not null,
  account_id uuid not null,  -- no reference: accounts go, and what they did stays
  email text not null,
  -- The address or network it came from; null: it is not known for sure.
  network text,
  action text not null,
  -- Ids of what it was done to.
  subjects text[] not null,
  primary key (tenant_id, audit_id)
);

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'records of % are not changed', tg_table_name;
end $$;

create trigger audit_is_added_to_only before update on audit for each row execute function refuse_change();
