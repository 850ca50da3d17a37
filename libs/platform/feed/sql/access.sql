-- Who read or wrote what of whom. Chained: each batch holds the hash of the one before, so that a
-- changed or missing row is found.
CREATE TABLE access_batch (
    tenant_id   text        NOT NULL,
    -- One chain for each connection that writes at a time.
    chain_id    uuid        NOT NULL,
    number      bigint      NOT NULL CHECK (number > 0),
    recorded_at timestamptz NOT NULL,
    previous    bytea       NOT NULL,
    hash        bytea       NOT NULL,
    PRIMARY KEY (tenant_id, chain_id, number)
);

-- One access of a batch.
CREATE TABLE access_entry (
    tenant_id    text    NOT NULL,
    chain_id     uuid    NOT NULL,
    number       bigint  NOT NULL,
    place        integer NOT NULL CHECK (place > 0),
    action       text    NOT NULL,
    subject_id   uuid    NOT NULL,
    principal_id text    NOT NULL,
    client       text    NOT NULL,
    user_name    text    NOT NULL,
    purpose      text    NOT NULL,
    -- What of the person, and which version was seen; 0 for none.
    object       text    NOT NULL,
    version      bigint  NOT NULL,
    PRIMARY KEY (tenant_id, chain_id, number, place),
    FOREIGN KEY (tenant_id, chain_id, number) REFERENCES access_batch
);

CREATE INDEX access_entry_of_subject ON access_entry (tenant_id, subject_id);
CREATE INDEX access_entry_of_user ON access_entry (tenant_id, user_name);

CREATE TRIGGER access_batch_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON access_batch
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER access_entry_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON access_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE access_batch ENABLE ROW LEVEL SECURITY;
ALTER TABLE access_batch FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON access_batch
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

ALTER TABLE access_entry ENABLE ROW LEVEL SECURITY;
ALTER TABLE access_entry FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON access_entry
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));
