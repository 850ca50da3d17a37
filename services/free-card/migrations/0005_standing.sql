-- Where each account stands, kept beside its log so that a yes-or-no question reads one row; what
-- is owed back; and what a person decides. The log stays the truth: verify replays and compares.

-- The row is also what a writer of the account holds.
CREATE TABLE standing (
    tenant_id  text           NOT NULL,
    account_id uuid           NOT NULL,
    -- The number of the log's last entry; 0 where it has not been replayed yet.
    version    bigint         NOT NULL CHECK (version >= 0),
    -- The days on which a card is valid.
    cards      datemultirange NOT NULL,
    -- The engine's own snapshot, with which it answers without the log; absent where it has none.
    snapshot   bytea,
    PRIMARY KEY (tenant_id, account_id),
    FOREIGN KEY (tenant_id, account_id) REFERENCES account
) WITH (fillfactor = 70);

-- Accounts of before; their next writer replays them. The owner sees rows while nothing is forced.
ALTER TABLE account NO FORCE ROW LEVEL SECURITY;
INSERT INTO standing (tenant_id, account_id, version, cards)
SELECT tenant_id, account_id, 0, '{}' FROM account;
ALTER TABLE account FORCE ROW LEVEL SECURITY;

-- What is to go back to a person for a fee, as replay finds it. What is closed stays closed: a
-- difference is a claim of its own, so a fee has one that is not closed at the most.
CREATE TABLE claim (
    tenant_id    text   NOT NULL,
    fee_id       uuid   NOT NULL,
    number       bigint NOT NULL CHECK (number > 0),
    account_id   uuid   NOT NULL,
    principal_id text   NOT NULL,
    event_on     date   NOT NULL,
    amount_ore   bigint NOT NULL CHECK (amount_ore >= 0),
    state        text   NOT NULL
        CHECK (state IN ('OPEN', 'APPROVED', 'PAID', 'REJECTED', 'WAIVED')),
    PRIMARY KEY (tenant_id, fee_id, number),
    FOREIGN KEY (tenant_id, account_id) REFERENCES account
);

CREATE INDEX claim_of_account ON claim (tenant_id, account_id);
CREATE INDEX claim_of_principal ON claim (tenant_id, principal_id);

-- What was decided about it, only ever added to.
CREATE TABLE claim_decision (
    tenant_id   text        NOT NULL,
    fee_id      uuid        NOT NULL,
    number      bigint      NOT NULL,
    place       bigint      NOT NULL CHECK (place > 0),
    decision    text        NOT NULL CHECK (decision IN ('APPROVE', 'PAY', 'REJECT', 'WAIVE')),
    amount_ore  bigint      NOT NULL CHECK (amount_ore >= 0),
    decided_by  text        NOT NULL,
    reason      text        NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, fee_id, number, place),
    FOREIGN KEY (tenant_id, fee_id, number) REFERENCES claim
);

-- What a person decided, and its death; the last of a kind holds.
CREATE TABLE subject_event (
    tenant_id   text        NOT NULL,
    subject_id  uuid        NOT NULL,
    number      bigint      NOT NULL CHECK (number > 0),
    kind        text        NOT NULL CHECK (kind IN
                    ('OPTED_OUT', 'OPTED_IN', 'CONSENT_GIVEN', 'CONSENT_WITHDRAWN', 'DIED')),
    died_on     date        CHECK ((died_on IS NOT NULL) = (kind = 'DIED')),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, subject_id, number)
);

CREATE TRIGGER claim_decision_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON claim_decision
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER subject_event_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON subject_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A fee of a desk that was offline: when it happened, and on which device. A fee that was
-- corrected. A card that was registered without fees, on what it stands, and its number.
ALTER TABLE account_event
    ADD COLUMN occurred_at timestamptz,
    ADD COLUMN device_id text,
    ADD COLUMN fee_kind text,
    ADD COLUMN age smallint CHECK (age BETWEEN 0 AND 130),
    ADD COLUMN card_reason text,
    ADD COLUMN card_evidence text,
    ADD COLUMN card_number text,
    ALTER COLUMN fee_id DROP NOT NULL,
    DROP CONSTRAINT account_event_kind_check,
    DROP CONSTRAINT account_event_check1,
    DROP CONSTRAINT account_event_check2,
    DROP CONSTRAINT account_event_check3,
    DROP CONSTRAINT account_event_cancel_reason_check,
    ADD CHECK (kind IN ('FEE', 'CORRECT', 'CANCEL', 'CARD_FIXED', 'CARD_RELEASED',
                        'CARD_REGISTERED')),
    ADD CHECK ((fee_id IS NULL) = (kind = 'CARD_REGISTERED')),
    ADD CHECK (num_nonnulls(event_on, nominal_ore)
               = CASE WHEN kind IN ('FEE', 'CORRECT') THEN 2 ELSE 0 END),
    ADD CHECK (num_nonnulls(charged_ore, principal_id, external_reference, answer)
               = CASE kind WHEN 'FEE' THEN 4 ELSE 0 END),
    ADD CHECK (num_nonnulls(cancel_reason, cancel_text)
               = CASE WHEN kind IN ('CANCEL', 'CORRECT') THEN 2 ELSE 0 END),
    ADD CHECK (cancel_reason IN ('INCORRECT', 'CREDITED', 'PERSON_ASKED')),
    ADD CHECK (num_nonnulls(card_from, card_to)
               = CASE WHEN kind IN ('CARD_FIXED', 'CARD_RELEASED', 'CARD_REGISTERED')
                      THEN 2 ELSE 0 END),
    ADD CHECK (num_nonnulls(card_reason, card_evidence)
               = CASE kind WHEN 'CARD_REGISTERED' THEN 2 ELSE 0 END),
    ADD CHECK (card_reason IN ('VALID_CARD', 'MEDICAL'));

-- Whether a fee of the same day and amount is there already (D-32).
CREATE INDEX account_event_alike ON account_event (tenant_id, account_id, event_on, nominal_ore)
    WHERE kind = 'FEE';

ALTER TABLE standing ENABLE ROW LEVEL SECURITY;
ALTER TABLE standing FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON standing
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

ALTER TABLE claim ENABLE ROW LEVEL SECURITY;
ALTER TABLE claim FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON claim
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

ALTER TABLE claim_decision ENABLE ROW LEVEL SECURITY;
ALTER TABLE claim_decision FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON claim_decision
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

ALTER TABLE subject_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE subject_event FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON subject_event
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

GRANT SELECT, INSERT, UPDATE ON standing, claim TO hjm_free_card;
GRANT SELECT, INSERT ON claim_decision, subject_event TO hjm_free_card;
GRANT SELECT, INSERT ON access_batch, access_entry TO hjm_free_card;
