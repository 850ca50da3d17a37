-- Offers of loans to another customer number, answered once, item by item.
CREATE TABLE transfer (
    tenant_id          text        NOT NULL,
    transfer_id        uuid        NOT NULL,
    to_customer_number text        NOT NULL,
    effective_on       date        NOT NULL,
    loan_ids           uuid[]      NOT NULL CHECK (cardinality(loan_ids) BETWEEN 1 AND 100),
    parties            text[]      NOT NULL CHECK (cardinality(parties) > 0),
    offered_by         text        NOT NULL,
    offered_at         timestamptz NOT NULL,
    answered_at        timestamptz,
    PRIMARY KEY (tenant_id, transfer_id),
    FOREIGN KEY (tenant_id, to_customer_number) REFERENCES customer_unit
);

CREATE TABLE transfer_answer (
    tenant_id   text    NOT NULL,
    transfer_id uuid    NOT NULL,
    loan_id     uuid    NOT NULL,
    accepted    boolean NOT NULL,
    parties     text[]  NOT NULL CHECK (cardinality(parties) > 0),
    answered_by text    NOT NULL,
    PRIMARY KEY (tenant_id, transfer_id, loan_id),
    FOREIGN KEY (tenant_id, transfer_id) REFERENCES transfer,
    FOREIGN KEY (tenant_id, loan_id) REFERENCES loan
);

CREATE TRIGGER transfer_answer_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON transfer_answer
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE transfer ENABLE ROW LEVEL SECURITY;
ALTER TABLE transfer FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON transfer
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));
CREATE POLICY principal ON transfer AS RESTRICTIVE
    USING (nullif(current_setting('hjm.principal', true), '') = '*'
           OR nullif(current_setting('hjm.principal', true), '') = ANY (parties));

ALTER TABLE transfer_answer ENABLE ROW LEVEL SECURITY;
ALTER TABLE transfer_answer FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON transfer_answer
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));
CREATE POLICY principal ON transfer_answer AS RESTRICTIVE
    USING (nullif(current_setting('hjm.principal', true), '') = '*'
           OR nullif(current_setting('hjm.principal', true), '') = ANY (parties));

GRANT SELECT, INSERT ON transfer, transfer_answer TO hjm_prescription;
GRANT UPDATE (answered_at) ON transfer TO hjm_prescription;
