"""One OpenAPI document for the whole platform: what each service says of itself, put together, and the collection routes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

TITLE: Final = "Peyvand"
INTRODUCTION: Final = (
    "Management calls need `Authorization: Bearer KEY` with an API key; every operation names its scopes' area by its tag. Collection "
    "routes take a source key. Problems are `application/problem+json` (RFC 9457), on collection routes the SDKs' own shape."
)

_SCHEMAS: Final = "#/components/schemas/"
_UNNAMEABLE: Final = re.compile(r"\W")
_EVENT: Final = {
    "type": "object",
    "properties": {
        "type": {"enum": ["identify", "track", "page", "screen", "group", "alias"]}, "userId": {"type": ["string", "null"]},
        "anonymousId": {"type": ["string", "null"]}, "messageId": {"type": "string"}, "event": {"type": "string"},
        "properties": {"type": "object"}, "traits": {"type": "object"}, "context": {"type": "object"},
        "timestamp": {"type": "string", "format": "date-time"}, "sentAt": {"type": "string", "format": "date-time"},
    },
}
_ACCEPTED: Final = {
    "type": "object",
    "properties": {
        "success": {"type": "boolean"}, "accepted": {"type": "integer"},
        "rejected": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "index": {"type": "integer"}, "message_id": {"type": ["string", "null"]}, "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}


def merged(parts: Mapping[str, Mapping[str, Any]], *, version: str, server: str) -> dict[str, Any]:
    """The document. Names of schemas get their service in front, so that two services may use one name."""
    paths: dict[str, Any] = _collection_paths()
    schemas: dict[str, Any] = {}
    named: set[str] = set()
    for service, part in parts.items():
        for path, item in part.get("paths", {}).items():
            for method, operation in _renamed(item, service).items():
                operation["operationId"] = _name(service, path, method, str(operation.get("operationId", method)), named)
                operation.setdefault("tags", [service])
                paths.setdefault(path, {})[method] = operation
        for name, schema in part.get("components", {}).get("schemas", {}).items():
            # clients are generated with the title as the name of the class, and two services may use one
            schemas[f"{service}.{name}"] = {**_renamed(schema, service), "title": f"{service.capitalize()}{name}"}
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": version, "description": INTRODUCTION},
        "servers": [{"url": server}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "api_key": {"type": "http", "scheme": "bearer", "description": "An API key."},
                "source_key": {"type": "http", "scheme": "basic", "description": "A source key as user name, no password."},
            },
        },
        "security": [{"api_key": []}],
    }


def _name(service: str, path: str, method: str, given: str, named: set[str]) -> str:
    """What generated clients call an operation: `customer_list_customers`; with its address where two of a service have one name."""
    short = f"{service}_{given.removesuffix(_UNNAMEABLE.sub('_', f'{path}_{method}'))}"
    name = f"{service}_{given}" if short in named else short
    named.add(name)
    return name


def _renamed(value: Any, service: str) -> Any:
    """A copy in which references, also those of discriminators, lead to the renamed schemas."""
    if isinstance(value, dict):
        return {name: _renamed(found, service) for name, found in value.items()}
    if isinstance(value, list):
        return [_renamed(found, service) for found in value]
    if isinstance(value, str) and value.startswith(_SCHEMAS):
        return f"{_SCHEMAS}{service}.{value.removeprefix(_SCHEMAS)}"
    return value


def _collection_paths() -> dict[str, Any]:
    single = {name: {"post": _collecting(f"Collect one {name} event", _EVENT)} for name in _EVENT["properties"]["type"]["enum"]}  # type: ignore[index]
    batch = {"type": "object", "required": ["batch"], "properties": {"batch": {"type": "array", "maxItems": 2500, "items": _EVENT}}}
    settings = _answered({"200": "What the SDK is to do", "404": "No such source"})
    cloudevents = _collecting("Collect CloudEvents: binary, structured or batched", {"type": ["object", "array"]})
    return {
        **{f"/v1/{name}": item for name, item in single.items()},
        "/v1/batch": {"post": _collecting("Collect up to 2,500 events; aliases /v1/b, /v1/import, /beacon/v1/batch", batch)},
        "/v1/events": {"post": cloudevents},
        "/v1/projects/{write_key}/settings": {
            "get": {
                "summary": "Settings of an SDK", "tags": ["collection"], "operationId": "collection_settings", "security": [],
                "parameters": [{"name": "write_key", "in": "path", "required": True, "schema": {"type": "string"}}], "responses": settings,
            }
        },
        "/sourceConfig": {
            "get": {
                "summary": "Configuration of an SDK", "tags": ["collection"], "operationId": "collection_source_config",
                "security": [{"source_key": []}], "responses": _answered({"200": "The source", "401": "Unknown key"}),
            }
        },
    }


def _collecting(summary: str, body: Mapping[str, Any]) -> dict[str, Any]:
    answers = {
        "400": "The request as a whole is unusable", "401": "Unknown key", "404": "Disabled source", "408": "Too slow", "413": "Too large",
        "415": "Unsupported encoding", "429": "Over the source's rate", "503": "Not confirmed: send it again",
    }
    accepted = {"description": "Everything accepted is durable", "content": {"application/json": {"schema": _ACCEPTED}}}
    return {
        "summary": summary, "tags": ["collection"], "operationId": "collection_" + summary.split(":", maxsplit=1)[0].split(";", maxsplit=1)[0].lower().replace(" ", "_"),
        "security": [{"source_key": []}], "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {"200": accepted, **_answered(answers)},
    }


def _answered(answers: Mapping[str, str]) -> dict[str, Any]:
    return {status: {"description": text} for status, text in answers.items()}
