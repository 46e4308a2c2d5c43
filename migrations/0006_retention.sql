-- How many days a tenant's things are kept, where that differs from the operator's setting. Null: the operator's setting.
-- Partitions are kept as long as anyone needs them; whoever keeps less has his rows deleted in small batches
-- (crates/store/src/retention.rs).
alter table tenant add column receipt_days smallint check (receipt_days between 1 and 90);
alter table tenant add column event_days smallint check (event_days between 1 and 90);

-- Ingest must know: an event older than its tenant keeps gets the time of its receipt.
create trigger bump after update of receipt_days, event_days on tenant for each statement execute function bump_config_epoch();
