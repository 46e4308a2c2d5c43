-- Sums over time, for the overview: what came in and what became of attempts, per bucket of time. The relay adds to them every few
-- seconds; several processes add up. A page reads these, never the big tables.
create table rollup (
  tenant_id uuid not null,
  -- Seconds of a bucket: 5 minutes, an hour, 6 hours, a day, 30 days. All begin at multiples of their length since 1970.
  grain integer not null check (grain in (300, 3600, 21600, 86400, 2592000)),
  kind text not null check (kind in ('all', 'channel', 'endpoint')),
  -- The channel (nil: events of the whole account) or endpoint; nil for all of the tenant's.
  subject_id uuid not null,
  bucket_at timestamptz not null,
  events bigint not null,
  -- Attempts: answered 2xx; failed and to be tried again; failed and parked.
  delivered bigint not null,
  failed bigint not null,
  parked bigint not null,
  -- Answered attempts by time taken, a slot each (crates/core/src/histogram.rs), without the empty slots at the end.
  latencies bigint[] not null,
  -- "Who had traffic of late?" reads a stretch of it; "how was it here?" looks up each bucket.
  primary key (tenant_id, grain, kind, bucket_at, subject_id)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);

-- "Which buckets are past their time?", asked by the upkeep.
create index rollup_old on rollup (grain, bucket_at);

-- Adds slot by slot; the shorter one counts as filled up with zeros.
create function add_counts(a bigint[], b bigint[]) returns bigint[] language sql immutable parallel safe as $$
  select array(select coalesce(x, 0) + coalesce(y, 0) from unnest(a, b) with ordinality both_of(x, y, place) order by place)
$$;

-- What Meta did with an app last. Apart from app, so that traffic does not look like a change of configuration.
create table app_activity (
  tenant_id uuid not null,
  app_id uuid not null,
  challenged_at timestamptz,  -- asked with the right verify token
  challenge_failed_at timestamptz,  -- asked with a wrong one
  signed_at timestamptz,  -- sent a webhook whose signature fits; simulated ones do not count
  primary key (tenant_id, app_id),
  foreign key (tenant_id, app_id) references app on delete cascade
);

-- When a member closed the guide for newcomers. Everything else that the guide says is told by facts.
alter table tenant add column start_dismissed_at timestamptz;
