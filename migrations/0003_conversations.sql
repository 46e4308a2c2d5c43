-- Which conversation a name of a customer stands for, where that cannot be told from the name alone: WhatsApp customers are
-- known by number, by business-scoped user id, or both, and either may change (crates/core/src/conversation.rs).
-- A row a user id, and a row a number that does not stand for itself. Read and written in batches, once per customer.
-- No foreign key to channel: inserts would lock its row. Whoever comes to delete channels deletes these with them.
create table conversation_key (
  tenant_id uuid not null,
  peer_key uuid not null,  -- hash of the channel and the name, so that numbers are not there to be read
  channel_id uuid not null,
  conversation_id uuid not null,
  -- A number whose owner went over to another.
  is_left boolean not null,
  -- When another process may have to forget what it believed of this key; null: never.
  changed_at timestamptz,
  primary key (tenant_id, peer_key)
);

-- "What has become untrue since I last looked?", asked by every process at every tick.
create index conversation_key_changed on conversation_key (changed_at) where changed_at is not null;
