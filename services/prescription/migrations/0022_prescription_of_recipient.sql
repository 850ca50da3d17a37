-- What a person was prescribed before is counted at every prescription.
CREATE INDEX prescription_of_recipient
    ON prescription (tenant_id, recipient_id, prescribed_on);
