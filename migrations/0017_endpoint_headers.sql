-- Headers of the tenant's own that go with each request: `name: value`, one a line, sealed, since a value may be a secret. Null: none.
alter table endpoint add column headers bytea check (length(headers) <= 8192);
