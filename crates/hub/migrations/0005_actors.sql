-- Who follows an actor of ours on ActivityPub.
create table followers (
  id bigint primary key,
  handle_id bigint not null references handles (id),
  actor text not null,          -- their address, which is who they are
  inbox text not null,
  shared_inbox text,            -- of everybody on their server
  followed_at bigint not null,
  unique (handle_id, actor)
);
create index followers_actor on followers (actor);
-- postgres:
create sequence ids_followers;
-- both:
