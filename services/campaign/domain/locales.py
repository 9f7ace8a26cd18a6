"""In which language a recipient is addressed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence


def choose_locale(
    available: Collection[str], *, language: str | None, fallback: Sequence[str], orders: Mapping[str, Sequence[str]] | None = None
) -> str:
    """The recipient's language, else its base (`fa-IR` -> `fa`), else the first of that language's own order, else of the template's order.

    `orders`: which languages stand in for one, by its lower-case name (`{"ckb": ["fa", "ar"]}`).

    Raises ValueError when `available` is empty.
    """
    wanted = (language or "").replace("_", "-").lower()
    base, own = wanted.partition("-")[0], orders or {}
    order = [wanted, base, *own.get(wanted, own.get(base, ())), *fallback]
    by_folded = {locale.lower(): locale for locale in available}
    for candidate in order:
        if candidate.lower() in by_folded:
            return by_folded[candidate.lower()]
    if not available:
        raise ValueError("a template has at least one locale")
    return min(available)
