-- In which way servers of the fediverse are written to, as it was learned.
create table knocks (
  host text primary key,          -- with its port where that is not the usual one
  way text not null check (way in ('cavage', 'rfc9421')),
  learned_at bigint not null
);
create index knocks_age on knocks (learned_at);

-- Accounts that actors of ours follow on ActivityPub.
create table follows (
  id bigint primary key,
  handle_id bigint not null references handles (id),
  actor text not null,            -- their address, which is who they are
  name text not null,             -- name@host
  key text not null,              -- of this time of asking
  moved_from text,                -- what they were called before they moved
  asked_at bigint not null,
  told_at bigint,                 -- when the question reached them
  accepted_at bigint,
  refused_at bigint,
  failed_at bigint,               -- when asking them was given up
  error text,                     -- why, in plain words
  unique (handle_id, actor)
);
create index follows_actor on follows (actor);

-- Those who are followed are asked and told by deliveries as well. (A check cannot be changed on SQLite.)
create table deliveries_anew (
  id bigint primary key,
  handle_id bigint not null references handles (id),
  kind text not null check (kind in ('accept', 'create', 'update', 'delete', 'follow', 'unfollow')),
  reply_id bigint references replies (id),      -- what is told of; null: who follows or is followed
  actor text,                     -- who is told, where that is one
  inbox text,                     -- where; null: the actor says where
  host text not null,
  activity text,                  -- what is told, where it is of no reply
  made_at bigint not null,
  attempts bigint not null,
  next_attempt_at bigint,         -- null once it is settled
  lease_until bigint,
  done_at bigint,
  failed_at bigint,
  error text                      -- last one, in plain words
);
insert into deliveries_anew (id, handle_id, kind, reply_id, actor, inbox, host, activity, made_at, attempts, next_attempt_at,
  lease_until, done_at, failed_at, error)
select id, handle_id, kind, reply_id, actor, inbox, host, activity, made_at, attempts, next_attempt_at, lease_until, done_at,
  failed_at, error from deliveries;
drop table deliveries;
alter table deliveries_anew rename to deliveries;
create index deliveries_due on deliveries (next_attempt_at) where next_attempt_at is not null;
create index deliveries_reply on deliveries (reply_id) where reply_id is not null;
create index deliveries_actor on deliveries (handle_id, actor) where actor is not null;
-- postgres:
create sequence ids_follows;
-- both:
