-- How many days what customers wrote is kept, where that is less long than its events: 0 means until nothing of it is to be delivered any
-- more, and a day at most. Null: as long as the events.
alter table tenant add column body_days smallint check (body_days between 0 and 90);

drop trigger bump on tenant;
create trigger bump after update of receipt_days, event_days, body_days on tenant for each statement execute function bump_config_epoch();

alter table event
  -- Its tenant keeps bodies for no time: housekeeping looks for it once nothing of it is open.
  add column is_fleeting boolean not null default false,
  -- What was written is gone: it cannot be sent any more.
  add column is_dropped boolean not null default false;

-- "What may be dropped of this tenant?" Empty but for tenants that keep bodies for no time.
create index event_fleeting on event (tenant_id, event_id) where is_fleeting;

-- What is left of an event's body: what happened when in which conversation, but nothing of who it was and what was written.
create function without_content(body bytea) returns bytea language sql immutable parallel safe as $$
  select convert_to(json_build_object(
    'id', j->'id', 'version', j->'version', 'platform', j->'platform', 'event', j->'event', 'timestamp', j->'timestamp',
    'direction', j->'direction', 'from', null, 'to', null, 'conversation_id', j->'conversation_id', 'contact', null, 'channel', j->'channel',
    'signature_verified', j->'signature_verified', 'kept', false)::text, 'UTF8')
  from (select convert_from(body, 'UTF8')::json as j) of_body
$$;
