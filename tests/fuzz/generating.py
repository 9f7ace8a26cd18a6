"""Requests that Schemathesis makes of the platform's own description: such as it promises to take, and such as it does not."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core import NotSet
from schemathesis.core.errors import SerializationNotPossible

from tests.fuzz.surface import METHODS, Asked, Operation, Pool


class Generator:
    """Cases of each operation; the same for the same description."""

    def __init__(self, document: dict[str, Any]) -> None:
        schema = schemathesis.openapi.from_dict(document)
        known: list[Any] = [found.ok() for found in schema.get_all_operations()]  # type: ignore[union-attr]  # an unreadable one ends the test
        self._made = {Operation(one.method.lower(), one.path): one for one in known if one.method.lower() in METHODS}

    def cases(self, operation: Operation, count: int, *, good: bool) -> list[Any]:
        """At most `count`; none where the description asks for a kind of body that cannot be made, or where nothing is wrong."""
        found: list[Any] = []
        mode = GenerationMode.POSITIVE if good else GenerationMode.NEGATIVE

        @settings(max_examples=count, derandomize=True, database=None, phases=[Phase.generate], deadline=None, suppress_health_check=list(HealthCheck))
        @given(self._made[operation].as_strategy(generation_mode=mode))
        def collect(case: Any) -> None:
            found.append(case)

        try:
            collect()
        except (SerializationNotPossible, Unsatisfiable):
            return found
        return found[:count]


def asked(operation: Operation, case: Any, pool: Pool, *, good: bool) -> Asked:
    """The request of a case, with what is known in place of made-up ids; a bad one keeps its own now and then."""
    own = {name: str(value) for name, value in (case.path_parameters or {}).items()}
    path = pool.path(operation, own)
    query = urlencode({name: value for name, value in (case.query or {}).items() if value is not None}, doseq=True, errors="replace")
    body, kind = case.body, case.media_type or "application/json"
    headers = tuple((str(name), str(value)) for name, value in (case.headers or {}).items() if _sendable(str(name), str(value)))
    raw = b""
    if not isinstance(body, NotSet):
        if isinstance(body, bytes):
            raw = body
        elif "json" in kind:
            raw = json.dumps(pool.body(body) if good else body, default=str).encode("utf-8", "replace")
        else:
            raw = str(body).encode("utf-8", "replace")
    return Asked(operation, f"{path}?{query}" if query else path, raw, kind, headers)


def _sendable(name: str, value: str) -> bool:
    try:
        (name + value).encode("latin-1")
    except UnicodeEncodeError:
        return False
    return name.lower() not in {"authorization", "content-type", "content-length"}
