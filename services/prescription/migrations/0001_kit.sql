-- The tables that every service has in its own schema: its feed, its cursors in others' feeds,
-- and the answers of its writes. Names are unqualified: search_path says whose they are.

-- What the service tells. One gap-free sequence a tenant, in commit order.
CREATE TABLE feed_event (
    tenant_id         text        NOT NULL,
    sequence          bigint      NOT NULL CHECK (sequence > 0),
    event_id          uuid        NOT NULL,
    kind              text        NOT NULL,
    aggregate_id      text        NOT NULL,
    aggregate_version bigint      NOT NULL CHECK (aggregate_version > 0),
    recorded_at       timestamptz NOT NULL,
    payload           bytea       NOT NULL,
    PRIMARY KEY (tenant_id, sequence),
    UNIQUE (tenant_id, event_id),
    UNIQUE (tenant_id, aggregate_id, aggregate_version)
);

-- How far the service has followed another's feed; moves in the transaction of the effect.
CREATE TABLE follower (
    tenant_id text   NOT NULL,
    feed      text   NOT NULL,
    sequence  bigint NOT NULL CHECK (sequence >= 0),
    error     text   NOT NULL,
    PRIMARY KEY (tenant_id, feed)
);

-- The answer of every write, under its caller's key, for the life of the books.
CREATE TABLE idempotency (
    tenant_id   text        NOT NULL,
    client      text        NOT NULL,
    request_id  text        NOT NULL,
    method      text        NOT NULL,
    body_hash   bytea       NOT NULL,
    answer      bytea       NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, client, request_id)
);

-- Nothing that was told or answered is ever changed.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is only added to', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER feed_event_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON feed_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER idempotency_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON idempotency
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE feed_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE feed_event FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON feed_event
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

ALTER TABLE follower ENABLE ROW LEVEL SECURITY;
ALTER TABLE follower FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON follower
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

ALTER TABLE idempotency ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON idempotency
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));
