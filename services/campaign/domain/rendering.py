"""Liquid over one recipient's data: subject, HTML and text of one mail."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

import msgspec
from liquid import BoundTemplate
from liquid.exceptions import LiquidError, ResourceLimitError, UndefinedError

from chassis import liquid as limits
from services.campaign.domain.compiling import Compiled

#: Why a mail cannot be rendered.
LIMIT: Final = "template_limit"
BROKEN: Final = "template_error"
_EMPTY_LINES: Final = re.compile(r"\n\s*\n\s*\n")


class Rendered(msgspec.Struct, frozen=True):
    """One mail's content; `problem` says why there is none, `detail` is for the template's author."""

    subject: str = ""
    html: str = ""
    text: str = ""
    problem: str | None = None
    detail: str = ""


def render(compiled: Compiled, data: dict[str, Any], *, strict: bool = False) -> Rendered:
    """Fill in one recipient's data. Never raises: a mail that cannot be made does not stop the others.

    `strict`: an undefined name is a problem instead of empty, for previews.
    """
    try:
        return Rendered(
            subject=_parsed(compiled.subject, escape=False, strict=strict).render(**data),
            html=_parsed(compiled.html, escape=True, strict=strict).render(**data),
            text=_EMPTY_LINES.sub("\n\n", _parsed(compiled.text, escape=False, strict=strict).render(**data)),
        )
    except ResourceLimitError as error:
        return Rendered(problem=LIMIT, detail=_words(error))
    except UndefinedError as error:
        return Rendered(problem=BROKEN, detail=_words(error))
    except LiquidError as error:
        return Rendered(problem=BROKEN, detail=_words(error))
    except (RecursionError, MemoryError):
        return Rendered(problem=LIMIT, detail="the template needs too much")


def parse(compiled: Compiled, *, strict: bool = False) -> None:
    """Parse ahead of rendering. A template that was compiled parses; should it not, its mails say so."""
    try:
        for source, escape in ((compiled.subject, False), (compiled.html, True), (compiled.text, False)):
            _parsed(source, escape=escape, strict=strict)
    except (LiquidError, RecursionError):
        return


def _words(error: LiquidError) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]


@lru_cache(maxsize=256)
def _parsed(source: str, *, escape: bool, strict: bool) -> BoundTemplate:
    """Parsed templates are kept: parsing costs more than rendering."""
    return limits.environment(escape=escape, strict=strict).from_string(source)
