-- What no statement looks for needs no statistics. Of long lists and bytes they are dear: gathering
-- them took a twelfth of what the database did while fees were registered.
ALTER TABLE access_batch
    ALTER COLUMN actions       SET STATISTICS 0,
    ALTER COLUMN principal_ids SET STATISTICS 0,
    ALTER COLUMN clients       SET STATISTICS 0,
    ALTER COLUMN purposes      SET STATISTICS 0,
    ALTER COLUMN objects       SET STATISTICS 0,
    ALTER COLUMN versions      SET STATISTICS 0,
    ALTER COLUMN previous      SET STATISTICS 0,
    ALTER COLUMN hash          SET STATISTICS 0,
    -- People and users are looked for, by indexes that every plan uses whatever the figures say.
    ALTER COLUMN subject_ids   SET STATISTICS 0,
    ALTER COLUMN user_names    SET STATISTICS 0;
ALTER TABLE account_event ALTER COLUMN answer SET STATISTICS 0;
ALTER TABLE standing ALTER COLUMN snapshot SET STATISTICS 0;
ALTER TABLE feed_event ALTER COLUMN payload SET STATISTICS 0;
ALTER TABLE idempotency
    ALTER COLUMN body_hash SET STATISTICS 0,
    ALTER COLUMN answer    SET STATISTICS 0;
