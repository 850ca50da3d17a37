-- A batch of accesses is one row, each part of them a list: an access costs a tenth of a row
-- with three index entries. What is at the same place in each list is one access. People and users
-- are found by inverted indexes, which take in what has gathered now and then, in order.
ALTER TABLE access_batch
    ADD COLUMN actions       text[],
    ADD COLUMN subject_ids   uuid[],
    ADD COLUMN principal_ids text[],
    ADD COLUMN clients       text[],
    ADD COLUMN user_names    text[],
    ADD COLUMN purposes      text[],
    -- What of the person, and which version was seen; 0 for none.
    ADD COLUMN objects       text[],
    ADD COLUMN versions      bigint[];

-- What there is already. The owner sees rows while nothing is forced.
ALTER TABLE access_batch NO FORCE ROW LEVEL SECURITY;
ALTER TABLE access_entry NO FORCE ROW LEVEL SECURITY;
ALTER TABLE access_batch DISABLE TRIGGER access_batch_only_added;
UPDATE access_batch b
   SET (actions, subject_ids, principal_ids, clients, user_names, purposes, objects, versions) =
       (SELECT array_agg(e.action ORDER BY e.place), array_agg(e.subject_id ORDER BY e.place),
               array_agg(e.principal_id ORDER BY e.place), array_agg(e.client ORDER BY e.place),
               array_agg(e.user_name ORDER BY e.place), array_agg(e.purpose ORDER BY e.place),
               array_agg(e.object ORDER BY e.place), array_agg(e.version ORDER BY e.place)
          FROM access_entry e
         WHERE (e.tenant_id, e.chain_id, e.number) = (b.tenant_id, b.chain_id, b.number));
ALTER TABLE access_batch ENABLE TRIGGER access_batch_only_added;
ALTER TABLE access_batch FORCE ROW LEVEL SECURITY;
DROP TABLE access_entry;

ALTER TABLE access_batch
    ALTER COLUMN actions       SET NOT NULL,
    ALTER COLUMN subject_ids   SET NOT NULL,
    ALTER COLUMN principal_ids SET NOT NULL,
    ALTER COLUMN clients       SET NOT NULL,
    ALTER COLUMN user_names    SET NOT NULL,
    ALTER COLUMN purposes      SET NOT NULL,
    ALTER COLUMN objects       SET NOT NULL,
    ALTER COLUMN versions      SET NOT NULL;

-- So much gathers before it is taken in that nobody waits for it long.
CREATE INDEX access_batch_of_subject ON access_batch USING gin (tenant_id, subject_ids)
    WITH (gin_pending_list_limit = 256);
CREATE INDEX access_batch_of_user ON access_batch USING gin (tenant_id, user_names)
    WITH (gin_pending_list_limit = 256);
