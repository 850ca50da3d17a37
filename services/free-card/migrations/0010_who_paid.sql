-- Who paid a claim back, since any member of a joint protection may; and when the members settled
-- it between themselves, so that no report counts it twice. A decision of before says nobody: then
-- the principal that owed it paid.
ALTER TABLE claim_decision
    ADD COLUMN paid_by text,
    ADD CHECK (paid_by IS NULL OR decision = 'PAY');

ALTER TABLE claim
    ADD COLUMN paid_by text,
    ADD COLUMN netted_at timestamptz,
    ADD CHECK (paid_by IS NULL OR state = 'PAID'),
    ADD CHECK (netted_at IS NULL OR paid_by <> principal_id);

CREATE INDEX claim_to_net ON claim (tenant_id, fee_id, number)
    WHERE netted_at IS NULL AND paid_by <> principal_id;
