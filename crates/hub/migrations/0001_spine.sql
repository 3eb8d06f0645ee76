-- Times are integers, UTC microseconds. JSON is text. Ids come from Tx::ids.

-- sqlite:
create table counters (name text primary key, last bigint not null);
-- both:

-- The log -------------------------------------------------------------------------------------------------------
create table events (
  id bigint primary key,
  at bigint not null,
  kind text not null,
  actor text not null,
  noun text not null,
  noun_id bigint not null,
  unit_id bigint,
  body text not null,
  prev bytea not null,
  hash bytea not null
);
create index events_noun on events (noun, noun_id, id);
create index events_at on events (at);

-- Organisation --------------------------------------------------------------------------------------------------
create table units (
  id bigint primary key,
  key text not null unique,
  name text not null,
  kind text not null check (kind in ('hub', 'spoke')),
  parent_id bigint references units (id),
  country text,
  languages text not null,        -- JSON array of BCP 47
  hours text,                     -- key in hours
  approval_unit_id bigint references units (id),
  takes_unroutable boolean not null,
  position bigint not null,
  archived_at bigint
);
create table hours (key text primary key, body text not null);   -- JSON: time_zone, week, holidays
create table products (
  id bigint primary key,
  key text not null unique,
  name text not null,
  aliases text not null,
  unit_id bigint references units (id),
  competitor boolean not null,
  archived_at bigint
);
create table topics (
  id bigint primary key,
  key text not null unique,
  name text not null,
  words text not null,
  unit_id bigint references units (id),
  archived_at bigint
);
create table routes (
  id bigint primary key,
  position bigint not null,
  name text not null,
  conditions text not null,       -- JSON of `when`
  unit_id bigint not null references units (id),
  tell text not null,             -- JSON array of unit ids
  archived_at bigint
);
create table promises (           -- the `targets` tables of org.toml; unit_id null is the default
  unit_id bigint references units (id),
  kind text not null,             -- first_response | next_response | resolution | acceptance
  minutes bigint not null         -- of business time
);
create table members (
  id bigint primary key,
  key text not null unique,       -- what is typed after @ to call them
  name text not null,
  email text not null unique,     -- folded to lower case
  password text,                  -- argon2id PHC string; null: cannot sign in with one
  created_at bigint not null,
  disabled_at bigint
);
create table member_roles (
  member_id bigint not null references members (id),
  unit_id bigint not null references units (id),
  role text not null,
  primary key (member_id, unit_id)
);
create table sessions (
  id bigint primary key,
  token_hash bytea not null unique,
  member_id bigint not null references members (id),
  created_at bigint not null,
  seen_at bigint not null,
  expires_at bigint not null,
  ended_at bigint,
  agent text not null
);
create table invitations (        -- addresses that sign somebody in once
  token_hash bytea primary key,
  member_id bigint references members (id),   -- null: makes the first administrator
  purpose text not null,          -- setup | sign-in | password
  created_at bigint not null,
  expires_at bigint not null,
  used_at bigint
);
create table api_tokens (
  id bigint primary key,
  name text not null,
  member_id bigint not null references members (id),
  token_hash bytea not null unique,
  role text not null,             -- at most this role
  scopes text not null,           -- JSON array: read, write, admin
  created_at bigint not null,
  expires_at bigint,
  used_at bigint,
  revoked_at bigint
);
create table handles (
  id bigint primary key,
  key text not null unique,
  network text not null,
  name text not null,             -- @acme_care
  unit_id bigint not null references units (id),
  purpose text not null,          -- care | news | sales
  owner_id bigint references members (id),
  deputy_id bigint references members (id),
  config text not null,           -- JSON: address to publish to, secret, whether keys are honoured
  archived_at bigint
);
create index handles_account on handles (network, name);

-- Listening -----------------------------------------------------------------------------------------------------
create table sources (
  id bigint primary key,
  key text not null unique,
  name text not null,
  kind text not null,             -- file | feed | webhook
  network text not null,
  unit_id bigint references units (id),
  url text,
  config text not null,           -- JSON
  cursor text not null,           -- JSON, moves only with the commit of what was read
  created_at bigint not null,
  paused_at bigint,
  paused_why text,
  next_poll_at bigint,
  polled_at bigint,
  lease_until bigint,
  error text,                     -- last one, in plain words
  error_at bigint,
  errors_in_a_row bigint not null default 0,
  last_post_at bigint,
  seen bigint not null default 0,
  stored bigint not null default 0,
  duplicate bigint not null default 0,
  refused bigint not null default 0
);
create index sources_poll on sources (next_poll_at);
create table source_secrets (
  id bigint primary key,
  source_id bigint not null references sources (id),
  secret text not null,
  created_at bigint not null,
  revoked_at bigint
);
create table refusals (
  id bigint primary key,
  source_id bigint not null references sources (id),
  at bigint not null,
  place text not null,            -- file and line, entry number, delivery id
  field text not null,
  reason text not null,
  raw text not null,              -- as it came, at most 64 KiB of it
  raw_complete boolean not null,
  retried_at bigint,              -- set when a retry took it; the counters moved with it
  retried_as text                 -- stored | duplicate
);
create index refusals_source on refusals (source_id, id);
create table authors (
  id bigint primary key,
  network text not null,
  remote_key text not null,
  handle text,
  name text,
  url text,
  followers bigint,
  following bigint,
  posts bigint,
  verified boolean,
  created_at bigint,
  contact_id bigint,
  ours boolean not null,
  seen_at bigint not null,
  unique (network, remote_key)
);
create table contacts (
  id bigint primary key,
  name text not null,
  created_at bigint not null
);
create table threads (
  id bigint primary key,
  network text not null,
  remote_key text,                -- the network's own id of the conversation, where it has one
  merged_into bigint references threads (id)
);
create unique index threads_key on threads (network, remote_key) where remote_key is not null;
create table posts (
  id bigint primary key,
  network text not null,
  remote_id text not null,
  source_id bigint not null references sources (id),
  author_id bigint references authors (id),
  thread_id bigint not null references threads (id),
  in_reply_to text,               -- remote id
  url text,
  text text not null,
  html text,
  title text,
  lang text,
  created_at bigint not null,     -- as the network says, else received_at
  received_at bigint not null,
  edited_at bigint,
  deleted_at bigint,
  revision bigint not null,       -- 1 for the words first seen
  digest bytea not null,          -- of the words
  likes bigint,
  shares bigint,
  replies bigint,
  views bigint,
  links text not null,
  media text not null,
  extra text not null,
  ours boolean not null,
  unique (network, remote_id)
);
create index posts_thread on posts (thread_id, created_at);
create index posts_reply on posts (network, in_reply_to) where in_reply_to is not null;
create index posts_author on posts (author_id, created_at);
create index posts_created on posts (created_at);
create index posts_heard on posts (received_at) where not ours;
create table revisions (          -- wordings other than the current one
  id bigint primary key,
  post_id bigint not null references posts (id),
  text text not null,
  html text,
  title text,
  digest bytea not null,
  edited_at bigint,
  received_at bigint not null
);
create index revisions_post on revisions (post_id);
create table tombstones (
  network text not null,
  remote_id text not null,
  deleted_at bigint not null,
  source_id bigint not null references sources (id),
  received_at bigint not null,
  primary key (network, remote_id)
);
-- sqlite:
create virtual table post_words using fts5 (words, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2');
-- postgres:
create table post_words (post_id bigint primary key references posts (id), words tsvector not null);
create index post_words_gin on post_words using gin (words);
-- both:
create table queries (
  id bigint primary key,
  unit_id bigint not null references units (id),
  name text not null unique,
  text text not null,
  cases text not null,            -- JSON: test cases
  version bigint not null,
  created_by bigint references members (id),
  created_at bigint not null,
  changed_at bigint not null,
  archived_at bigint
);
create table query_versions (
  query_id bigint not null references queries (id),
  version bigint not null,
  text text not null,
  saved_by bigint references members (id),
  saved_at bigint not null,
  why text not null,
  primary key (query_id, version)
);
create table mentions (
  id bigint primary key,
  post_id bigint not null unique references posts (id),
  reason text not null,           -- query | handle | reply
  handle_id bigint references handles (id),
  case_id bigint,
  at bigint not null
);
create index mentions_case on mentions (case_id);
create index mentions_at on mentions (at);
create table mention_queries (
  mention_id bigint not null references mentions (id),
  query_id bigint not null references queries (id),
  spans text not null,            -- JSON [[from, to], …], bytes of the post's text
  primary key (mention_id, query_id)
);
create index mention_queries_query on mention_queries (query_id, mention_id);

-- Understanding -------------------------------------------------------------------------------------------------
create table analyses (
  id bigint primary key,
  post_id bigint not null references posts (id),
  revision bigint not null,
  version text not null,
  at bigint not null,
  body text not null,             -- the whole analysis with scores and reasons, JSON
  unique (post_id, revision, version)
);
create table corrections (
  id bigint primary key,
  post_id bigint not null references posts (id),
  judgement text not null,        -- language | sentiment | intent | urgency | risk | topic | product
  value text not null,            -- what a person says it is; JSON
  was text not null,              -- what it was before; JSON
  member_id bigint not null references members (id),
  at bigint not null,
  undone_at bigint
);
create index corrections_post on corrections (post_id);

-- Cases ---------------------------------------------------------------------------------------------------------
create table cases (
  id bigint primary key,
  unit_id bigint not null references units (id),       -- law 4: always exactly one
  assignee_id bigint references members (id),
  state text not null check (state in ('open', 'waiting', 'snoozed', 'resolved', 'merged')),
  title text not null,
  author_id bigint references authors (id),            -- whose matter it is
  network text not null,
  language text,
  sentiment text,
  intents text not null,          -- ',complaint,risk,' so that like '%,risk,%' finds it
  risks text not null,            -- the same shape
  urgency bigint not null,        -- 0..3
  influence bigint,               -- null: nothing known
  products text not null,         -- ',kettle-k2,'
  topics text not null,
  route text not null,            -- why it is with this unit, in words
  opened_at bigint not null,
  last_post_at bigint not null,   -- newest post of anybody
  asked_at bigint,                -- since when the customer waits: oldest post not answered yet; null when it is their turn
  asks bigint not null,           -- customer posts since our last reply
  first_reply_at bigint,
  answered_at bigint,             -- our newest words: a confirmed reply, or a post of an account of ours
  due_at bigint,                  -- earliest open target
  due_kind text,
  snoozed_until bigint,
  accepted_at bigint,             -- first time somebody of a unit took it up: took, accepted, answered, resolved
  closed_at bigint,
  resolution text,                -- kind of the resolution that holds; null while not resolved
  confirmed_at bigint,            -- the customer said so; null again when reopened
  evidence_post_id bigint references posts (id),       -- the customer said it is fixed while open: offered as evidence
  merged_into bigint references cases (id),
  version bigint not null
);
-- Both cover what the desk orders and the home page counts, so that 20,000 cases are read without their rows.
create index cases_desk on cases (state, unit_id, asked_at, last_post_at, due_at, assignee_id, urgency, id);
create index cases_opened on cases (opened_at, unit_id, state, accepted_at, resolution, confirmed_at, id);
create index cases_closed on cases (closed_at, unit_id, resolution, confirmed_at) where closed_at is not null;
create index cases_assignee on cases (assignee_id, state);
create index cases_author on cases (author_id, state);
create index cases_due on cases (due_at) where due_at is not null;
create index cases_snoozed on cases (snoozed_until) where snoozed_until is not null;
create table case_threads (
  thread_id bigint primary key references threads (id),
  case_id bigint not null references cases (id)
);
create index case_threads_case on case_threads (case_id);
create table watches (            -- units told of a case without owning it
  case_id bigint not null references cases (id),
  unit_id bigint not null references units (id),
  reason text not null,
  at bigint not null,
  primary key (case_id, unit_id)
);
create index watches_unit on watches (unit_id);
create table assignments (
  id bigint primary key,
  case_id bigint not null references cases (id),
  member_id bigint references members (id),
  by_id bigint references members (id),
  at bigint not null
);
create index assignments_case on assignments (case_id);
create table handoffs (
  id bigint primary key,
  case_id bigint not null references cases (id),
  from_unit bigint not null references units (id),
  to_unit bigint not null references units (id),
  state text not null check (state in ('offered', 'accepted', 'bounced', 'withdrawn', 'expired')),
  reason text not null,
  offered_by bigint references members (id),
  offered_at bigint not null,
  expires_at bigint,
  decided_by bigint references members (id),
  decided_at bigint,
  decision text
);
create index handoffs_case on handoffs (case_id);
create index handoffs_to on handoffs (to_unit, state);
create index handoffs_offered on handoffs (offered_at);
create unique index handoffs_open on handoffs (case_id) where state = 'offered';
create table notes (
  id bigint primary key,
  case_id bigint not null references cases (id),
  member_id bigint not null references members (id),
  text text not null,
  at bigint not null,
  undone_at bigint
);
create index notes_case on notes (case_id);
create table pings (
  note_id bigint not null references notes (id),
  member_id bigint not null references members (id),
  at bigint not null,
  seen_at bigint,
  primary key (note_id, member_id)
);
create index pings_member on pings (member_id, seen_at);
create table snoozes (
  id bigint primary key,
  case_id bigint not null references cases (id),
  member_id bigint references members (id),
  until bigint not null,
  at bigint not null,
  ended_at bigint,
  ended_why text
);
create index snoozes_case on snoozes (case_id);
create table targets (
  id bigint primary key,
  case_id bigint not null references cases (id),
  unit_id bigint not null references units (id),
  kind text not null,
  started_at bigint not null,
  due_at bigint not null,
  met_at bigint,
  missed_at bigint,
  cancelled_at bigint
);
create index targets_case on targets (case_id);
create index targets_open on targets (due_at) where met_at is null and cancelled_at is null and missed_at is null;
create table seen_marks (
  member_id bigint not null references members (id),
  case_id bigint not null references cases (id),
  at bigint not null,
  primary key (member_id, case_id)
);

-- Replies -------------------------------------------------------------------------------------------------------
create table replies (
  id bigint primary key,
  case_id bigint not null references cases (id),
  post_id bigint references posts (id),        -- the one it answers
  handle_id bigint not null references handles (id),
  member_id bigint not null references members (id),
  text text not null,
  state text not null check (state in ('draft', 'submitted', 'changes', 'approved', 'rejected', 'expired', 'cancelled',
                                       'queued', 'sending', 'sent', 'failed', 'unknown')),
  key text not null unique,                    -- idempotency key, the same at every attempt
  version bigint not null,                     -- of the text; an approval is for one version
  approval_unit_id bigint references units (id),
  created_at bigint not null,
  changed_at bigint not null,
  send_after bigint,                           -- queued, but can be called back until then
  held_at bigint,                              -- restored from a backup: a person decides
  lease_until bigint,                          -- of the sender at work
  lease_by text,                               -- which running program that is
  attempts bigint not null,
  next_attempt_at bigint,
  sent_at bigint,
  remote_id text,
  remote_url text,
  error text
);
create index replies_case on replies (case_id);
create index replies_state on replies (state, next_attempt_at);
create index replies_remote on replies (remote_id);
create table reply_steps (        -- every change of state, with who and when
  id bigint primary key,
  reply_id bigint not null references replies (id),
  state text not null,
  version bigint not null,
  by_id bigint references members (id),
  at bigint not null,
  reason text not null
);
create index reply_steps_reply on reply_steps (reply_id);
create table reply_attempts (     -- the intent, committed before the network is touched
  id bigint primary key,
  reply_id bigint not null references replies (id),
  number bigint not null,
  key text not null,              -- idempotency key it was made with
  started_at bigint not null,
  finished_at bigint,
  result text,                    -- sent | refused | later | unknown
  detail text,
  unique (reply_id, number)
);

-- Results -------------------------------------------------------------------------------------------------------
create table resolutions (
  id bigint primary key,
  case_id bigint not null references cases (id),
  member_id bigint references members (id),
  at bigint not null,
  kind text not null,             -- fixed | answered | no-answer-needed | not-ours | spam | duplicate
  why text not null,
  evidence_post_id bigint references posts (id),
  confirmed_at bigint,
  confirmed_by_post_id bigint references posts (id),
  reopened_at bigint,
  reopened_why text
);
create index resolutions_case on resolutions (case_id);
create table outcomes (
  id bigint primary key,
  kind text not null,             -- passed | resolved | confirmed
  grade text not null,            -- A: the customer or the receiver said so; C: claimed by us
  unit_id bigint not null references units (id),
  case_id bigint not null references cases (id),
  handoff_id bigint references handoffs (id),
  resolution_id bigint references resolutions (id),
  evidence_post_id bigint references posts (id),
  evidence text not null,         -- in words
  at bigint not null,
  void_at bigint,                 -- the claim no longer holds (reopened, undone)
  void_why text
);
create index outcomes_unit on outcomes (unit_id, at);
create index outcomes_case on outcomes (case_id);
create unique index outcomes_handoff on outcomes (handoff_id) where handoff_id is not null;

create table settings (name text primary key, value text not null);   -- JSON: organisation's name, time zone, …

-- postgres:
create sequence ids_units;
create sequence ids_products;
create sequence ids_topics;
create sequence ids_routes;
create sequence ids_members;
create sequence ids_sessions;
create sequence ids_api_tokens;
create sequence ids_handles;
create sequence ids_sources;
create sequence ids_source_secrets;
create sequence ids_refusals;
create sequence ids_authors;
create sequence ids_contacts;
create sequence ids_threads;
create sequence ids_posts;
create sequence ids_revisions;
create sequence ids_queries;
create sequence ids_mentions;
create sequence ids_analyses;
create sequence ids_corrections;
create sequence ids_cases;
create sequence ids_assignments;
create sequence ids_handoffs;
create sequence ids_notes;
create sequence ids_snoozes;
create sequence ids_targets;
create sequence ids_replies;
create sequence ids_reply_steps;
create sequence ids_reply_attempts;
create sequence ids_resolutions;
create sequence ids_outcomes;
-- both:
