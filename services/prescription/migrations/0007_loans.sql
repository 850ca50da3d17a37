-- Loans: the row says what holds now, its versions are whole timelines and only added to.
CREATE TABLE loan (
    tenant_id        text    NOT NULL,
    loan_id          uuid    NOT NULL,
    version          integer NOT NULL CHECK (version > 0),
    line_id          uuid    NOT NULL,
    recipient_id     uuid    NOT NULL,
    charge_form      text    NOT NULL CHECK (charge_form IN ('RENTAL', 'SALE')),
    unit_number      text    CHECK ((unit_number IS NOT NULL) = (charge_form = 'RENTAL')),
    delivered_on     date    NOT NULL,
    returned_on      date    CHECK (returned_on >= delivered_on),
    died_on          date,
    -- Every customer number it was ever on, and every principal that may see it.
    customer_numbers text[]  NOT NULL CHECK (cardinality(customer_numbers) > 0),
    parties          text[]  NOT NULL CHECK (cardinality(parties) > 0),
    PRIMARY KEY (tenant_id, loan_id),
    CONSTRAINT loan_of_line UNIQUE (tenant_id, line_id),
    FOREIGN KEY (tenant_id, line_id) REFERENCES prescription_line,
    FOREIGN KEY (tenant_id, recipient_id) REFERENCES recipient,
    FOREIGN KEY (tenant_id, unit_number) REFERENCES device_unit
);

CREATE UNIQUE INDEX loan_unit_out ON loan (tenant_id, unit_number)
    WHERE unit_number IS NOT NULL AND returned_on IS NULL;

-- The day of a return may be the day of the next delivery, but no day before it.
ALTER TABLE loan ADD CONSTRAINT loan_unit_held EXCLUDE USING gist (
    tenant_id WITH =, unit_number WITH =, daterange(delivered_on, returned_on) WITH &&);

CREATE INDEX loan_of_recipient ON loan (tenant_id, recipient_id, loan_id);

CREATE TABLE loan_version (
    tenant_id   text        NOT NULL,
    loan_id     uuid        NOT NULL,
    version     integer     NOT NULL CHECK (version > 0),
    timeline    bytea       NOT NULL,
    parties     text[]      NOT NULL CHECK (cardinality(parties) > 0),
    recorded_by text        NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, loan_id, version),
    FOREIGN KEY (tenant_id, loan_id) REFERENCES loan
);

CREATE TRIGGER loan_version_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON loan_version
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE loan ENABLE ROW LEVEL SECURITY;
ALTER TABLE loan FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON loan
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));
CREATE POLICY principal ON loan AS RESTRICTIVE
    USING (nullif(current_setting('hjm.principal', true), '') = '*'
           OR nullif(current_setting('hjm.principal', true), '') = ANY (parties));

ALTER TABLE loan_version ENABLE ROW LEVEL SECURITY;
ALTER TABLE loan_version FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON loan_version
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));
CREATE POLICY principal ON loan_version AS RESTRICTIVE
    USING (nullif(current_setting('hjm.principal', true), '') = '*'
           OR nullif(current_setting('hjm.principal', true), '') = ANY (parties));

GRANT SELECT, INSERT ON loan, loan_version TO hjm_prescription;
GRANT UPDATE (version, delivered_on, returned_on, died_on, customer_numbers, parties)
    ON loan TO hjm_prescription;
