-- What each source brought, by day: the graph on its page.
create table source_days (
  source_id bigint not null references sources (id),
  day bigint not null,            -- days since 1970-01-01, UTC
  stored bigint not null default 0,
  duplicate bigint not null default 0,
  refused bigint not null default 0,
  primary key (source_id, day)
);
