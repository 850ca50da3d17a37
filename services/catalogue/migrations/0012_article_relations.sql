-- What articles have to do with each other, dated: accessories, what can be used together, and the
-- chains of equivalent articles. Of what can be used together the lower number comes first, so that
-- it is said once.
CREATE TABLE article_relation (
    tenant_id      text NOT NULL,
    kind           text NOT NULL CHECK (kind IN ('ACCESSORY', 'COMPATIBLE', 'REPLACED_BY')),
    article_number text NOT NULL,
    other_number   text NOT NULL,
    valid_from     date NOT NULL,
    valid_to       date CHECK (valid_to > valid_from),
    end_reason     text NOT NULL CHECK ((end_reason <> '') = (valid_to IS NOT NULL)),
    PRIMARY KEY (tenant_id, kind, article_number, other_number, valid_from),
    FOREIGN KEY (tenant_id, article_number) REFERENCES article,
    FOREIGN KEY (tenant_id, other_number) REFERENCES article,
    CHECK (article_number <> other_number),
    CHECK (kind <> 'COMPATIBLE' OR article_number COLLATE "C" < other_number COLLATE "C"),
    CONSTRAINT article_relation_no_overlap EXCLUDE USING gist (
        tenant_id WITH =, kind WITH =, article_number WITH =, other_number WITH =,
        daterange(valid_from, valid_to) WITH &&),
    CONSTRAINT article_relation_one_successor EXCLUDE USING gist (
        tenant_id WITH =, article_number WITH =, daterange(valid_from, valid_to) WITH &&)
        WHERE (kind = 'REPLACED_BY')
);

CREATE INDEX article_relation_of_other ON article_relation (tenant_id, kind, other_number);

ALTER TABLE article_relation ENABLE ROW LEVEL SECURITY;
ALTER TABLE article_relation FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON article_relation
    USING (tenant_id = nullif(current_setting('hjm.tenant', true), ''));

GRANT SELECT, INSERT ON article_relation TO hjm_catalogue;
GRANT UPDATE (valid_to, end_reason) ON article_relation TO hjm_catalogue;
