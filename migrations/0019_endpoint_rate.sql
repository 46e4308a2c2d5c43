-- Deliveries a second that an endpoint gets at most, from each process. Null: as fast as it answers.
alter table endpoint add column rate_per_second smallint check (rate_per_second between 1 and 1000);
