-- What each fee paid for and nothing needs: whether another fee of the day is like it is kept where
-- the account stands, and an event's id is random and never looked for.
DROP INDEX account_event_alike;
ALTER TABLE feed_event DROP CONSTRAINT feed_event_tenant_id_event_id_key;

-- Room on a page for a row's next version, beside the one it replaces.
ALTER TABLE standing SET (fillfactor = 70);
