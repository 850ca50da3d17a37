-- Articles and their dated prices: at most one price is in force on a day.
CREATE TABLE article (
    tenant_id      text     NOT NULL,
    article_number text     NOT NULL,
    name           text     NOT NULL,
    iso_code       text     NOT NULL,
    kind           text     NOT NULL CHECK (kind IN ('MAIN_PRODUCT', 'ACCESSORY')),
    charge_form    text     NOT NULL CHECK (charge_form IN ('RENTAL', 'SALE')),
    product_group  smallint NOT NULL CHECK (product_group BETWEEN 1 AND 4),
    valid_from     date     NOT NULL,
    PRIMARY KEY (tenant_id, article_number)
);

CREATE TABLE price (
    tenant_id      text    NOT NULL,
    article_number text    NOT NULL,
    price          numeric NOT NULL CHECK (price >= 0),
    valid_from     date    NOT NULL,
    valid_to       date    CHECK (valid_to > valid_from),
    PRIMARY KEY (tenant_id, article_number, valid_from),
    FOREIGN KEY (tenant_id, article_number) REFERENCES article,
    CONSTRAINT price_no_overlap EXCLUDE USING gist (
        tenant_id WITH =, article_number WITH =, daterange(valid_from, valid_to) WITH &&)
);

ALTER TABLE article ENABLE ROW LEVEL SECURITY;
ALTER TABLE article FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON article
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

ALTER TABLE price ENABLE ROW LEVEL SECURITY;
ALTER TABLE price FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON price
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

GRANT SELECT, INSERT ON article TO hjm_catalogue;
GRANT SELECT, INSERT ON price TO hjm_catalogue;
GRANT UPDATE (valid_to) ON price TO hjm_catalogue;
GRANT SELECT, INSERT ON feed_event, idempotency TO hjm_catalogue;
