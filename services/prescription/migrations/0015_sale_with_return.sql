-- What is sold and must come back: charged as a sale, lent as a marked unit.
ALTER TABLE prescription_line
    DROP CONSTRAINT prescription_line_charge_form_check,
    DROP CONSTRAINT prescription_line_check,
    ADD CONSTRAINT prescription_line_charge_form_check
        CHECK (charge_form IN ('RENTAL', 'SALE', 'SALE_WITH_RETURN')),
    ADD CONSTRAINT prescription_line_sale_check
        CHECK ((sale IS NOT NULL) = (charge_form <> 'RENTAL'));

ALTER TABLE loan
    DROP CONSTRAINT loan_charge_form_check,
    DROP CONSTRAINT loan_check,
    ADD CONSTRAINT loan_charge_form_check
        CHECK (charge_form IN ('RENTAL', 'SALE', 'SALE_WITH_RETURN')),
    ADD CONSTRAINT loan_unit_check
        CHECK ((unit_number IS NOT NULL) = (charge_form <> 'SALE'));
