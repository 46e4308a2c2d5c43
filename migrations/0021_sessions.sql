-- Until now the data of a session held its id, which opens it, beside the hash of it. These sessions end: whoever is signed in signs in again.
delete from session;
