"""In which language a recipient is addressed."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def choose_locale(available: Collection[str], *, language: str | None, fallback: Sequence[str]) -> str:
    """The recipient's language, else its base (`fa-IR` -> `fa`), else the first of the fallback order there is.

    Raises ValueError when `available` is empty.
    """
    wanted = (language or "").replace("_", "-").lower()
    order = [wanted, wanted.partition("-")[0], *fallback]
    by_folded = {locale.lower(): locale for locale in available}
    for candidate in order:
        if candidate.lower() in by_folded:
            return by_folded[candidate.lower()]
    if not available:
        raise ValueError("a template has at least one locale")
    return min(available)
