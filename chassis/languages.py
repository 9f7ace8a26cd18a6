"""What languages a reader of a public page wants."""

from __future__ import annotations

from babel import Locale, UnknownLocaleError


def wanted(accept_language: str) -> list[str]:
    """Language codes of an Accept-Language header (RFC 9110, 12.5.4), the most wanted first; what is none is left out."""
    found: list[tuple[float, str]] = []
    for part in accept_language[:500].split(","):
        name, _, weight = part.strip().partition(";q=")
        try:
            found.append((-float(weight or 1), Locale.parse(name.strip(), sep="-").language))
        except (ValueError, UnknownLocaleError):
            continue
    return [name for _, name in sorted(found, key=lambda each: each[0])]
