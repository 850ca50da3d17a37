-- Roles and schemas that every database of the suite starts from.
--
-- Run as superuser in the database that the services will use, as often as you like:
--     psql --single-transaction --set ON_ERROR_STOP=1 --file bootstrap.sql "$DATABASE_URL"
-- A deployment may give each context a database of its own: the other three schemas stay empty.
--
-- For each context: `hjm_<context>_owner` owns the schema and runs its migrations, and cannot log
-- in; `hjm_<context>` serves, owns nothing and is bound by row-level security. What the serving
-- role may do with a table is granted by the migration that makes the table.

-- One bootstrap at a time in this database. Roles belong to the whole cluster, where no advisory
-- lock reaches, so they are made with care for another database doing the same just now.
SELECT pg_advisory_xact_lock(hashtextextended('hjm bootstrap', 0));

SET LOCAL client_min_messages = warning;

DO $bootstrap$
DECLARE
    context text;
    owner_role text;
    serving_role text;
    role_name text;
BEGIN
    FOREACH context IN ARRAY ARRAY['catalogue', 'prescription', 'billing', 'free_card'] LOOP
        owner_role := format('hjm_%s_owner', context);
        serving_role := format('hjm_%s', context);

        -- No role setting or password is touched where the role exists: those are the
        -- administrator's.
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = owner_role) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS', owner_role);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL; -- another database's bootstrap was quicker
            END;
        END IF;
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = serving_role) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOBYPASSRLS', serving_role);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;

        -- For a login only: SET ROLE does not apply it, so URLs say the search path as well.
        FOREACH role_name IN ARRAY ARRAY[owner_role, serving_role] LOOP
            IF NOT EXISTS (
                SELECT FROM pg_db_role_setting AS setting
                JOIN pg_roles AS role ON role.oid = setting.setrole
                WHERE role.rolname = role_name
                  AND setting.setdatabase = 0
                  AND EXISTS (
                      SELECT FROM unnest(setting.setconfig) AS line
                      WHERE line LIKE 'search\_path=%'
                  )
            ) THEN
                BEGIN
                    EXECUTE format('ALTER ROLE %I SET search_path = %I', role_name, context);
                EXCEPTION WHEN unique_violation THEN
                    NULL;
                END;
            END IF;
        END LOOP;

        EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I AUTHORIZATION %I', context, owner_role);
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', context, serving_role);
        -- The migrator asks for its schema with IF NOT EXISTS, which needs this even where it does.
        EXECUTE format('GRANT CREATE ON DATABASE %I TO %I', current_database(), owner_role);
    END LOOP;
END
$bootstrap$;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- Equality beside ranges in exclusion constraints.
CREATE EXTENSION IF NOT EXISTS btree_gist SCHEMA public;

-- Equality beside words in full-text indexes.
CREATE EXTENSION IF NOT EXISTS btree_gin SCHEMA public;

-- A table under row-level security is searched by an index only with operators that are leakproof:
-- with any other one every row of the tenant is read. Matching words against a row, or one list
-- against another, tells nothing of it but its result, and no row's content makes it fail, so it is
-- safe to say so.
ALTER FUNCTION pg_catalog.ts_match_vq(tsvector, tsquery) LEAKPROOF;
ALTER FUNCTION pg_catalog.arrayoverlap(anyarray, anyarray) LEAKPROOF;
