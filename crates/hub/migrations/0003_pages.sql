-- What the home page asks all day, answered from an index alone.

-- Mentions that stand, by when they were heard.
drop index mentions_at;
create index mentions_standing on mentions (at) where off_at is null;
