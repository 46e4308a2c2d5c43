-- A delivery that succeeds at its first attempt, which nearly all do, leaves no row behind and needs none before: what a process
-- has taken in and is sending for the first time stands in its manifests, many deliveries to a row. Only what did not succeed,
-- or cannot be sent now, becomes a row of delivery.

-- "These deliveries of mine may be open." Written with the events, deleted when each of them has an outcome. What a dead process leaves
-- here is turned into deliveries. By node and not by tenant, since a row is one batch of a process, whoever it was for.
create table manifest (
  node_id uuid not null,
  manifest_id uuid not null,  -- v7
  -- Of each delivery: tenant, event, endpoint. Never compressed nor moved out: short rows that live for milliseconds.
  tenant_ids uuid[] not null,
  event_ids uuid[] not null,
  endpoint_ids uuid[] not null,
  primary key (node_id, manifest_id),
  check (cardinality(tenant_ids) = cardinality(event_ids) and cardinality(event_ids) = cardinality(endpoint_ids))
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);
alter table manifest alter tenant_ids set storage plain, alter event_ids set storage plain, alter endpoint_ids set storage plain;

-- The endpoints that were chosen when the event came in.
alter table event add column endpoint_ids uuid[] not null default '{}';
update event e set endpoint_ids = chosen.ids from (
  select tenant_id, event_id, array_agg(endpoint_id) as ids
  from (select tenant_id, event_id, endpoint_id from delivery union select tenant_id, event_id, endpoint_id from attempt) known
  group by tenant_id, event_id
) chosen where e.tenant_id = chosen.tenant_id and e.event_id = chosen.event_id;
alter table event alter endpoint_ids drop default;

-- A process that was taken for dead may record its attempt beside that of the one that took over: both are facts.
alter table attempt drop constraint attempt_pkey;
alter table attempt add primary key (tenant_id, event_id, endpoint_id, number, started_at);
