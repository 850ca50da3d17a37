-- Policy documents: immutable versions, each put in force once, by a second person.
CREATE TABLE policy (
    tenant_id   text        NOT NULL,
    policy_id   text        NOT NULL,
    version     bigint      NOT NULL CHECK (version > 0),
    title       text        NOT NULL,
    hash        text        NOT NULL,
    sections    text[]      NOT NULL,
    text        text        NOT NULL,
    imported_by text        NOT NULL,
    imported_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, policy_id, version)
);

CREATE TABLE policy_activation (
    tenant_id    text        NOT NULL,
    policy_id    text        NOT NULL,
    version      bigint      NOT NULL,
    active_from  date        NOT NULL,
    activated_by text        NOT NULL,
    activated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, policy_id, version),
    UNIQUE (tenant_id, policy_id, active_from),
    FOREIGN KEY (tenant_id, policy_id, version) REFERENCES policy
);

CREATE TRIGGER policy_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON policy
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER policy_activation_only_added
    BEFORE UPDATE OR DELETE OR TRUNCATE ON policy_activation
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE policy ENABLE ROW LEVEL SECURITY;
ALTER TABLE policy FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON policy
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

ALTER TABLE policy_activation ENABLE ROW LEVEL SECURITY;
ALTER TABLE policy_activation FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON policy_activation
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

GRANT SELECT, INSERT ON policy, policy_activation TO hjm_catalogue;
