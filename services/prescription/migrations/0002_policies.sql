-- The policy versions that catalogue has put in force, as this service has heard of them.
CREATE TABLE followed_policy (
    tenant_id   text   NOT NULL,
    policy_id   text   NOT NULL,
    version     bigint NOT NULL CHECK (version > 0),
    hash        text   NOT NULL,
    active_from date   NOT NULL,
    text        text   NOT NULL,
    PRIMARY KEY (tenant_id, policy_id, version)
);

CREATE TRIGGER followed_policy_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON followed_policy
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE followed_policy ENABLE ROW LEVEL SECURITY;
ALTER TABLE followed_policy FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON followed_policy
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));
