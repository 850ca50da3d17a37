-- What catalogue tells that a bill needs: dated prices, and when each policy became known.
-- Every row keeps the event that told it, so that a month can be computed again as it was known.
CREATE TABLE price (
    tenant_id      text    NOT NULL,
    article_number text    NOT NULL,
    price          numeric NOT NULL CHECK (price >= 0),
    valid_from     date    NOT NULL,
    valid_to       date    CHECK (valid_to > valid_from),
    feed_sequence  bigint  NOT NULL CHECK (feed_sequence > 0),
    PRIMARY KEY (tenant_id, article_number, valid_from),
    CONSTRAINT price_no_overlap EXCLUDE USING gist (
        tenant_id WITH =, article_number WITH =, daterange(valid_from, valid_to) WITH &&)
);

CREATE TABLE policy_known (
    tenant_id     text   NOT NULL,
    policy_id     text   NOT NULL,
    version       bigint NOT NULL,
    feed_sequence bigint NOT NULL CHECK (feed_sequence > 0),
    PRIMARY KEY (tenant_id, policy_id, version),
    FOREIGN KEY (tenant_id, policy_id, version) REFERENCES followed_policy
);

CREATE TRIGGER policy_known_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON policy_known
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE price ENABLE ROW LEVEL SECURITY;
ALTER TABLE price FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON price
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

ALTER TABLE policy_known ENABLE ROW LEVEL SECURITY;
ALTER TABLE policy_known FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON policy_known
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

GRANT SELECT, INSERT ON price, policy_known TO hjm_billing;
GRANT UPDATE (valid_to) ON price TO hjm_billing;
GRANT SELECT, INSERT ON feed_event, idempotency, followed_policy TO hjm_billing;
GRANT SELECT, INSERT, UPDATE ON follower TO hjm_billing;
