-- Prices on one list for each class of customers. What was set before is the members' list.
ALTER TABLE price ADD COLUMN customer_class text NOT NULL DEFAULT 'MEMBER'
    CHECK (customer_class IN ('MEMBER', 'OTHER', 'PRIVATE_PERSON'));
ALTER TABLE price ALTER COLUMN customer_class DROP DEFAULT;
ALTER TABLE price DROP CONSTRAINT price_pkey;
ALTER TABLE price ADD PRIMARY KEY (tenant_id, article_number, customer_class, valid_from);
ALTER TABLE price DROP CONSTRAINT price_no_overlap;
ALTER TABLE price ADD CONSTRAINT price_no_overlap EXCLUDE USING gist (
    tenant_id WITH =, article_number WITH =, customer_class WITH =,
    daterange(valid_from, valid_to) WITH &&);
