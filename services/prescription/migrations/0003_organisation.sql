-- Principals and the customer numbers their units are charged on; one region in a tenant.
CREATE TABLE principal (
    tenant_id    text NOT NULL,
    principal_id text NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('REGION', 'MUNICIPALITY')),
    name         text NOT NULL,
    PRIMARY KEY (tenant_id, principal_id)
);

CREATE UNIQUE INDEX principal_one_region ON principal (tenant_id) WHERE kind = 'REGION';

CREATE TABLE customer_unit (
    tenant_id       text NOT NULL,
    customer_number text NOT NULL,
    principal_id    text NOT NULL,
    name            text NOT NULL,
    PRIMARY KEY (tenant_id, customer_number),
    FOREIGN KEY (tenant_id, principal_id) REFERENCES principal
);

ALTER TABLE principal ENABLE ROW LEVEL SECURITY;
ALTER TABLE principal FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON principal
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

ALTER TABLE customer_unit ENABLE ROW LEVEL SECURITY;
ALTER TABLE customer_unit FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON customer_unit
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

GRANT SELECT, INSERT ON principal, customer_unit TO hjm_prescription;

GRANT SELECT, INSERT ON feed_event, idempotency, followed_policy TO hjm_prescription;
GRANT SELECT, INSERT, UPDATE ON follower TO hjm_prescription;
