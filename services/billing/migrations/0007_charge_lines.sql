-- Posted rent and sale lines, a partition a month and in it one a tenant. No row is ever changed:
-- a correction is a line of the opposite amount that names the line it credits.
CREATE TABLE charge_line (
    tenant_id       text    NOT NULL,
    line_id         uuid    NOT NULL,
    posting_month   date    NOT NULL CHECK (extract(day FROM posting_month) = 1),
    owner_principal text    NOT NULL,
    customer_number text    NOT NULL,
    recipient_id    uuid    NOT NULL,
    loan_id         uuid    NOT NULL,
    loan_version    bigint  NOT NULL CHECK (loan_version > 0),
    kind            text    NOT NULL CHECK (kind IN ('RENT', 'SALE')),
    article_number  text    NOT NULL,
    from_on         date    NOT NULL,
    to_on           date    NOT NULL CHECK (to_on >= from_on),
    days            bigint  NOT NULL CHECK (days >= 0),
    unit_price      numeric NOT NULL CHECK (unit_price >= 0),
    amount_ore      bigint  NOT NULL,
    deceased        bool    NOT NULL,
    credits_line_id uuid,
    policy_id       text    NOT NULL,
    policy_version  bigint  NOT NULL,
    policy_hash     text    NOT NULL,
    rule_id         text    NOT NULL,
    PRIMARY KEY (tenant_id, line_id, posting_month),
    CHECK (CASE WHEN credits_line_id IS NULL THEN amount_ore >= 0 ELSE amount_ore <= 0 END)
) PARTITION BY LIST (posting_month);
CREATE INDEX charge_line_loan ON charge_line (tenant_id, loan_id);
CREATE INDEX charge_line_number ON charge_line (tenant_id, customer_number, from_on);
CREATE INDEX charge_line_recipient ON charge_line (tenant_id, recipient_id);

-- Which line was credited by which: a line is credited once, in whatever month.
CREATE TABLE line_credit (
    tenant_id       text NOT NULL,
    line_id         uuid NOT NULL,
    credit_line_id  uuid NOT NULL,
    owner_principal text NOT NULL,
    PRIMARY KEY (tenant_id, line_id),
    UNIQUE (tenant_id, credit_line_id)
);

-- Neither policies nor statement triggers are inherited: every table of the tree gets its own.
CREATE FUNCTION charge_table_guard(guarded text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('ALTER TABLE billing.%I ENABLE ROW LEVEL SECURITY', guarded);
    EXECUTE format('ALTER TABLE billing.%I FORCE ROW LEVEL SECURITY', guarded);
    EXECUTE format($sql$CREATE POLICY tenant ON billing.%I
        USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''))$sql$, guarded);
    EXECUTE format($sql$CREATE POLICY principal ON billing.%I AS RESTRICTIVE
        USING (nullif(current_setting('hjm.principal', true), '') = '*'
            OR nullif(current_setting('hjm.principal', true), '') = owner_principal)$sql$,
        guarded);
    EXECUTE format($sql$CREATE TRIGGER only_added BEFORE UPDATE OR DELETE OR TRUNCATE
        ON billing.%I FOR EACH STATEMENT EXECUTE FUNCTION billing.refuse_change()$sql$, guarded);
END
$$;

-- Makes a month's partition of the caller's own tenant, if it is not there. Nothing is granted on
-- it: rows go in and come out through charge_line, under its policies.
CREATE FUNCTION charge_month_open(tenant text, month date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    month_table text := format('charge_line_%s', to_char(month, 'YYYY_MM'));
    leaf_table  text := format('%s_%s', month_table, tenant);
BEGIN
    IF tenant !~ '^[a-z0-9-]{2,40}$'
        OR tenant IS DISTINCT FROM nullif(current_setting('hjm.tenant', true), '')
        OR extract(day FROM month) <> 1
    THEN
        RAISE EXCEPTION 'a month of the tenant of the transaction is opened, no other'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('billing charge_month_open', 0));
    -- Made first and attached then: attaching does not hold up those who read and post.
    IF to_regclass(format('billing.%I', month_table)) IS NULL THEN
        EXECUTE format('CREATE TABLE billing.%I (LIKE billing.charge_line INCLUDING ALL)
            PARTITION BY LIST (tenant_id)', month_table);
        PERFORM billing.charge_table_guard(month_table);
        EXECUTE format('ALTER TABLE billing.charge_line ATTACH PARTITION billing.%I
            FOR VALUES IN (%L)', month_table, month);
    END IF;
    IF to_regclass(format('billing.%I', leaf_table)) IS NULL THEN
        EXECUTE format('CREATE TABLE billing.%I (LIKE billing.charge_line INCLUDING ALL)',
            leaf_table);
        PERFORM billing.charge_table_guard(leaf_table);
        EXECUTE format('ALTER TABLE billing.%I ATTACH PARTITION billing.%I
            FOR VALUES IN (%L)', month_table, leaf_table, tenant);
    END IF;
END
$$;

SELECT charge_table_guard('charge_line');
SELECT charge_table_guard('line_credit');

REVOKE ALL ON FUNCTION charge_table_guard(text) FROM PUBLIC;
REVOKE ALL ON FUNCTION charge_month_open(text, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION charge_month_open(text, date) TO hjm_billing;
GRANT SELECT, INSERT ON charge_line, line_credit TO hjm_billing;
