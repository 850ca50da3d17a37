-- The municipality a person is registered in, one more dated fact: fee tables and payers turn on it.
ALTER TABLE recipient_facts
    ADD COLUMN registered_in_principal_id text,
    ADD FOREIGN KEY (tenant_id, registered_in_principal_id) REFERENCES principal;
