-- Endpoints that ask for it get, with each event, what Meta sent of it: the change or messaging element, which stands in the
-- receipt. Where it stands is kept with every event, so that one that asks for it later gets it with what is sent again.
alter table event
  -- Bytes of the receipt before it, and its own. Null: it is too long to go with an event, or the event is older than this.
  add column raw_start integer,
  add column raw_length integer,
  add check ((raw_start is null) = (raw_length is null));

alter table endpoint add column raw boolean not null default false;
