-- What each customer number is charged in a closed month, and all charges as one list.
CREATE TABLE statement (
    tenant_id       text   NOT NULL,
    month           date   NOT NULL,
    customer_number text   NOT NULL,
    owner_principal text   NOT NULL,
    rent_ore        bigint NOT NULL,
    sales_ore       bigint NOT NULL,
    own_fees_ore    bigint NOT NULL,
    lines           bigint NOT NULL CHECK (lines > 0),
    PRIMARY KEY (tenant_id, month, customer_number),
    FOREIGN KEY (tenant_id, month, owner_principal) REFERENCES run_owner,
    FOREIGN KEY (tenant_id, customer_number) REFERENCES customer_unit
);

CREATE TRIGGER statement_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON statement
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE statement ENABLE ROW LEVEL SECURITY;
ALTER TABLE statement FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON statement
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));
CREATE POLICY principal ON statement AS RESTRICTIVE
    USING (nullif(current_setting('hjm.principal', true), '') = '*'
        OR nullif(current_setting('hjm.principal', true), '') = owner_principal);

-- Posted own fees with the month they are stated in. What was posted in a month before the
-- tenant's first run is stated in that first month: no earlier one is ever closed.
CREATE VIEW own_fee_stated WITH (security_invoker = true) AS
SELECT c.tenant_id, c.charge_id, c.line_id, c.fee_kind, c.period, c.customer_number,
       c.owner_principal, c.dated_on, c.amount_ore, c.credits_charge_id, c.free_card_fee_id,
       greatest(c.posting_month,
                (SELECT min(r.month) FROM run r WHERE r.tenant_id = c.tenant_id)) AS posting_month
  FROM own_fee_charge c;

-- Every charge there is: lines, posted own fees, and own fees that are due. It reads as its
-- caller, under the policies of the tables below it.
CREATE VIEW charge WITH (security_invoker = true) AS
SELECT l.tenant_id, l.line_id AS charge_id, l.kind,
       CASE WHEN k.line_id IS NULL THEN 'POSTED' ELSE 'CREDITED' END AS state,
       l.customer_number, l.loan_id, l.recipient_id, l.article_number, l.from_on, l.to_on, l.days,
       l.unit_price, l.amount_ore AS nominal_ore, l.amount_ore, l.deceased,
       l.credits_line_id AS credits_charge_id, l.posting_month,
       CASE WHEN l.credits_line_id IS NULL THEN l.kind ELSE 'CREDIT' END AS reason
  FROM charge_line l
  LEFT JOIN line_credit k ON k.tenant_id = l.tenant_id AND k.line_id = l.line_id
UNION ALL
SELECT c.tenant_id, c.charge_id, 'OWN_FEE',
       CASE WHEN k.charge_id IS NULL THEN 'POSTED' ELSE 'CREDITED' END,
       c.customer_number, d.loan_id, d.recipient_id, d.article_number, c.dated_on, c.dated_on, 0,
       NULL, CASE WHEN c.credits_charge_id IS NULL THEN d.nominal_ore ELSE -d.nominal_ore END,
       c.amount_ore, false, c.credits_charge_id, c.posting_month,
       CASE WHEN c.credits_charge_id IS NULL THEN d.reason ELSE 'CREDIT' END
  FROM own_fee_stated c
  JOIN fee_due d USING (tenant_id, line_id, fee_kind, period)
  LEFT JOIN own_fee_charge k ON k.tenant_id = c.tenant_id AND k.credits_charge_id = c.charge_id
UNION ALL
SELECT d.tenant_id, d.charge_id, 'OWN_FEE', 'DUE',
       d.customer_number, d.loan_id, d.recipient_id, d.article_number, d.dated_on, d.dated_on, 0,
       NULL, d.nominal_ore, NULL, false, NULL, NULL, d.reason
  FROM fee_due d
 WHERE NOT EXISTS (SELECT FROM own_fee_charge c
                    WHERE c.tenant_id = d.tenant_id AND c.charge_id = d.charge_id);

GRANT SELECT, INSERT ON statement TO hjm_billing;
GRANT SELECT ON own_fee_stated, charge TO hjm_billing;
