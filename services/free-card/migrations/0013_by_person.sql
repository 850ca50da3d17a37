-- What each fee and each question looks for is found in one look each: where an account stands by
-- its person and scheme, and whether anything else is known of the person.

ALTER TABLE standing ADD COLUMN scheme_id text, ADD COLUMN subject_id uuid;

-- Persons who have decided something, died, or share or shared: most have done none of it.
CREATE TABLE known_subject (
    tenant_id  text NOT NULL,
    subject_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, subject_id)
);

-- What there is already. The owner sees rows while nothing is forced.
ALTER TABLE account NO FORCE ROW LEVEL SECURITY;
ALTER TABLE standing NO FORCE ROW LEVEL SECURITY;
ALTER TABLE subject_event NO FORCE ROW LEVEL SECURITY;
ALTER TABLE link_event NO FORCE ROW LEVEL SECURITY;
ALTER TABLE pool_event NO FORCE ROW LEVEL SECURITY;
UPDATE standing s SET scheme_id = a.scheme_id, subject_id = a.subject_id
  FROM account a WHERE (a.tenant_id, a.account_id) = (s.tenant_id, s.account_id);
INSERT INTO known_subject
SELECT tenant_id, subject_id FROM subject_event
UNION SELECT tenant_id, one_id FROM link_event
UNION SELECT tenant_id, other_id FROM link_event
UNION SELECT tenant_id, subject_id FROM pool_event;
ALTER TABLE account FORCE ROW LEVEL SECURITY;
ALTER TABLE standing FORCE ROW LEVEL SECURITY;
ALTER TABLE subject_event FORCE ROW LEVEL SECURITY;
ALTER TABLE link_event FORCE ROW LEVEL SECURITY;
ALTER TABLE pool_event FORCE ROW LEVEL SECURITY;

ALTER TABLE standing ALTER COLUMN scheme_id SET NOT NULL, ALTER COLUMN subject_id SET NOT NULL;
CREATE UNIQUE INDEX standing_of_person ON standing (tenant_id, scheme_id, subject_id);

CREATE TRIGGER known_subject_only_added BEFORE UPDATE OR DELETE OR TRUNCATE ON known_subject
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE known_subject ENABLE ROW LEVEL SECURITY;
ALTER TABLE known_subject FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON known_subject
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

GRANT SELECT, INSERT ON known_subject TO hjm_free_card;
