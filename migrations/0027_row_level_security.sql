-- The second wall between tenants: pages and the API work as a role that sees and changes the rows of one tenant only, the one that
-- socialhook.tenant_id names. A query that forgets its tenant finds nothing of others; one without the setting finds nothing at all.
-- The relay, which works for all tenants at once, goes on as the owner of the tables.
do $$
begin
  create role socialhook_tenant nologin;
exception
  -- Roles are of the whole server, and another database of ours may have made it, also at this moment.
  when duplicate_object or unique_violation then null;
end $$;

do $$
begin
  if not pg_has_role(current_user, 'socialhook_tenant', 'member') then
    execute format('grant socialhook_tenant to %I', current_user);
  end if;
  execute format('grant usage on schema %I to socialhook_tenant', current_schema());
end $$;

create function current_tenant() returns uuid language sql stable parallel safe as
  $$ select nullif(current_setting('socialhook.tenant_id', true), '')::uuid $$;

-- Every table with a tenant_id. A test compares what the catalogue says with this, so that a table that is added later is not forgotten.
do $$
declare
  name text;
begin
  foreach name in array array[
    'tenant', 'member', 'invitation', 'app', 'app_secret', 'app_activity', 'channel', 'channel_activity', 'endpoint', 'endpoint_secret',
    'endpoint_health', 'refusal', 'refused_request', 'receipt', 'event', 'attempt', 'delivery', 'inspection',
    'conversation_key', 'replay', 'rollup', 'audit'
  ] loop
    execute format('alter table %I enable row level security', name);
    execute format('create policy own on %I to socialhook_tenant using (tenant_id = (select current_tenant()))', name);
    execute format('grant select, insert, update, delete on %I to socialhook_tenant', name);
  end loop;
end $$;

-- A tenant's channels may be reached through an app of the operator's, whose name they are told.
create policy operators on app for select to socialhook_tenant using (tenant_id = '00000000-0000-0000-0000-000000000000');

-- What is not of one tenant: who did something, letters to write, and that the configuration has changed.
grant select (account_id, email) on account to socialhook_tenant;
grant insert on mail to socialhook_tenant;
grant select, update on config_epoch to socialhook_tenant;
