-- Places of networks: what a person chose stands in sources.config, what proves who we are is sealed.
alter table sources add column credentials text;        -- sealed JSON object; null: none
alter table sources add column calls_left bigint;       -- of the network's allowance, as it said last
alter table sources add column calls_reset_at bigint;   -- when the allowance is whole again
