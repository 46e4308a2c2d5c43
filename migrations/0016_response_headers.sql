-- What an endpoint that failed said in its headers: `name: value`, one a line. Null: it did not answer, or it took the event.
alter table attempt
  add column response_headers text;
-- Not valid: it holds for what is written from now on, without a look at every attempt that there is.
alter table attempt
  add constraint attempt_response_headers_check check (length(response_headers) <= 2048) not valid;
