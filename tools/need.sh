#!/bin/sh
# Checks that this machine can build and run the suite. Installs PostgreSQL where it may; anything
# else that is missing is named in one line.
set -eu

say() { printf '%s\n' "$*" >&2; exit 1; }

# Runs apt-get if this user may install packages.
install() {
    command -v apt-get >/dev/null 2>&1 || return 1
    if [ "$(id -u)" -eq 0 ]; then as_root=
    elif sudo -n true 2>/dev/null; then as_root='sudo -n'
    else return 1
    fi
    $as_root apt-get update -qq &&
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$1" >&2
}

have_postgres() {
    for folder in "$(pg_config --bindir 2>/dev/null)" /usr/lib/postgresql/*/bin \
        "$(dirname "$(command -v initdb || echo /none)")"; do
        if [ -x "$folder/initdb" ] && [ -x "$folder/pg_ctl" ] && [ -x "$folder/postgres" ]; then
            return 0
        fi
    done
    return 1
}

command -v cargo >/dev/null 2>&1 || say 'Rust is not installed: see https://rustup.rs'
command -v cc >/dev/null 2>&1 || install gcc ||
    say 'no C compiler to link with: run `apt-get install gcc`'
have_postgres || install postgresql ||
    say 'PostgreSQL is not installed: run `apt-get install postgresql`'
