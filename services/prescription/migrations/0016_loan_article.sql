-- The article that a loan is of: an equivalent may be delivered in place of the prescribed one, and
-- the units of an article on trial are counted.
ALTER TABLE loan ADD COLUMN article_number text;

-- The owner who migrates is bound by row policies too, and sees no tenant's rows: lifted for one
-- statement, in this transaction.
ALTER TABLE loan NO FORCE ROW LEVEL SECURITY;
ALTER TABLE prescription_line NO FORCE ROW LEVEL SECURITY;
UPDATE loan SET article_number = line.article_number
  FROM prescription_line line
 WHERE line.tenant_id = loan.tenant_id AND line.line_id = loan.line_id;
ALTER TABLE loan FORCE ROW LEVEL SECURITY;
ALTER TABLE prescription_line FORCE ROW LEVEL SECURITY;

ALTER TABLE loan ALTER COLUMN article_number SET NOT NULL;

CREATE INDEX loan_of_article ON loan (tenant_id, article_number);
CREATE INDEX device_of_article ON device_unit (tenant_id, article_number);
