-- What was charged too little for fees, as replay finds it: listed for the principal that charged it,
-- and never collected (D-9).
CREATE TABLE undercharge (
    tenant_id    text   NOT NULL,
    fee_id       uuid   NOT NULL,
    account_id   uuid   NOT NULL,
    principal_id text   NOT NULL,
    event_on     date   NOT NULL,
    -- Zero where that is no more so.
    amount_ore   bigint NOT NULL CHECK (amount_ore >= 0),
    PRIMARY KEY (tenant_id, fee_id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES account
);

CREATE INDEX undercharge_of_account ON undercharge (tenant_id, account_id);
CREATE INDEX undercharge_of_principal ON undercharge (tenant_id, principal_id, fee_id)
    WHERE amount_ore > 0;

ALTER TABLE undercharge ENABLE ROW LEVEL SECURITY;
ALTER TABLE undercharge FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON undercharge
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

GRANT SELECT, INSERT, UPDATE ON undercharge TO hjm_free_card;

-- Accounts of before: their next writer replays them, and lists it. The owner sees rows while nothing
-- is forced.
ALTER TABLE standing NO FORCE ROW LEVEL SECURITY;
UPDATE standing SET snapshot = NULL;
ALTER TABLE standing FORCE ROW LEVEL SECURITY;
