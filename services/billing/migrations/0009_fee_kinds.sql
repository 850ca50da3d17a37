-- Every kind of own fee that a table can decide; a subscription's line is the person's own.
ALTER TABLE fee_due DROP CONSTRAINT fee_due_fee_kind_check;
ALTER TABLE fee_due ADD CONSTRAINT fee_due_fee_kind_check CHECK (fee_kind IN (
    'ONE_OFF', 'SHARE_OF_VALUE', 'PER_12_MONTHS', 'PER_CALENDAR_MONTH', 'PER_STARTED_MONTH',
    'MONTHLY_SUBSCRIPTION', 'PURCHASE_AFTER_TRIAL', 'COST_CAP'));
