-- More dated facts of a person that say who pays; what is not known is absent.
ALTER TABLE recipient_facts
    ADD COLUMN housing text CHECK (housing IN ('ORDINARY', 'SPECIAL')),
    ADD COLUMN in_habilitation boolean,
    ADD COLUMN lss_rehabilitation boolean;
