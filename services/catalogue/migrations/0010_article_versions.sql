-- Articles in dated versions, so that every attribute has its days. What is asked for has a column;
-- `details` is the rest of the message, encoded as it is told.
CREATE TABLE article_version (
    tenant_id      text     NOT NULL,
    article_number text     NOT NULL,
    version        integer  NOT NULL CHECK (version > 0),
    name           text     NOT NULL,
    series         text     NOT NULL,
    suppliers      text     NOT NULL,
    iso_code       text     NOT NULL,
    kind           text     NOT NULL CHECK (kind IN (
                       'MAIN_PRODUCT', 'ACCESSORY', 'SPARE_PART', 'SERVICE', 'ADJUSTMENT')),
    charge_form    text     NOT NULL CHECK (charge_form IN ('RENTAL', 'SALE', 'SALE_WITH_RETURN')),
    product_group  smallint NOT NULL CHECK (product_group BETWEEN 1 AND 4),
    state          text     NOT NULL CHECK (state IN (
                       'ACTIVE', 'PHASING_OUT', 'DISCONTINUED', 'BLOCKED', 'TRIAL')),
    details        bytea    NOT NULL,
    valid_from     date     NOT NULL,
    valid_to       date     CHECK (valid_to > valid_from),
    PRIMARY KEY (tenant_id, article_number, version),
    FOREIGN KEY (tenant_id, article_number) REFERENCES article,
    CONSTRAINT article_version_no_overlap EXCLUDE USING gist (
        tenant_id WITH =, article_number WITH =, daterange(valid_from, valid_to) WITH &&)
);

-- The owner is bound by its own policy: without this it would see no article, and copy none.
ALTER TABLE article NO FORCE ROW LEVEL SECURITY;
INSERT INTO article_version
SELECT tenant_id, article_number, 1, name, '', '', iso_code, kind, charge_form, product_group,
       'ACTIVE', '', valid_from, NULL
  FROM article;
ALTER TABLE article FORCE ROW LEVEL SECURITY;
ALTER TABLE article
    DROP COLUMN name, DROP COLUMN iso_code, DROP COLUMN kind, DROP COLUMN charge_form,
    DROP COLUMN product_group, DROP COLUMN valid_from;

-- What others call an article, by the key that all spellings have in common: one article's on a day.
CREATE TABLE article_identifier (
    tenant_id      text    NOT NULL,
    article_number text    NOT NULL,
    version        integer NOT NULL,
    kind           text    NOT NULL CHECK (kind IN ('ARTICLE_NUMBER', 'GTIN', 'UDI_DI')),
    issuer         text    NOT NULL,
    key            text    NOT NULL,
    valid_from     date    NOT NULL,
    valid_to       date    CHECK (valid_to > valid_from),
    PRIMARY KEY (tenant_id, article_number, version, kind, issuer, key),
    FOREIGN KEY (tenant_id, article_number, version) REFERENCES article_version,
    CONSTRAINT article_identifier_of_one EXCLUDE USING gist (
        tenant_id WITH =, kind WITH =, issuer WITH =, key WITH =, article_number WITH <>,
        daterange(valid_from, valid_to) WITH &&)
);

CREATE INDEX article_identifier_key ON article_identifier (tenant_id, key);

ALTER TABLE article_version ENABLE ROW LEVEL SECURITY;
ALTER TABLE article_version FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON article_version
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

ALTER TABLE article_identifier ENABLE ROW LEVEL SECURITY;
ALTER TABLE article_identifier FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON article_identifier
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

GRANT SELECT, INSERT ON article_version, article_identifier TO hjm_catalogue;
GRANT UPDATE (valid_to) ON article_version, article_identifier TO hjm_catalogue;
