-- A fee that was paid elsewhere and is entered on a receipt: who was paid, and what was shown.
ALTER TABLE account_event
    ADD COLUMN receipt_issuer text,
    ADD COLUMN receipt_evidence text,
    ADD CHECK (num_nonnulls(receipt_issuer, receipt_evidence) IN (0, 2)),
    ADD CHECK (receipt_issuer IS NULL OR kind = 'FEE');
