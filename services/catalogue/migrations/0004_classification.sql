-- The classification, ISO 9999: codes of each edition and the mappings between editions, dated.
CREATE TABLE iso_code (
    tenant_id  text     NOT NULL,
    edition    smallint NOT NULL CHECK (edition IN (2011, 2016, 2022)),
    code       text     NOT NULL CHECK (code ~ '^([0-9]{2}){1,4}$'),
    title_sv   text     NOT NULL CHECK (title_sv <> ''),
    title_en   text     NOT NULL,
    valid_from date     NOT NULL,
    valid_to   date     CHECK (valid_to > valid_from),
    PRIMARY KEY (tenant_id, edition, code, valid_from),
    -- Deferred: a list may end one version and begin the next in one statement.
    CONSTRAINT iso_code_no_overlap EXCLUDE USING gist (
        tenant_id WITH =, edition WITH =, code WITH =, daterange(valid_from, valid_to) WITH &&)
        DEFERRABLE INITIALLY DEFERRED
);

CREATE TABLE iso_mapping (
    tenant_id  text     NOT NULL,
    edition    smallint NOT NULL CHECK (edition IN (2011, 2016, 2022)),
    code       text     NOT NULL CHECK (code ~ '^([0-9]{2}){1,4}$'),
    to_edition smallint NOT NULL CHECK (to_edition IN (2011, 2016, 2022)),
    to_code    text     NOT NULL CHECK (to_code ~ '^([0-9]{2}){1,4}$'),
    valid_from date     NOT NULL,
    valid_to   date     CHECK (valid_to > valid_from),
    CHECK (edition < to_edition),
    PRIMARY KEY (tenant_id, edition, code, to_edition, to_code, valid_from),
    CONSTRAINT iso_mapping_no_overlap EXCLUDE USING gist (
        tenant_id WITH =, edition WITH =, code WITH =, to_edition WITH =, to_code WITH =,
        daterange(valid_from, valid_to) WITH &&)
        DEFERRABLE INITIALLY DEFERRED
);

CREATE INDEX iso_mapping_back ON iso_mapping (tenant_id, to_edition, to_code);

ALTER TABLE iso_code ENABLE ROW LEVEL SECURITY;
ALTER TABLE iso_code FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON iso_code
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

ALTER TABLE iso_mapping ENABLE ROW LEVEL SECURITY;
ALTER TABLE iso_mapping FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON iso_mapping
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

GRANT SELECT, INSERT ON iso_code, iso_mapping TO hjm_catalogue;
GRANT UPDATE (title_sv, title_en, valid_to) ON iso_code TO hjm_catalogue;
GRANT UPDATE (valid_to) ON iso_mapping TO hjm_catalogue;
