"""Named parts of templates: `{% render "footer" %}` stands for the block of that name, in the template's language."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from services.campaign.domain import locales

_PLACE: Final = re.compile(r"""\{%-?\s*render\s+(?:"([a-z][a-z0-9_-]{0,63})"|'([a-z][a-z0-9_-]{0,63})')\s*-?%\}""")
_FEED: Final = re.compile(r"\bfeeds\.([a-z][a-z0-9_]{0,63})")
#: Blocks may hold blocks, to this depth.
DEEPEST: Final = 4
LONGEST: Final = 200_000


class BadBlock(ValueError):
    """A block that is not there, or blocks that hold each other; `name` says which."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(problem)
        self.name = name


def names(source: str) -> list[str]:
    """The blocks a source holds, each once."""
    return list(dict.fromkeys(match.group(1) or match.group(2) for match in _PLACE.finditer(source)))


def feeds(sources: Sequence[str]) -> list[str]:
    """The product feeds that sources show, each once."""
    return list(dict.fromkeys(name for source in sources for name in _FEED.findall(source)))


def expand(source: str, *, blocks: Mapping[str, Mapping[str, str]], locale: str, fallback: Sequence[str], depth: int = 0) -> str:
    """The source with its blocks filled in. `blocks`: name -> locale -> source. Raises BadBlock."""

    def fill(match: re.Match[str]) -> str:
        name = match.group(1) or match.group(2)
        found = blocks.get(name)
        if not found:
            raise BadBlock(name, f"there is no block {name}")
        if depth >= DEEPEST:
            raise BadBlock(name, f"blocks are nested deeper than {DEEPEST}, or hold each other")
        chosen = found[locales.choose_locale(found, language=locale, fallback=fallback)]
        return expand(chosen, blocks=blocks, locale=locale, fallback=fallback, depth=depth + 1)

    filled = _PLACE.sub(fill, source)
    if len(filled) > LONGEST:
        raise BadBlock("", f"with its blocks the template is longer than {LONGEST} characters")
    return filled


def reachable(sources: Sequence[str], blocks: Mapping[str, Mapping[str, str]]) -> list[str]:
    """All blocks that sources hold, directly or within others."""
    found: dict[str, None] = {}
    waiting: list[Any] = [name for source in sources for name in names(source)]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = None
            waiting.extend(inner for source in blocks.get(name, {}).values() for inner in names(source))
    return sorted(found)
