-- In which way servers of the fediverse are written to, as it was learned.
create table knocks (
  host text primary key,          -- with its port where that is not the usual one
  way text not null check (way in ('cavage', 'rfc9421')),
  learned_at bigint not null
);
create index knocks_age on knocks (learned_at);
