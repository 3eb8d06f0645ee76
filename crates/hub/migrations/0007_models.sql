-- Heads of an organisation's own, what they learn from, and judging stored posts anew.

-- Questions of a unit beside those that are part of the program, with their answers -------------------------------------
create table label_sets (
  id bigint primary key,
  unit_id bigint not null references units (id),       -- it and all below answer it
  key text not null,              -- as in corrections.judgement
  name text not null,
  labels text not null,           -- JSON array
  made_by bigint references members (id),              -- null: the command line
  made_at bigint not null,
  changed_at bigint not null,
  archived_at bigint
);
create unique index label_sets_key on label_sets (key) where archived_at is null;

-- Heads, each a version of its unit's question --------------------------------------------------------------------------
create table models (
  id bigint primary key,
  unit_id bigint not null references units (id),
  question text not null,         -- sentiment | topic | key of a label set
  number bigint not null,         -- 1, 2, … of this unit and question
  state text not null check (state in ('training', 'shadow', 'in-use', 'retired', 'failed')),
  origin text not null check (origin in ('corrections', 'file', 'both')),
  share double precision not null,                     -- how far training has come, 0 to 1
  lease_until bigint,             -- of the program that trains it
  examples bigint not null,
  file bytea,                     -- the head itself; null while it is trained
  manifest text not null,         -- JSON: hashes, features, labels, thresholds, command
  report text not null,           -- JSON: figures before and after, what would change; ids, never words
  error text,                     -- why training failed, in words
  made_by bigint references members (id),              -- null: the command line
  made_at bigint not null,
  ready_at bigint,
  used_at bigint,                 -- when it last took over
  used_by bigint references members (id),
  retired_at bigint,
  before_id bigint references models (id),             -- what it took over from; null: what is part of the program
  unique (unit_id, question, number)
);
create unique index models_in_use on models (unit_id, question) where state = 'in-use';
create unique index models_shadow on models (unit_id, question) where state = 'shadow';
create table model_examples (     -- brought by a file, waiting to be learned from; gone once they were
  model_id bigint not null references models (id),
  place bigint not null,
  text text not null,
  label text not null,
  primary key (model_id, place)
);
create table shadow_answers (     -- what a version says beside the one in use
  model_id bigint not null references models (id),
  post_id bigint not null references posts (id),
  revision bigint not null,
  value text not null,
  score double precision not null,
  unsure boolean not null,
  present text,                   -- what counted; null where nobody answered
  at bigint not null,
  primary key (model_id, post_id, revision)
);
create index shadow_answers_post on shadow_answers (post_id);

-- A person who was asked and said that it is right as it is also made a correction: value = was ---------------------------
alter table corrections add column asked boolean not null default false;   -- the hub asked, nobody stumbled upon it
create index corrections_judgement on corrections (judgement, id);

-- Judging stored posts anew ---------------------------------------------------------------------------------------------
create table reanalyses (
  id bigint primary key,
  unit_id bigint not null references units (id),       -- mentions in cases of it and all below
  state text not null check (state in ('running', 'done', 'abandoned')),
  since bigint,                   -- only posts written at or after; null: all
  upto bigint not null,           -- the newest post when it began; later ones are judged as they come
  first bigint not null,          -- the post before the first to look at
  cursor bigint not null,         -- the last post looked at
  looked bigint not null,
  changed bigint not null,        -- judged otherwise than before
  kept bigint not null,           -- of those, where a person's word stands instead
  started_by bigint references members (id),
  started_at bigint not null,
  changed_at bigint not null,
  paused_at bigint,
  ended_at bigint,
  error text
);
create unique index reanalyses_open on reanalyses (unit_id) where ended_at is null;

-- postgres:
create sequence ids_label_sets;
create sequence ids_models;
create sequence ids_reanalyses;
-- both:
