-- Two references that each fee and each access paid for twice, with a look-up and a lock on the row
-- referred to. Who adds to a log holds the account's standing, which refers to the account; a batch
-- and its accesses are added by one statement. Nothing referred to is ever removed.
ALTER TABLE account_event DROP CONSTRAINT account_event_tenant_id_account_id_fkey;
ALTER TABLE access_entry DROP CONSTRAINT access_entry_tenant_id_chain_id_number_fkey;
