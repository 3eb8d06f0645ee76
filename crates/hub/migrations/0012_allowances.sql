-- What a source's network still allows those who ask with its credentials, each endpoint that is counted apart: JSON, as
-- its pages show it.
alter table sources add column allowances text;
