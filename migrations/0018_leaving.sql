-- When a tenant was deleted. Nobody belongs to it any more and nothing comes in for it; what it had goes in the background, and then
-- the row itself.
alter table tenant add column deleted_at timestamptz;
create index tenant_deleted on tenant (deleted_at) where deleted_at is not null;
