-- Who shares accounts with whom: identities that are one person's, and children of a household.
-- Events, never rows that change: what was known at an instant can be asked.

-- Two identities became one person's, or two persons' again; the last of a pair holds.
CREATE TABLE link_event (
    tenant_id   text        NOT NULL,
    one_id      uuid        NOT NULL,
    other_id    uuid        NOT NULL CHECK (one_id < other_id),
    number      bigint      NOT NULL CHECK (number > 0),
    kind        text        NOT NULL CHECK (kind IN ('LINKED', 'UNLINKED')),
    -- What shows it, or why it was undone.
    reason      text        NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, one_id, other_id, number)
);

CREATE INDEX link_event_of_other ON link_event (tenant_id, other_id);

-- Children who share one ceiling in a scheme.
CREATE TABLE pool (
    tenant_id    text   NOT NULL,
    pool_id      uuid   NOT NULL,
    scheme_id    text   NOT NULL,
    valid_from   date   NOT NULL,
    guardian_ids uuid[] NOT NULL CHECK (cardinality(guardian_ids) > 0),
    PRIMARY KEY (tenant_id, pool_id)
);

-- Who joined and left; the number is the pool's version. The last of a child holds.
CREATE TABLE pool_event (
    tenant_id   text        NOT NULL,
    pool_id     uuid        NOT NULL,
    number      bigint      NOT NULL CHECK (number > 0),
    subject_id  uuid        NOT NULL,
    kind        text        NOT NULL CHECK (kind IN ('JOINED', 'LEFT')),
    event_on    date        NOT NULL,
    born_on     date        NOT NULL,
    -- What shows whose child it is, or why it left.
    reason      text        NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, pool_id, number, subject_id),
    FOREIGN KEY (tenant_id, pool_id) REFERENCES pool
);

CREATE INDEX pool_event_of_subject ON pool_event (tenant_id, subject_id);

-- Whose number a keyed digest is of. No number is stored.
CREATE TABLE identity_alias (
    tenant_id   text        NOT NULL,
    key_id      text        NOT NULL,
    digest      bytea       NOT NULL,
    subject_id  uuid        NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, key_id, digest)
);

-- A final card that who leaves a pool keeps: after which fee it covers, and what that one cost.
ALTER TABLE account_event
    ADD COLUMN kept_after text,
    ADD COLUMN kept_ore bigint CHECK (kept_ore >= 0),
    DROP CONSTRAINT account_event_card_reason_check,
    ADD CHECK (card_reason IN ('VALID_CARD', 'MEDICAL', 'KEPT')),
    ADD CHECK (num_nonnulls(kept_after, kept_ore)
               = CASE WHEN card_reason = 'KEPT' THEN 2 ELSE 0 END);

-- A protected identity.
ALTER TABLE subject_event
    DROP CONSTRAINT subject_event_kind_check,
    ADD CHECK (kind IN ('OPTED_OUT', 'OPTED_IN', 'CONSENT_GIVEN', 'CONSENT_WITHDRAWN', 'DIED',
                        'PROTECTED', 'UNPROTECTED'));

CREATE TRIGGER link_event_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON link_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER pool_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON pool
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER pool_event_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON pool_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER identity_alias_only_added BEFORE UPDATE OR TRUNCATE ON identity_alias
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE link_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE link_event FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON link_event
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

ALTER TABLE pool ENABLE ROW LEVEL SECURITY;
ALTER TABLE pool FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON pool
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

ALTER TABLE pool_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE pool_event FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON pool_event
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

ALTER TABLE identity_alias ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity_alias FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON identity_alias
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

GRANT SELECT, INSERT ON link_event, pool, pool_event, identity_alias TO hjm_free_card;
