-- What is sold and must come back is charged as a sale.
ALTER TABLE loan_version
    DROP CONSTRAINT loan_version_charge_form_check,
    ADD CONSTRAINT loan_version_charge_form_check
        CHECK (charge_form IN ('RENTAL', 'SALE', 'SALE_WITH_RETURN'));
