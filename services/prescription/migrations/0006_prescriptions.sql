-- Prescriptions and their lines, with what was decided of each when it was prescribed. The
-- messages are stored encoded, as they are told: a decision is never made again.
CREATE TABLE prescription (
    tenant_id       text        NOT NULL,
    prescription_id uuid        NOT NULL,
    recipient_id    uuid        NOT NULL,
    customer_number text        NOT NULL,
    principal_id    text        NOT NULL,
    prescribed_on   date        NOT NULL,
    parties         text[]      NOT NULL CHECK (cardinality(parties) > 0),
    prescribed_by   text        NOT NULL,
    recorded_at     timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, prescription_id),
    FOREIGN KEY (tenant_id, recipient_id) REFERENCES recipient,
    FOREIGN KEY (tenant_id, customer_number) REFERENCES customer_unit,
    FOREIGN KEY (tenant_id, principal_id) REFERENCES principal
);

CREATE TABLE prescription_line (
    tenant_id       text     NOT NULL,
    line_id         uuid     NOT NULL,
    prescription_id uuid     NOT NULL,
    number          smallint NOT NULL CHECK (number BETWEEN 1 AND 20),
    article_number  text     NOT NULL,
    charge_form     text     NOT NULL CHECK (charge_form IN ('RENTAL', 'SALE')),
    decision        bytea    NOT NULL,
    fee_basis       bytea    NOT NULL,
    sale            bytea    CHECK ((sale IS NOT NULL) = (charge_form = 'SALE')),
    parties         text[]   NOT NULL CHECK (cardinality(parties) > 0),
    PRIMARY KEY (tenant_id, line_id),
    UNIQUE (tenant_id, prescription_id, number),
    FOREIGN KEY (tenant_id, prescription_id) REFERENCES prescription
);

CREATE TRIGGER prescription_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON prescription
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER prescription_line_only_added
    BEFORE UPDATE OR DELETE OR TRUNCATE ON prescription_line
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE prescription ENABLE ROW LEVEL SECURITY;
ALTER TABLE prescription FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON prescription
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));
CREATE POLICY principal ON prescription AS RESTRICTIVE
    USING (nullif(current_setting('hjm.principal', true), '') = '*'
           OR nullif(current_setting('hjm.principal', true), '') = ANY (parties));

ALTER TABLE prescription_line ENABLE ROW LEVEL SECURITY;
ALTER TABLE prescription_line FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON prescription_line
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));
CREATE POLICY principal ON prescription_line AS RESTRICTIVE
    USING (nullif(current_setting('hjm.principal', true), '') = '*'
           OR nullif(current_setting('hjm.principal', true), '') = ANY (parties));

GRANT SELECT, INSERT ON prescription, prescription_line TO hjm_prescription;
