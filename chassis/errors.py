"""Refusals: how anything in the platform says no.

    Refusal
    ├── Invalid      the request cannot be understood or breaks a rule of its form      422
    ├── Forbidden    the caller may not do this                                          403
    ├── Unknown      there is no such thing, or the caller may not know of it            404
    ├── Conflict     it contradicts the present state                                    409
    ├── Outdated     it was asked for on a state that is no longer the present one        412
    ├── Gone         it was there and will not come back                                 410
    └── Unavailable  not now; says when to try again                                     503

Only `chassis/web.py` maps kinds to HTTP, only `chassis/reacting.py` to retry or dead letter.
"""

from __future__ import annotations

from typing import Any, ClassVar


class Refusal(Exception):
    """A no with a stable code, a public message that says what to do, and an internal detail that is only logged."""

    kind: ClassVar[str] = "refusal"

    def __init__(self, code: str, message: str, *, detail: str = "", **extra: Any) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.detail = detail
        self.extra = extra


class Invalid(Refusal):
    kind = "invalid"


class Forbidden(Refusal):
    kind = "forbidden"


class Unknown(Refusal):
    kind = "unknown"


class Conflict(Refusal):
    kind = "conflict"


class Outdated(Refusal):
    kind = "outdated"


class Gone(Refusal):
    kind = "gone"


class Unavailable(Refusal):
    kind = "unavailable"

    def __init__(self, code: str, message: str, *, detail: str = "", retry_after: int = 2, **extra: Any) -> None:
        super().__init__(code, message, detail=detail, **extra)
        self.retry_after = retry_after
