-- A replay: what happened in a stretch of time is sent to one endpoint again. The relay opens its deliveries batch by batch
-- (crates/store/src/replays.rs); from there on they are deliveries like others.
create table replay (
  tenant_id uuid not null,
  replay_id uuid not null,  -- v7
  endpoint_id uuid not null,
  -- By the time in the event's id, the end excluded.
  from_at timestamptz not null,
  to_at timestamptz not null,
  -- undelivered: parked, or without an attempt that succeeded.
  which text not null check (which in ('undelivered', 'all')),
  channel_id uuid,  -- null: every channel
  -- A word, or the beginning of one such as message.*; null: every word. The endpoint's own wishes hold besides.
  event text constraint replay_event check (event ~ '^([a-z_]+\.)*([a-z_]+|\*)$' and length(event) <= 64),
  -- The event that was looked at last. At first a value just before from_at's events.
  cursor_id uuid not null,
  looked_at bigint not null check (looked_at >= 0),
  opened bigint not null check (opened between 0 and looked_at),
  created_at timestamptz not null,
  created_by uuid constraint replay_created_by references account on delete set null,  -- null: an operator's command
  advanced_at timestamptz not null,
  finished_at timestamptz,
  cancelled_at timestamptz,
  primary key (tenant_id, replay_id),
  constraint replay_endpoint foreign key (tenant_id, endpoint_id) references endpoint on delete cascade,
  constraint replay_channel foreign key (tenant_id, channel_id) references channel on delete cascade,
  -- Nothing that has yet to happen: it is delivered anyway.
  constraint replay_range check (from_at < to_at and to_at <= created_at),
  check (finished_at is null or cancelled_at is null)
);

-- "Which replay of each endpoint is next?", asked by every process at every tick. Holds unfinished ones only.
create index replay_unfinished on replay (tenant_id, endpoint_id, replay_id) where finished_at is null and cancelled_at is null;

-- Whether an event's word fits a pattern: a word, or the beginning of one and *. The relay's directory decides the same in
-- memory for what comes in. Simple enough to be inlined.
create function event_fits(pattern text, word text) returns boolean language sql immutable parallel safe as $$
  select case when right(pattern, 1) = '*' then starts_with(word, left(pattern, -1)) else word = pattern end
$$;
