-- Words that are out, changed or taken back. Asked for by a person, done by the sender.
create table reply_changes (
  id bigint primary key,
  reply_id bigint not null references replies (id),
  kind text not null check (kind in ('edit', 'delete')),
  words text not null,            -- the new ones; of a deletion why
  was text not null,              -- those before
  member_id bigint not null references members (id),
  asked_at bigint not null,
  attempts bigint not null,
  next_attempt_at bigint,         -- null once it is settled
  lease_until bigint,             -- of the sender at work
  done_at bigint,
  failed_at bigint,
  error text                      -- last one, in plain words
);
create index reply_changes_reply on reply_changes (reply_id);
create index reply_changes_due on reply_changes (next_attempt_at) where next_attempt_at is not null;
alter table replies add column edited_at bigint;
alter table replies add column deleted_at bigint;

-- What servers of the fediverse have to be told: each once, until it has arrived.
create table deliveries (
  id bigint primary key,
  handle_id bigint not null references handles (id),
  kind text not null check (kind in ('accept', 'create', 'update', 'delete')),
  reply_id bigint references replies (id),      -- what is told of; null: the follower of `activity`
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
create index deliveries_due on deliveries (next_attempt_at) where next_attempt_at is not null;
create index deliveries_reply on deliveries (reply_id) where reply_id is not null;
create index deliveries_actor on deliveries (handle_id, actor) where actor is not null;
create index replies_handle on replies (handle_id, sent_at);
-- postgres:
create sequence ids_reply_changes;
create sequence ids_deliveries;
-- both:
-- When a handle was addressed last.
create index mentions_handle on mentions (handle_id, at) where handle_id is not null;
