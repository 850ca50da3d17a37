-- Appends events to a tenant's feed and answers the last one's sequence. The feed is held until the
-- transaction ends, so that commit order is sequence order; the insert is a statement of its own, so
-- that what it sees follows the lock.
CREATE FUNCTION feed_append(tenant text, ids uuid[], kinds text[], aggregates text[],
                            payloads bytea[], recorded timestamptz)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    last bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(current_schema() || ' feed ' || tenant, 0));
    WITH added AS (
        INSERT INTO feed_event (tenant_id, sequence, event_id, kind, aggregate_id,
                                aggregate_version, recorded_at, payload)
        SELECT tenant, head.sequence + new.position, new.event_id, new.kind, new.aggregate_id,
               coalesce((SELECT max(old.aggregate_version) FROM feed_event old
                          WHERE old.tenant_id = tenant AND old.aggregate_id = new.aggregate_id), 0)
               + row_number() OVER (PARTITION BY new.aggregate_id ORDER BY new.position),
               recorded, new.payload
          FROM unnest(ids, kinds, aggregates, payloads)
               WITH ORDINALITY new (event_id, kind, aggregate_id, payload, position),
               (SELECT coalesce(max(sequence), 0) AS sequence FROM feed_event
                 WHERE tenant_id = tenant) head
         ORDER BY new.position
        RETURNING sequence)
    SELECT max(sequence) INTO last FROM added;
    RETURN last;
END
$$;
