-- Own fees: what is due, what was posted, and what is to be credited. The key of a fee is its
-- prescription line, kind and period: one fee is charged once, whoever asks how often.
CREATE TABLE fee_due (
    tenant_id       text   NOT NULL,
    line_id         uuid   NOT NULL,
    fee_kind        text   NOT NULL CHECK (fee_kind IN ('ONE_OFF', 'PER_12_MONTHS', 'COST_CAP')),
    period          bigint NOT NULL CHECK (period > 0),
    charge_id       uuid   NOT NULL,
    recipient_id    uuid   NOT NULL,
    loan_id         uuid   NOT NULL,
    loan_version    bigint NOT NULL,
    article_number  text   NOT NULL,
    customer_number text   NOT NULL,
    owner_principal text   NOT NULL,
    dated_on        date   NOT NULL,
    nominal_ore     bigint NOT NULL CHECK (nominal_ore >= 0),
    scheme_id       text,
    reason          text   NOT NULL,
    explanation     jsonb  NOT NULL,
    feed_sequence   bigint NOT NULL CHECK (feed_sequence > 0),
    PRIMARY KEY (tenant_id, line_id, fee_kind, period),
    UNIQUE (tenant_id, charge_id),
    FOREIGN KEY (tenant_id, loan_id, loan_version) REFERENCES loan_version,
    FOREIGN KEY (tenant_id, customer_number) REFERENCES customer_unit
);

-- Fees that are due and not posted, so that nobody looks for them among all that were. Working
-- notes, not books: they are gone when the fee is posted.
CREATE TABLE fee_open (
    tenant_id     text   NOT NULL,
    charge_id     uuid   NOT NULL,
    dated_on      date   NOT NULL,
    feed_sequence bigint NOT NULL,
    PRIMARY KEY (tenant_id, charge_id),
    FOREIGN KEY (tenant_id, charge_id) REFERENCES fee_due (tenant_id, charge_id)
);

-- Why free-card last refused a fee that is due. Working notes, not books.
CREATE TABLE fee_attempt (
    tenant_id    text        NOT NULL,
    charge_id    uuid        NOT NULL,
    attempts     bigint      NOT NULL CHECK (attempts > 0),
    reason       text        NOT NULL,
    attempted_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, charge_id),
    FOREIGN KEY (tenant_id, charge_id) REFERENCES fee_due (tenant_id, charge_id)
);

-- When the next period of a recurring fee begins, by the newest timeline; NULL for never.
CREATE TABLE accrual (
    tenant_id text NOT NULL,
    loan_id   uuid NOT NULL,
    next_on   date,
    PRIMARY KEY (tenant_id, loan_id)
);
CREATE INDEX accrual_next ON accrual (tenant_id, next_on);

-- Posted money: charges, and credits that name the charge they credit in full.
CREATE TABLE own_fee_charge (
    tenant_id         text        NOT NULL,
    charge_id         uuid        NOT NULL,
    line_id           uuid        NOT NULL,
    fee_kind          text        NOT NULL,
    period            bigint      NOT NULL,
    customer_number   text        NOT NULL,
    owner_principal   text        NOT NULL,
    dated_on          date        NOT NULL,
    posting_month     date        NOT NULL CHECK (extract(day FROM posting_month) = 1),
    amount_ore        bigint      NOT NULL,
    credits_charge_id uuid,
    free_card_fee_id  uuid,
    ceiling           jsonb,
    posted_at         timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, charge_id),
    UNIQUE (tenant_id, credits_charge_id),
    FOREIGN KEY (tenant_id, line_id, fee_kind, period) REFERENCES fee_due,
    FOREIGN KEY (tenant_id, credits_charge_id) REFERENCES own_fee_charge,
    CHECK (CASE WHEN credits_charge_id IS NULL THEN amount_ore >= 0 ELSE amount_ore <= 0 END)
);
CREATE UNIQUE INDEX own_fee_charge_once ON own_fee_charge (tenant_id, line_id, fee_kind, period)
    WHERE credits_charge_id IS NULL;
CREATE INDEX own_fee_charge_number ON own_fee_charge (tenant_id, customer_number, posting_month);

-- A credit that was asked for: kept before free-card is told, so that it is always completed.
CREATE TABLE credit_intention (
    tenant_id       text        NOT NULL,
    charge_id       uuid        NOT NULL,
    owner_principal text        NOT NULL,
    reason          text        NOT NULL,
    client          text        NOT NULL,
    request_id      text        NOT NULL,
    body_hash       bytea       NOT NULL,
    intended_at     timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, charge_id),
    UNIQUE (tenant_id, client, request_id),
    FOREIGN KEY (tenant_id, charge_id) REFERENCES own_fee_charge
);

CREATE INDEX fee_due_recipient ON fee_due (tenant_id, recipient_id);
CREATE INDEX fee_due_loan ON fee_due (tenant_id, loan_id);

CREATE TRIGGER fee_due_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON fee_due
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER own_fee_charge_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON own_fee_charge
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER credit_intention_only_added
    BEFORE UPDATE OR DELETE OR TRUNCATE ON credit_intention
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE fee_due ENABLE ROW LEVEL SECURITY;
ALTER TABLE fee_due FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON fee_due
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));
CREATE POLICY principal ON fee_due AS RESTRICTIVE
    USING (nullif(current_setting('hjm.principal', true), '') = '*'
        OR nullif(current_setting('hjm.principal', true), '') = owner_principal);

ALTER TABLE fee_open ENABLE ROW LEVEL SECURITY;
ALTER TABLE fee_open FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON fee_open
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

ALTER TABLE fee_attempt ENABLE ROW LEVEL SECURITY;
ALTER TABLE fee_attempt FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON fee_attempt
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

ALTER TABLE accrual ENABLE ROW LEVEL SECURITY;
ALTER TABLE accrual FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON accrual
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

ALTER TABLE own_fee_charge ENABLE ROW LEVEL SECURITY;
ALTER TABLE own_fee_charge FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON own_fee_charge
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));
CREATE POLICY principal ON own_fee_charge AS RESTRICTIVE
    USING (nullif(current_setting('hjm.principal', true), '') = '*'
        OR nullif(current_setting('hjm.principal', true), '') = owner_principal);

ALTER TABLE credit_intention ENABLE ROW LEVEL SECURITY;
ALTER TABLE credit_intention FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON credit_intention
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));
CREATE POLICY principal ON credit_intention AS RESTRICTIVE
    USING (nullif(current_setting('hjm.principal', true), '') = '*'
        OR nullif(current_setting('hjm.principal', true), '') = owner_principal);

GRANT SELECT, INSERT ON fee_due, own_fee_charge, credit_intention TO hjm_billing;
GRANT SELECT, INSERT, DELETE ON fee_open TO hjm_billing;
GRANT SELECT, INSERT, UPDATE ON fee_attempt, accrual TO hjm_billing;
