-- How an endpoint's requests are made, beside where they go.
alter table endpoint
  -- Seconds that an attempt may take in all. Null: as the service is set.
  add column timeout_seconds smallint check (timeout_seconds between 1 and 30),
  -- Adds the header that Meta's own webhooks carry, for code written for them.
  add column meta_signature boolean not null default false;
