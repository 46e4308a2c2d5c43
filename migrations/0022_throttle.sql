-- How often something was tried: signing in, signing up, a verify token. Here, so that it survives restarts and holds for all processes.
create table throttle (
  kind text not null,
  subject_hash bytea not null check (length(subject_hash) = 32),  -- SHA-256 of who tried what: neither addresses nor networks are kept
  -- Each try moves it on by what the kind gives back one try in; tries are used up when it is too far ahead of now.
  used_until timestamptz not null,
  primary key (kind, subject_hash)
);
