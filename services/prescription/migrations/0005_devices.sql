-- Marked device units. Whether one is out is said by its loans alone.
CREATE TABLE device_unit (
    tenant_id      text NOT NULL,
    unit_number    text NOT NULL,
    article_number text NOT NULL,
    PRIMARY KEY (tenant_id, unit_number)
);

ALTER TABLE device_unit ENABLE ROW LEVEL SECURITY;
ALTER TABLE device_unit FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON device_unit
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

GRANT SELECT, INSERT ON device_unit TO hjm_prescription;
