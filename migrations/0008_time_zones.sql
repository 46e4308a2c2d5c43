-- The zone that a tenant's pages tell times in where no script knows the reader's: an IANA name such as Europe/Berlin.
alter table tenant add column time_zone text not null default 'UTC' check (length(time_zone) between 1 and 64);
