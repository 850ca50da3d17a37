"""Policy documents against their JSON Schema, as an editor checks them.

    python check_policies.py SCHEMA FILE...

Prints a line for each document: `right`, or the first place that is not.
"""

import datetime
import json
import sys
import tomllib

from jsonschema import Draft202012Validator, FormatChecker


def as_json(value):
    """A TOML value in JSON's kinds: a day is a text there."""
    if isinstance(value, dict):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_json(item) for item in value]
    if isinstance(value, datetime.date):
        return value.isoformat()
    return value


def main(schema_file, *files):
    with open(schema_file, encoding="utf-8") as file:
        schema = json.load(file)
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema, format_checker=FormatChecker())
    for name in files:
        with open(name, "rb") as file:
            document = as_json(tomllib.load(file))
        faults = sorted(validator.iter_errors(document), key=lambda fault: fault.json_path)
        print("right" if not faults else f"{faults[0].json_path}: {faults[0].message}")


main(*sys.argv[1:])
