-- What was decided for who asked from outside, by which versions, so that it can be run again. The
-- id follows from the question and the versions: asking again adds nothing.
CREATE TABLE decision (
    tenant_id   text        NOT NULL,
    decision_id uuid        NOT NULL,
    question    bytea       NOT NULL,
    answer      bytea       NOT NULL,
    policies    bytea       NOT NULL,
    decided_at  timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, decision_id)
);

CREATE TRIGGER decision_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON decision
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE decision ENABLE ROW LEVEL SECURITY;
ALTER TABLE decision FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON decision
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

GRANT SELECT, INSERT ON decision TO hjm_catalogue;
