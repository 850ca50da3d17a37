-- People: opaque ids, sealed identity numbers, keyed digests to find them by, and dated facts.
CREATE TABLE recipient (
    tenant_id    text NOT NULL,
    recipient_id uuid NOT NULL,
    born_on      date NOT NULL,
    died_on      date CHECK (died_on >= born_on),
    PRIMARY KEY (tenant_id, recipient_id)
);

-- The number itself, under a key that is not in the database. Only ever written here.
CREATE TABLE identity_sealed (
    tenant_id    text  NOT NULL,
    recipient_id uuid  NOT NULL,
    key_id       text  NOT NULL,
    nonce        bytea NOT NULL CHECK (length(nonce) = 12),
    ciphertext   bytea NOT NULL,
    PRIMARY KEY (tenant_id, recipient_id, key_id),
    FOREIGN KEY (tenant_id, recipient_id) REFERENCES recipient
);

CREATE TABLE identity_alias (
    tenant_id    text  NOT NULL,
    key_id       text  NOT NULL,
    digest       bytea NOT NULL CHECK (length(digest) = 32),
    recipient_id uuid  NOT NULL,
    PRIMARY KEY (tenant_id, key_id, digest),
    FOREIGN KEY (tenant_id, recipient_id) REFERENCES recipient
);

CREATE TABLE recipient_facts (
    tenant_id              text    NOT NULL,
    recipient_id           uuid    NOT NULL,
    valid_from             date    NOT NULL,
    valid_to               date    CHECK (valid_to > valid_from),
    home_care_principal_id text,
    asylum_seeker          boolean NOT NULL,
    PRIMARY KEY (tenant_id, recipient_id, valid_from),
    FOREIGN KEY (tenant_id, recipient_id) REFERENCES recipient,
    FOREIGN KEY (tenant_id, home_care_principal_id) REFERENCES principal,
    CONSTRAINT recipient_facts_no_overlap EXCLUDE USING gist (
        tenant_id WITH =, recipient_id WITH =, daterange(valid_from, valid_to) WITH &&)
);

ALTER TABLE recipient ENABLE ROW LEVEL SECURITY;
ALTER TABLE recipient FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON recipient
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

ALTER TABLE identity_sealed ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity_sealed FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON identity_sealed
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

ALTER TABLE identity_alias ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity_alias FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON identity_alias
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

ALTER TABLE recipient_facts ENABLE ROW LEVEL SECURITY;
ALTER TABLE recipient_facts FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON recipient_facts
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

GRANT SELECT, INSERT ON recipient, identity_alias, recipient_facts TO hjm_prescription;
GRANT UPDATE (died_on) ON recipient TO hjm_prescription;
GRANT UPDATE (valid_to) ON recipient_facts TO hjm_prescription;
GRANT INSERT ON identity_sealed TO hjm_prescription;
