-- Accounts and their logs: what a person was told to pay under a scheme, only ever added to.

-- One person in one scheme. Nothing about where it stands: that is a replay of its log.
CREATE TABLE account (
    tenant_id  text NOT NULL,
    account_id uuid NOT NULL,
    scheme_id  text NOT NULL,
    subject_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, account_id),
    UNIQUE (tenant_id, scheme_id, subject_id)
);

-- What happened, in the order it was stored. A fee stands here once under its own id and once
-- under the charging system's key; it is cancelled at most once; a card names the fee that
-- completed it.
CREATE TABLE account_event (
    tenant_id          text        NOT NULL,
    account_id         uuid        NOT NULL,
    sequence           bigint      NOT NULL CHECK (sequence > 0),
    kind               text        NOT NULL,
    fee_id             uuid        NOT NULL,
    -- Of a card that became final its due instant; of all else when it was stored.
    registered_at      timestamptz NOT NULL,
    event_on           date,
    nominal_ore        bigint      CHECK (nominal_ore >= 0),
    charged_ore        bigint      CHECK (charged_ore >= 0),
    principal_id       text,
    external_reference text,
    -- The answer that the fee's registration got, as told.
    answer             bytea,
    cancel_reason      text        CHECK (cancel_reason IN ('INCORRECT', 'CREDITED')),
    cancel_text        text,
    card_from          date,
    card_to            date        CHECK (card_to >= card_from),
    PRIMARY KEY (tenant_id, account_id, sequence),
    UNIQUE (tenant_id, external_reference),
    FOREIGN KEY (tenant_id, account_id) REFERENCES account,
    CHECK (kind IN ('FEE', 'CANCEL', 'CARD_FIXED', 'CARD_RELEASED')),
    CHECK (num_nonnulls(event_on, nominal_ore, charged_ore, principal_id, external_reference, answer)
           = CASE kind WHEN 'FEE' THEN 6 ELSE 0 END),
    CHECK (num_nonnulls(cancel_reason, cancel_text) = CASE kind WHEN 'CANCEL' THEN 2 ELSE 0 END),
    CHECK (num_nonnulls(card_from, card_to)
           = CASE WHEN kind IN ('CARD_FIXED', 'CARD_RELEASED') THEN 2 ELSE 0 END)
);

CREATE UNIQUE INDEX account_event_fee_once ON account_event (tenant_id, fee_id)
    WHERE kind = 'FEE';
CREATE UNIQUE INDEX account_event_cancelled_once ON account_event (tenant_id, fee_id)
    WHERE kind = 'CANCEL';

CREATE TRIGGER account_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON account
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER account_event_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON account_event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE account ENABLE ROW LEVEL SECURITY;
ALTER TABLE account FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON account
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

-- No policy by principal: members see dates and amounts of each other's fees, by projection.
ALTER TABLE account_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE account_event FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON account_event
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

GRANT SELECT, INSERT ON account, account_event TO hjm_free_card;
-- PostgreSQL asks for UPDATE of a column to lock a row; the trigger refuses the update itself.
GRANT UPDATE (account_id) ON account TO hjm_free_card;
GRANT SELECT, INSERT ON feed_event, idempotency TO hjm_free_card;
GRANT SELECT, INSERT, UPDATE ON follower TO hjm_free_card;
GRANT SELECT, INSERT ON followed_policy TO hjm_free_card;
