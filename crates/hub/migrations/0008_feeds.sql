-- Feeds whose hub tells us what is new (WebSub), and hubs that were asked to.
create table pushes (
  source_id bigint primary key references sources (id),
  hub text not null,
  topic text not null,              -- what the feed is called at its hub
  path text not null unique,        -- random; the end of the address the hub sends to
  secret text not null,             -- sealed; the hub signs with it
  state text not null,              -- offered, asked, live, ending, resting
  tries bigint not null default 0,  -- asked in vain, in a row
  next_at bigint,                   -- when the hub is asked next
  live_at bigint,                   -- since when it tells us
  until_at bigint,                  -- for how long it said it would
  pushed_at bigint,                 -- when it told us last
  missed_at bigint,                 -- when we last found by ourselves what it had not told
  why text                          -- what went wrong last, in words
);
create index pushes_due on pushes (next_at);

-- Pictures of posts that were fetched and made anew, or why not. The files lie beside the database, named by what is in them.
create table pictures (
  address text primary key,         -- SHA-256 of where it lies outside, hexadecimal
  file text,                        -- SHA-256 of the file; null: not shown
  bytes bigint not null default 0,
  why text,                         -- why it is not shown, in words
  at bigint not null                -- when it was fetched
);
create index pictures_at on pictures (at);
