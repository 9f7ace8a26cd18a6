"""Judges resources of operators by the schemas in operators/ the way a server does in its strict mode: a field that is not defined is a fault.

Not judged here: rules in CEL (`x-kubernetes-validations`), which only a server evaluates (`make dry-run`).
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import jsonschema

HERE = Path(__file__).resolve().parent / "operators"


def refused(each: dict[str, Any]) -> list[str]:
    """What its operator's definition would refuse in this object."""
    where = f"{each['kind']}/{each['metadata']['name']}"
    judge = _judges().get((each["apiVersion"], each["kind"]))
    if judge is None:
        return [f"{where}: no schema for {each['apiVersion']} in {HERE.name}/"]
    return [f"{where}: {'/'.join(str(part) for part in error.path)}: {error.message[:300]}" for error in judge.iter_errors(each)]


@functools.cache
def _judges() -> dict[tuple[str, str], jsonschema.Draft202012Validator]:
    found = {}
    for path in sorted(HERE.glob("*.json")):
        spec = json.loads(path.read_text(encoding="utf-8"))["spec"]
        for version in spec["versions"]:
            schema = strict(version["schema"]["openAPIV3Schema"])
            schema["properties"]["metadata"] = {"type": "object", "required": ["name"]}
            found[f"{spec['group']}/{version['name']}", spec["names"]["kind"]] = jsonschema.Draft202012Validator(schema)
    return found


def strict(schema: Any) -> Any:
    """A structural schema as JSON Schema: closed where fields are named, null where it is allowed."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: {name: strict(inner) for name, inner in value.items()} if key == "properties" else strict(value) for key, value in schema.items()}
    # Only the part that gives a type names fields; anyOf, oneOf and not below it speak of some of them.
    if "type" in schema and "properties" in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
        made.setdefault("additionalProperties", False)
    if schema.get("x-kubernetes-embedded-resource"):
        made.pop("additionalProperties", None)
    if schema.get("x-kubernetes-int-or-string"):
        made["type"] = ["integer", "string"]
    if schema.get("nullable") and "type" in made:
        made["type"] = [*([made["type"]] if isinstance(made["type"], str) else made["type"]), "null"]
        if "enum" in made:
            made["enum"] = [*made["enum"], None]
    return made
