-- Whose a session is, so that people see where they are signed in and end the others. Null: nobody is signed in with it.
alter table session add column account_id uuid references account on delete cascade;

-- "Where is this account signed in?"
create index session_account on session (account_id) where account_id is not null;
