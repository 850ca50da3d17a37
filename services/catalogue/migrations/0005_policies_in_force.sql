-- The policies in force, under the name by which those who follow the catalogue keep them: the
-- catalogue decides for others with what the platform reads there.
CREATE VIEW followed_policy WITH (security_invoker = true) AS
    SELECT p.tenant_id, p.policy_id, p.version, p.hash, a.active_from, p.text
      FROM policy p JOIN policy_activation a USING (tenant_id, policy_id, version);

GRANT SELECT ON followed_policy TO hjm_catalogue;
