-- A run is a claim on a month and, once frozen, a position in prescription's feed that its lines
-- are a function of. The keys are why a month is closed once, and an owner's part of it once.
CREATE TABLE run (
    tenant_id     text        NOT NULL,
    month         date        NOT NULL CHECK (extract(day FROM month) = 1),
    run_id        uuid        NOT NULL,
    state         text        NOT NULL CHECK (state IN ('WAITING', 'RUNNING', 'CLOSED')),
    waits_for     text        NOT NULL,
    feed_sequence bigint      CHECK (feed_sequence >= 0),
    started_at    timestamptz NOT NULL,
    closed_at     timestamptz,
    PRIMARY KEY (tenant_id, month),
    UNIQUE (tenant_id, run_id),
    CHECK ((state = 'WAITING') = (feed_sequence IS NULL)),
    CHECK ((state = 'CLOSED') = (closed_at IS NOT NULL))
);

CREATE TABLE run_owner (
    tenant_id          text   NOT NULL,
    month              date   NOT NULL,
    owner_principal    text   NOT NULL,
    done               bool   NOT NULL,
    catalogue_sequence bigint CHECK (catalogue_sequence >= 0),
    lines              bigint NOT NULL CHECK (lines >= 0),
    PRIMARY KEY (tenant_id, month, owner_principal),
    FOREIGN KEY (tenant_id, month) REFERENCES run,
    CHECK (done = (catalogue_sequence IS NOT NULL))
);

ALTER TABLE run ENABLE ROW LEVEL SECURITY;
ALTER TABLE run FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON run
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

ALTER TABLE run_owner ENABLE ROW LEVEL SECURITY;
ALTER TABLE run_owner FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON run_owner
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

GRANT SELECT, INSERT ON run, run_owner TO hjm_billing;
GRANT UPDATE (state, waits_for, feed_sequence, closed_at) ON run TO hjm_billing;
GRANT UPDATE (done, catalogue_sequence, lines) ON run_owner TO hjm_billing;
