"""Which fields a role does not see: hidden in every answer of every service, by one rule, before it leaves the service.

Hidden can be `contact` (how a person is reached), `cards` (tokens and traces of payment cards and accounts), `sensitive` (what was marked so)
and `trait:NAME` (any field of that name). Texts become `[hidden]`, lists and objects empty, everything else null. What is not JSON (files,
streams) cannot be looked through and is refused as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

CONTACT, CARDS, SENSITIVE, TRAIT = "contact", "cards", "sensitive", "trait:"
CATEGORIES: Final = (CONTACT, CARDS, SENSITIVE)
MASK: Final = "[hidden]"

_NAMES: Final = {
    CONTACT: re.compile(
        r"(^|_)(e?mails?|mail_address|phones?|mobile|telephone|fax|street|address(es)?|address_line\d?|postal_code|post_code|zip|ip|recipient|whatsapp|telegram)($|_)"
    ),
    CARDS: re.compile(r"(^|_)(cards?|pan|iban|account_number|payment_tokens?|payment_methods?|bank_account)($|_)"),
}
#: Names that only sound like it: counts, states and choices, and our own ids.
_HARMLESS: Final = re.compile(r"(_(count|id|ids|state|status|verified|opened|sent|enabled|template|type|at|policy|hash)$)|^(email_template|discard|address_hash|ip_policy)$")
_TEXTS: Final = {
    CONTACT: re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+|\+[0-9][0-9 ()\-]{6,20}|(email|phone|mobile|ip):.+", re.IGNORECASE | re.DOTALL),
    CARDS: re.compile(r"\[card ….*\]", re.DOTALL),
}
#: The kind of an identity or address -> its value beside it is contact data.
_KINDS: Final = frozenset({"email", "phone", "mobile", "sms", "whatsapp", "address", "ip"})
_VALUES: Final = frozenset({"value", "key", "shown", "text", "address", "raw"})


def known(names: Iterable[str]) -> list[str]:
    """Those of the names that hide nothing."""
    return [name for name in names if name not in CATEGORIES and not (name.startswith(TRAIT) and len(name) > len(TRAIT))]


def hidden(value: Any, hides: frozenset[str]) -> Any:
    """The value as somebody sees it who does not see `hides`."""
    if isinstance(value, dict):
        if SENSITIVE in hides and value.get("sensitive") is True:
            value = {name: _masked(held) if isinstance(held, dict) else held for name, held in value.items()}
        contact = CONTACT in hides and any(value.get(name) in _KINDS for name in ("kind", "type", "channel") if isinstance(value.get(name), str))
        return {
            name: _masked(held) if _is_hidden(name, hides) or (contact and name in _VALUES) else hidden(held, hides) for name, held in value.items()
        }
    if isinstance(value, list):
        return [hidden(one, hides) for one in value]
    if isinstance(value, str) and any(category in hides and pattern.fullmatch(value) for category, pattern in _TEXTS.items()):
        return MASK
    return value


def names_hidden(name: str, hides: frozenset[str]) -> bool:
    """Whether a field may not be asked for: who filters by what he cannot see, sees it."""
    return any(_is_hidden(part, hides) for part in re.split(r"[^A-Za-z0-9_]+", name) if part)


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return MASK
    return [] if isinstance(value, list) else {} if isinstance(value, dict) else None


@lru_cache(maxsize=8192)
def _is_hidden(name: str, hides: frozenset[str]) -> bool:
    if TRAIT + name in hides:
        return True
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").lower()
    if TRAIT + snake in hides:
        return True
    return any(category in hides and pattern.search(snake) for category, pattern in _NAMES.items()) and not _HARMLESS.search(snake)
