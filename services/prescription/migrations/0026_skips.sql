-- Events that a feed stands still at and that somebody would pass over, and why. Two rows of two
-- users: it was passed over.
CREATE TABLE follower_skip (
    tenant_id   text        NOT NULL,
    feed        text        NOT NULL,
    sequence    bigint      NOT NULL CHECK (sequence > 0),
    user_name   text        NOT NULL,
    client      text        NOT NULL,
    reason      text        NOT NULL,
    -- What the feed stood still for.
    error       text        NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, feed, sequence, user_name)
);

CREATE TRIGGER follower_skip_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON follower_skip
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE follower_skip ENABLE ROW LEVEL SECURITY;
ALTER TABLE follower_skip FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON follower_skip
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));
