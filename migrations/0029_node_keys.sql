-- The key that a process seals with, so that whoever rotates keys waits until all do with the new one. Null: a version that does not tell.
alter table node add column key_id bytea check (length(key_id) = 4);
