#!/bin/sh
# Makes .venv with exactly tests/python/requirements.txt in it; does nothing where it is so already.
set -eu
cd "$(dirname "$0")/.."

wanted=tests/python/requirements.txt
installed=.venv/requirements.txt

say() { printf '%s\n' "$*" >&2; exit 1; }

if cmp -s "$wanted" "$installed" && .venv/bin/python -c '' 2>/dev/null; then exit 0; fi

command -v python3 >/dev/null 2>&1 ||
    say 'Python is not installed: run `apt-get install python3-venv`'
if ! python3 -c 'import ensurepip, venv' 2>/dev/null; then
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >&2
    else
        say 'this Python makes no virtual environments: run `apt-get install python3-venv`'
    fi
fi
rm -rf .venv
python3 -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r "$wanted" ||
    say "the packages of $wanted could not be installed: is there a way to a package index?"
cp "$wanted" "$installed"
