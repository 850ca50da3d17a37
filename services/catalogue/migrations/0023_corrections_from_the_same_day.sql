-- A correction may begin on the same day as what it corrects, or before a version that is planned:
-- versions come in order of their numbers.
ALTER TABLE policy_activation
    DROP CONSTRAINT policy_activation_tenant_id_policy_id_active_from_key;
