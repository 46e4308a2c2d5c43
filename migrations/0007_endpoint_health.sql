-- Endpoints that do not answer, or just do so again. No row: healthy, as nearly all are. Shared by all processes, so that one's
-- trouble spares the others, and an endpoint is probed once and not by each.
create table endpoint_health (
  tenant_id uuid not null,
  endpoint_id uuid not null,
  down_since timestamptz not null,
  -- Down: nothing is sent but one delivery at this time, as a probe; what comes in is parked.
  probe_at timestamptz,
  probes integer not null,
  -- Recovering: what was parked until then is sent by and by, oldest first.
  drain_before timestamptz,
  primary key (tenant_id, endpoint_id),
  foreign key (tenant_id, endpoint_id) references endpoint on delete cascade,
  check ((probe_at is null) <> (drain_before is null))
);

alter table endpoint drop constraint endpoint_pause_reason_check;
alter table endpoint add constraint endpoint_pause_reason_check check (pause_reason in ('person', 'gone', 'unhealthy'));
