-- Two questions that a person asks: "what became of this message?" and "what was said in this conversation?" Both are asked by
-- what only few events share, so each needs an index; nothing else that the ledger is filtered by gets one, since every event
-- pays for it.
create index event_message on event (tenant_id, message_hash, event_id) where message_hash is not null;
create index event_conversation on event (tenant_id, conversation_id, event_id) where conversation_id is not null;
