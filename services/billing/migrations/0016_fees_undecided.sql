-- Periods of recurring fees that have begun and cannot be decided yet: a source prints no amount, a
-- fact is missing. Working notes, not books: gone when the fee is decided. Each is decided anew
-- when a policy was put in force after those that it was looked at with.
CREATE TABLE fee_undecided (
    tenant_id        text        NOT NULL,
    loan_id          uuid        NOT NULL,
    period           bigint      NOT NULL CHECK (period > 0),
    charge_id        uuid        NOT NULL,
    recipient_id     uuid        NOT NULL,
    article_number   text        NOT NULL,
    customer_number  text        NOT NULL,
    owner_principal  text        NOT NULL,
    dated_on         date        NOT NULL,
    policies_through bigint      NOT NULL CHECK (policies_through >= 0),
    waits_for        text        NOT NULL CHECK (waits_for <> ''),
    noted_at         timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, loan_id, period),
    FOREIGN KEY (tenant_id, loan_id) REFERENCES accrual
);
CREATE INDEX fee_undecided_charge ON fee_undecided (tenant_id, charge_id);

ALTER TABLE fee_undecided ENABLE ROW LEVEL SECURITY;
ALTER TABLE fee_undecided FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON fee_undecided
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));
CREATE POLICY principal ON fee_undecided AS RESTRICTIVE
    USING (nullif(current_setting('hjm.principal', true), '') = '*'
        OR nullif(current_setting('hjm.principal', true), '') = owner_principal);

GRANT SELECT, INSERT, UPDATE, DELETE ON fee_undecided TO hjm_billing;

-- What is to be decided when its day has come: periods to come, and those to decide anew.
CREATE VIEW accrual_ahead WITH (security_invoker = true) AS
SELECT a.tenant_id, a.loan_id, a.next_on FROM accrual a
UNION ALL
SELECT u.tenant_id, u.loan_id, u.dated_on FROM fee_undecided u
 WHERE u.policies_through < (SELECT max(p.feed_sequence) FROM policy_known p
                              WHERE p.tenant_id = u.tenant_id);
GRANT SELECT ON accrual_ahead TO hjm_billing;

-- Undecided fees are listed with the others, and why a fee waits. A month of a subscription is the
-- person's, and listed once for all the loans it waits on.
CREATE OR REPLACE VIEW charge WITH (security_invoker = true) AS
SELECT l.tenant_id, l.line_id AS charge_id, l.kind,
       CASE WHEN k.line_id IS NULL THEN 'POSTED' ELSE 'CREDITED' END AS state,
       l.customer_number, l.loan_id, l.recipient_id, l.article_number, l.from_on, l.to_on, l.days,
       l.unit_price, l.amount_ore AS nominal_ore, l.amount_ore, l.deceased,
       l.credits_line_id AS credits_charge_id, l.posting_month,
       CASE WHEN l.credits_line_id IS NULL THEN l.kind ELSE 'CREDIT' END AS reason,
       NULL::text AS waits_for
  FROM charge_line l
  LEFT JOIN line_credit k ON k.tenant_id = l.tenant_id AND k.line_id = l.line_id
UNION ALL
SELECT c.tenant_id, c.charge_id, 'OWN_FEE',
       CASE WHEN k.charge_id IS NULL THEN 'POSTED' ELSE 'CREDITED' END,
       c.customer_number, d.loan_id, d.recipient_id, d.article_number, c.dated_on, c.dated_on, 0,
       NULL, CASE WHEN c.credits_charge_id IS NULL THEN d.nominal_ore ELSE -d.nominal_ore END,
       c.amount_ore, false, c.credits_charge_id, c.posting_month,
       CASE WHEN c.credits_charge_id IS NULL THEN d.reason ELSE 'CREDIT' END, NULL
  FROM own_fee_stated c
  JOIN fee_due d USING (tenant_id, line_id, fee_kind, period)
  LEFT JOIN own_fee_charge k ON k.tenant_id = c.tenant_id AND k.credits_charge_id = c.charge_id
UNION ALL
SELECT d.tenant_id, d.charge_id, 'OWN_FEE', 'DUE',
       d.customer_number, d.loan_id, d.recipient_id, d.article_number, d.dated_on, d.dated_on, 0,
       NULL, d.nominal_ore, NULL, false, NULL, NULL, d.reason,
       (SELECT a.reason FROM fee_attempt a
         WHERE a.tenant_id = d.tenant_id AND a.charge_id = d.charge_id)
  FROM fee_due d
 WHERE NOT EXISTS (SELECT FROM own_fee_charge c
                    WHERE c.tenant_id = d.tenant_id AND c.charge_id = d.charge_id)
UNION ALL
SELECT u.tenant_id, u.charge_id, 'OWN_FEE', 'UNDECIDED',
       u.customer_number, u.loan_id, u.recipient_id, u.article_number, u.dated_on, u.dated_on, 0,
       NULL, NULL, NULL, false, NULL, NULL, 'FEE_UNDECIDED', u.waits_for
  FROM fee_undecided u
 WHERE NOT EXISTS (SELECT FROM fee_undecided o
                    WHERE o.tenant_id = u.tenant_id AND o.charge_id = u.charge_id
                      AND o.loan_id < u.loan_id);
