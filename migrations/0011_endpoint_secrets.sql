-- A rotation overlaps: the old secret signs beside the new one until this time, and is then retired.
alter table endpoint_secret add column retires_at timestamptz;
create index endpoint_secret_retires_at on endpoint_secret (retires_at) where retires_at is not null and retired_at is null;
