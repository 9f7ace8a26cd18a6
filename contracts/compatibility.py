"""Old schema x new schema -> breaches: what a major version of a fact may not do to its readers."""

from __future__ import annotations

from typing import Any


def breaches(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Every way in which `new` breaks a reader or an old record of `old`; empty when only optional fields were added."""
    return _compare("", _resolved(old, old), _resolved(new, new), old, new)


def _compare(path: str, old: dict[str, Any], new: dict[str, Any], old_root: dict[str, Any], new_root: dict[str, Any]) -> list[str]:
    found: list[str] = []
    if _kind(old) != _kind(new):
        found.append(f"{path or '/'}: type was {_kind(old)}, is {_kind(new)}")
        return found
    before, after = old.get("properties", {}), new.get("properties", {})
    found.extend(f"{path}/{name}: removed" for name in before if name not in after)
    found.extend(f"{path}/{name}: new and required" for name in new.get("required", []) if name not in before)
    found.extend(
        f"{path}/{name}: became required" for name in new.get("required", []) if name in before and name not in old.get("required", [])
    )
    for name in before:
        if name in after:
            found.extend(
                _compare(f"{path}/{name}", _resolved(before[name], old_root), _resolved(after[name], new_root), old_root, new_root)
            )
    if "items" in old and isinstance(old["items"], dict) and isinstance(new.get("items"), dict):
        found.extend(_compare(f"{path}[]", _resolved(old["items"], old_root), _resolved(new["items"], new_root), old_root, new_root))
    if set(old.get("enum", [])) - set(new.get("enum", old.get("enum", []))):
        found.append(f"{path}: values were taken out of the enumeration")
    return found


def _resolved(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref", "")
    if reference.startswith("#/$defs/"):
        found: dict[str, Any] = root["$defs"][reference.removeprefix("#/$defs/")]
        return found
    return schema


def _kind(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return "|".join(sorted(_kind(choice) for choice in schema["anyOf"]))
    return f"{schema.get('type', schema.get('$ref', 'any'))}{':' + schema['format'] if 'format' in schema else ''}"
