-- Listening in the product: back-fill, precision, near posts, share of voice.

-- Back-fill: a query runs over what is stored ----------------------------------------------------------------------
create table backfills (
  id bigint primary key,
  query_id bigint not null references queries (id),
  version bigint not null,        -- of the query's text
  state text not null check (state in ('looking', 'found', 'making', 'done', 'left', 'abandoned')),
  choice text,                    -- cases | mentions, once somebody has chosen
  since bigint,                   -- only posts written at or after; null: all
  upto bigint not null,           -- the newest post when it began; later ones are heard as they come
  cursor bigint not null,         -- the last post looked at, or made something of
  first bigint not null,          -- the post before the first to look at
  looked bigint not null,
  found bigint not null,          -- posts it hears that it had not heard
  people bigint not null,         -- who wrote them; known when it has looked
  would text not null,            -- JSON [[unit, cases], …]: what making cases would open; known when it has looked
  first_at bigint,                -- when the earliest of them was written
  last_at bigint,
  made bigint not null,           -- posts made something of
  opened bigint not null,         -- cases opened so far
  started_by bigint references members (id),
  started_at bigint not null,
  changed_at bigint not null,
  paused_at bigint,
  paused_by bigint references members (id),
  decided_by bigint references members (id),
  decided_at bigint,
  ended_at bigint,
  error text                      -- why the last step failed; it is tried again
);
create index backfills_query on backfills (query_id, id);
create unique index backfills_open on backfills (query_id) where ended_at is null;
create table backfill_posts (     -- what it found and has made nothing of yet
  backfill_id bigint not null references backfills (id),
  post_id bigint not null references posts (id),
  unit_id bigint not null references units (id),       -- where it would go
  primary key (backfill_id, post_id)
);

-- Precision: what people say of a mention --------------------------------------------------------------------------
create table marks (
  id bigint primary key,
  post_id bigint not null references posts (id),
  about_us boolean not null,
  member_id bigint not null references members (id),
  at bigint not null,
  undone_at bigint,
  undone_by bigint references members (id)
);
create unique index marks_standing on marks (post_id) where undone_at is null;
alter table mentions add column off_at bigint;         -- since when it is marked as not about us; no query counts it
create index mentions_off on mentions (off_at) where off_at is not null;

-- Near posts: who says nearly the same -----------------------------------------------------------------------------
create table prints (
  post_id bigint primary key references posts (id),
  group_id bigint not null,       -- the post whose words came first; itself where there was none
  print bytea not null
);
create index prints_group on prints (group_id, post_id);
create table print_work (         -- posts stored before there were prints; gone when all have theirs
  cursor bigint not null,
  upto bigint not null
);
insert into print_work (cursor, upto) select 0, max(id) from posts having max(id) is not null;
-- sqlite:
create table near_keys (key bigint not null, post_id bigint not null, primary key (key, post_id)) without rowid;
-- postgres:
create table near_keys (key bigint not null, post_id bigint not null, primary key (key, post_id));
-- both:

-- Share of voice ---------------------------------------------------------------------------------------------------
create table query_groups (
  id bigint primary key,
  unit_id bigint not null references units (id),
  name text not null,
  kind text not null check (kind in ('ours', 'competitor', 'product', 'other')),
  version bigint not null,
  created_by bigint references members (id),
  created_at bigint not null,
  changed_at bigint not null,
  archived_at bigint
);
create unique index query_groups_name on query_groups (name) where archived_at is null;
create table query_group_queries (
  group_id bigint not null references query_groups (id),
  query_id bigint not null references queries (id),
  primary key (group_id, query_id)
);
create table mention_topics (     -- topics of a mention's post, as the newest judgement has them
  mention_id bigint not null references mentions (id),
  topic text not null,
  primary key (mention_id, topic)
);
create index mention_topics_topic on mention_topics (topic, mention_id);
-- sqlite:
insert into mention_topics (mention_id, topic)
  select distinct m.id, json_extract(t.value, '$.key')
  from mentions m join analyses a on a.id = (select max(n.id) from analyses n where n.post_id = m.post_id)
  join json_each(a.body, '$.topics') t
  where json_extract(t.value, '$.key') is not null;
-- postgres:
insert into mention_topics (mention_id, topic)
  select distinct m.id, t.value ->> 'key'
  from mentions m join analyses a on a.id = (select max(n.id) from analyses n where n.post_id = m.post_id)
  cross join lateral jsonb_array_elements(cast(a.body as jsonb) -> 'topics') t
  where t.value ->> 'key' is not null;
create sequence ids_backfills;
create sequence ids_marks;
create sequence ids_query_groups;
-- both:
