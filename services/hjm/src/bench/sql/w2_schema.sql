-- What PostgreSQL alone can do, without rules, history, feed or access log: one row a person with
-- the open period, one row a fee, one function that registers a fee in one round trip.
CREATE SCHEMA w2;
CREATE SCHEMA w3;
SET search_path = w2;
CREATE TABLE acc (
    person_id   text   PRIMARY KEY,
    valid_from  date   NOT NULL,
    valid_to    date   NOT NULL,
    sum_ore     bigint NOT NULL,
    ceiling_ore bigint NOT NULL,
    card_from   date
) WITH (fillfactor = 80);
CREATE TABLE fee (
    idem_key      uuid        PRIMARY KEY,
    person_id     text        NOT NULL,
    visit_on      date        NOT NULL,
    amount_ore    bigint      NOT NULL,
    charged_ore   bigint      NOT NULL,
    sum_after_ore bigint      NOT NULL,
    at            timestamptz NOT NULL
);
INSERT INTO acc
SELECT '1900' || lpad(g::text, 8, '0'), date '2026-01-01', date '2026-12-31', 0, 140000, NULL
  FROM generate_series(1, :persons) g;
-- The row's lock makes a person's fees come one after another; the same key gets the same answer.
CREATE FUNCTION register_fee(k uuid, p text, d date, a bigint)
RETURNS TABLE (charged bigint, sum_after bigint, replay boolean) LANGUAGE plpgsql AS $$
DECLARE
    r w2.acc;
    f w2.fee;
BEGIN
    SELECT * INTO r FROM w2.acc WHERE person_id = p FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO w2.acc VALUES (p, d, (d + interval '12 months')::date - 1, 0, 140000, NULL)
            ON CONFLICT DO NOTHING;
        SELECT * INTO r FROM w2.acc WHERE person_id = p FOR UPDATE;
    END IF;
    IF d > r.valid_to THEN
        r.valid_from := d;
        r.valid_to := (d + interval '12 months')::date - 1;
        r.sum_ore := 0;
        r.card_from := NULL;
    END IF;
    charged := greatest(0, least(a, r.ceiling_ore - r.sum_ore));
    sum_after := r.sum_ore + charged;
    INSERT INTO w2.fee (idem_key, person_id, visit_on, amount_ore, charged_ore, sum_after_ore, at)
    VALUES (k, p, d, a, charged, sum_after, '2026-01-01') ON CONFLICT (idem_key) DO NOTHING;
    IF NOT FOUND THEN
        SELECT * INTO f FROM w2.fee WHERE idem_key = k;
        IF f.person_id <> p OR f.visit_on <> d OR f.amount_ore <> a THEN
            RAISE EXCEPTION 'idempotency key reused' USING ERRCODE = 'unique_violation';
        END IF;
        charged := f.charged_ore;
        sum_after := f.sum_after_ore;
        replay := true;
        RETURN NEXT;
        RETURN;
    END IF;
    UPDATE w2.acc
       SET sum_ore = sum_after, valid_from = r.valid_from, valid_to = r.valid_to,
           card_from = CASE WHEN sum_after >= r.ceiling_ore THEN coalesce(r.card_from, d) END
     WHERE person_id = p;
    replay := false;
    RETURN NEXT;
END
$$;
CREATE TABLE w3.free_card (
    person_id       text   PRIMARY KEY,
    valid_from      date   NOT NULL,
    valid_to        date   NOT NULL,
    accumulated_ore bigint NOT NULL,
    ceiling_ore     bigint NOT NULL
);
INSERT INTO w3.free_card
SELECT person_id, date '2026-01-01', date '2026-12-31', 140000, 140000 FROM acc;
