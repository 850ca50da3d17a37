#!/bin/sh
# Makes the committed .sqlx cache anew: every checked statement, described by a real server.
#
#     tools/sqlx-cache.sh            writes .sqlx
#     tools/sqlx-cache.sh --check    compares with .sqlx; names what differs and ends with 1
set -eu
cd "$(dirname "$0")/.."

case "${1-}" in
'' | --check) ;;
*) sed -n '2,5p' "$0" >&2; exit 2 ;;
esac

# Always on a server of its own: a developer's DATABASE_URL may point anywhere.
if [ -z "${HJM_SQLX_CACHE_INSIDE-}" ]; then
    cargo build --quiet --workspace --bin with-server
    HJM_SQLX_CACHE_INSIDE=1 exec "${CARGO_TARGET_DIR:-target}/debug/with-server" \
        --no-fsync --bootstrap -- "$0" "$@"
fi
unset HJM_SQLX_CACHE_INSIDE

# apply SCHEMA ROLE FILES...: in one transaction, as ROLE, unqualified names in SCHEMA.
apply() {
    schema=$1 role=$2
    shift 2
    {
        printf 'BEGIN;\nSET LOCAL ROLE %s;\nSET LOCAL search_path = %s;\n' "$role" "$schema"
        cat "$@"
        printf ';\nCOMMIT;\n'
    } | psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 "$DATABASE_URL"
}

# The platform libraries' own SQL is checked in a schema that no service has.
psql --no-psqlrc --quiet --command 'CREATE SCHEMA kit' "$DATABASE_URL"
apply kit hjm libs/platform/feed/sql/kit.sql \
    $(find libs/platform/feed/sql -name '*.sql' ! -name kit.sql | LC_ALL=C sort)
for service in catalogue prescription billing free-card; do
    schema=$(printf %s "$service" | tr - _)
    for migration in services/"$service"/migrations/*.sql; do
        apply "$schema" "hjm_${schema}_owner" "$migration"
    done
done

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
touch services/*/src/lib.rs libs/platform/service/src/lib.rs libs/platform/feed/src/lib.rs
SQLX_OFFLINE=false SQLX_OFFLINE_DIR=$fresh cargo check --workspace --all-targets

if [ "${1-}" = --check ]; then
    mkdir -p .sqlx
    if different=$(diff --recursive --brief .sqlx "$fresh"); then exit 0; fi
    printf '%s\n' "$different" | sed "s#$fresh#the cache made anew#" >&2
    echo '.sqlx is not what the code and the migrations say: run `make sqlx`' >&2
    exit 1
fi
rm -rf .sqlx
mkdir .sqlx
find "$fresh" -name '*.json' -exec cp {} .sqlx/ \;
