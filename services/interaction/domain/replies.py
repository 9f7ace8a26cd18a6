"""Canned replies: Liquid over what is known of the customer and the case, within the limits of mail templates and narrower ones in time."""

from __future__ import annotations

from typing import Any, Final

from liquid.exceptions import LiquidError, ResourceLimitError

from chassis import liquid

LONGEST: Final = 8_000


class BadReply(ValueError):
    """Why a reply cannot be made, in words for its author; `limit`: it wants too much."""

    def __init__(self, message: str, *, limit: bool = False) -> None:
        super().__init__(message)
        self.limit = limit


def check(text: str) -> None:
    """Raises BadReply."""
    try:
        fault = liquid.fault_of(text)
    except liquid.TemplateLimit as error:
        raise BadReply(str(error), limit=True) from None
    if fault is not None:
        raise BadReply(fault)


def render(text: str, data: dict[str, Any]) -> str:
    """Plain text; what is not known is empty. Raises BadReply."""
    try:
        return str(liquid.environment(escape=False).from_string(text).render(**data))[:65_536]
    except ResourceLimitError as error:
        raise BadReply((str(error).strip().splitlines() or ["it needs too much"])[0][:300], limit=True) from None
    except (LiquidError, RecursionError, MemoryError) as error:
        raise BadReply((str(error).strip().splitlines() or [type(error).__name__])[0][:300]) from None
