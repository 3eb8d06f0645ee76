-- Sign-ins at networks' own pages. Their tokens change whenever they are renewed, so each lies here once, for the
-- sources and handles that name it.
create table sign_ins (
  id bigint primary key,
  key text not null unique,       -- what sources and handles name it by; random
  network text not null,
  subject text not null,          -- who we are there, for ever (Bluesky: a DID)
  secret text not null,           -- sealed: tokens, and the key they are bound to
  version bigint not null,        -- counts renewals
  lease_until bigint,             -- of the program that renews it
  renewing_at bigint,             -- since when a renewal has had no answer
  made_at bigint not null,
  renewed_at bigint not null,
  ended_at bigint,
  ended_why text                  -- in words, with the next step
);

-- Sign-ins that were begun: until the person is sent back, once.
create table sign_in_attempts (
  id bigint primary key,
  state text not null unique,     -- SHA-256 of what comes back with the person
  member_id bigint not null references members (id),
  secret text not null,           -- sealed: what was wanted, and what proves that the answer is to it
  made_at bigint not null,
  expires_at bigint not null,
  used_at bigint
);

-- What proves to servers that it is us who ask.
create table client_keys (
  id bigint primary key,
  secret text not null,           -- sealed
  made_at bigint not null
);

-- postgres:
create sequence ids_sign_ins;
create sequence ids_sign_in_attempts;
-- both:
