-- Search: Swedish words, ISO codes and numbers, in the order of code and number. The collation of
-- the indexes is the order of bytes, so that a beginning is a range.
ALTER TABLE article_version ADD COLUMN search tsvector NOT NULL GENERATED ALWAYS AS (
    to_tsvector('pg_catalog.swedish', name || ' ' || series || ' ' || suppliers)) STORED;

CREATE INDEX article_version_words ON article_version USING gin (tenant_id, search);
CREATE INDEX article_version_by_code
    ON article_version (tenant_id, iso_code COLLATE "C", article_number COLLATE "C");
CREATE INDEX article_version_by_number
    ON article_version (tenant_id, article_number COLLATE "C");
