-- What lists look for, now that they are planned for the conditions given: the accounts of a person
-- in whatever scheme, and what one principal charged too little, page by page.
CREATE INDEX account_of_person ON account (tenant_id, subject_id);
CREATE INDEX undercharge_of_principal ON undercharge (tenant_id, principal_id, fee_id);
