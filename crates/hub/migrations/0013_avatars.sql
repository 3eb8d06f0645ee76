-- Where an author's picture lies, as the network said last.
alter table authors add column avatar text;
