"""What of an answer can be written back: as the platform's own description says it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from launcher.definitions.kinds import Body, Kind

#: Part of a request to protect a change, not of what is defined.
_PROTECTING = frozenset({"version"})


def writable(description: Mapping[str, Any], kind: Kind) -> frozenset[str]:
    """The fields that a definition of this kind consists of. Raises KeyError when this platform has no such kind."""
    path, method = (kind.path, "post") if kind.made_by == "POST" else (kind.path + "/{}", "put")
    if kind.key is None:
        path, method = kind.path, "put"
    for known, operations in description["paths"].items():
        if method in operations and _alike(known, path):
            found = _fields(description, operations[method])
            return (found | ({kind.key} if kind.key else set())) - _PROTECTING
    raise KeyError(path)


def changing(description: Mapping[str, Any], kind: Kind) -> frozenset[str]:
    """The fields that can be changed once it is there."""
    path = kind.path if kind.key is None else kind.path + "/{}"
    for known, operations in description["paths"].items():
        if "put" in operations and _alike(known, path):
            return _fields(description, operations["put"]) - _PROTECTING
    raise KeyError(path)


def cut(row: Body, fields: frozenset[str]) -> Body:
    """The definition in an answer."""
    return {name: row[name] for name in sorted(fields) if name in row}


def _alike(known: str, wanted: str) -> bool:
    parts, other = known.split("/"), wanted.split("/")
    return len(parts) == len(other) and all(
        a == b or (b == "{}" and a.startswith("{")) for a, b in zip(parts, other, strict=True)
    )


def _fields(description: Mapping[str, Any], operation: Mapping[str, Any]) -> frozenset[str]:
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    while "$ref" in schema:
        schema = description["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return frozenset(schema.get("properties", {}))
