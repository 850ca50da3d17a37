-- What prescription tells that a bill needs: who owns a customer number, and every version of
-- every loan, whole. A loan's versions have no gap: each names the one before it.
CREATE TABLE customer_unit (
    tenant_id       text   NOT NULL,
    customer_number text   NOT NULL,
    owner_principal text   NOT NULL,
    feed_sequence   bigint NOT NULL CHECK (feed_sequence > 0),
    PRIMARY KEY (tenant_id, customer_number)
);

CREATE TABLE loan_version (
    tenant_id        text   NOT NULL,
    loan_id          uuid   NOT NULL,
    version          bigint NOT NULL CHECK (version > 0),
    previous_version bigint GENERATED ALWAYS AS (nullif(version - 1, 0)) STORED,
    feed_sequence    bigint NOT NULL CHECK (feed_sequence > 0),
    principals       text[] NOT NULL CHECK (cardinality(principals) > 0),
    charge_form      text   NOT NULL CHECK (charge_form IN ('RENTAL', 'SALE')),
    delivered_on     date   NOT NULL,
    returned_on      date   CHECK (returned_on >= delivered_on),
    timeline         bytea  NOT NULL,
    PRIMARY KEY (tenant_id, loan_id, version),
    UNIQUE (tenant_id, feed_sequence),
    FOREIGN KEY (tenant_id, loan_id, previous_version) REFERENCES loan_version
);

CREATE TRIGGER customer_unit_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON customer_unit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER loan_version_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON loan_version
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE customer_unit ENABLE ROW LEVEL SECURITY;
ALTER TABLE customer_unit FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON customer_unit
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

ALTER TABLE loan_version ENABLE ROW LEVEL SECURITY;
ALTER TABLE loan_version FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON loan_version
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));
CREATE POLICY principal ON loan_version AS RESTRICTIVE
    USING (nullif(current_setting('hjm.principal', true), '') = '*'
        OR nullif(current_setting('hjm.principal', true), '') = ANY (principals));

GRANT SELECT, INSERT ON customer_unit, loan_version TO hjm_billing;
