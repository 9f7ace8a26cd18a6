"""Identity rules: one document says which identities link whom, how many, and which values name nobody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final, Literal

import jsonschema_rs
import msgspec

from contracts import identity
from services.customer.domain import contact, refusing

#: Longest value that is compared, and most memory a compiled pattern may take (bytes).
MAX_VALUE, PATTERN_BYTES = 600, 200_000

Teller = Literal["browser", "server"]


class BadRules(ValueError):
    """A document that cannot be used; `pointer` says where (RFC 6901)."""

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(message)
        self.pointer = pointer


class Kind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rules of one kind of identity.

    `unique`: two customers that both have one are not merged automatically. `limit`: how many of the kind automatic links give a
    customer, None without limit. `linked_by`: whose word ties this kind to another. `refused`, `patterns`: values that name nobody.
    """

    kind: str
    unique: bool = False
    limit: int | None = None
    linked_by: tuple[Teller, ...] = ("server",)
    refused: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()


class SharedDevice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An anonymous id that more than `users` user ids were seen with within `days` links no more."""

    users: int
    days: int


class Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rules as they are stored and shown; `kinds` from the strongest to the weakest."""

    kinds: tuple[Kind, ...]
    refused: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    max_merged_by_one_event: int = 3
    max_family: int = 200
    shared_device: SharedDevice | None = None


DEFAULT: Final = Document(
    kinds=(
        Kind("user", unique=True, linked_by=("browser", "server")),
        Kind("ext"),
        Kind("email", limit=10, patterns=refusing.PATTERNS["email"]),
        Kind("phone", limit=5, patterns=refusing.PATTERNS["phone"]),
        Kind("account"),
        Kind("anon", limit=500, linked_by=("browser", "server"), patterns=refusing.PATTERNS["anon"]),
    ),
    refused=refusing.VALUES,
    shared_device=SharedDevice(users=5, days=30),
)


class Rules:
    """A document made ready for use. Raises BadRules."""

    def __init__(self, document: Document, *, version: int = 0) -> None:
        self.document = document
        self.version = version
        self.max_merged_by_one_event = document.max_merged_by_one_event
        self.max_family = document.max_family
        self.shared_device = document.shared_device
        self.unique = tuple(each.kind for each in document.kinds if each.unique)
        self._kinds = {each.kind: each for each in document.kinds}
        self._rank = {each.kind: place for place, each in enumerate(document.kinds)}
        _check(document)
        everywhere = _folded(document.refused)
        self._values = {each.kind: everywhere | _folded(each.refused) for each in document.kinds}
        self._patterns = {
            each.kind: compiled(each.patterns + document.patterns, pointer=f"/kinds/{place}/patterns") for place, each in enumerate(document.kinds)
        }

    def refuses(self, kind: str, value: str) -> bool:
        """Whether a value says "there is none" instead of naming somebody; whole values are compared, folded."""
        values, patterns = self._values.get(kind), self._patterns.get(kind)
        folded = contact.folded(value)
        if not folded or values is None or folded in values:
            return True
        return patterns is not None and patterns.is_valid(folded[:MAX_VALUE])

    def rank(self, kind: str) -> int:
        """0 for the strongest kind."""
        return self._rank.get(kind, len(self._rank))

    def limit(self, kind: str) -> int | None:
        """How many of a kind automatic links give one customer."""
        rule = self._kinds.get(kind)
        return 0 if rule is None else rule.limit

    def may_link(self, first: str, second: str, *, server: bool, alias: bool) -> bool:
        """Whether the teller may tie two kinds.

        A browser's key is public, so by default it only says which anonymous visitor became which user. Two of a unique kind, such as
        user ids, are tied by an alias of a server alone.
        """
        if first == second and (first in self.unique or not server) and not alias:
            return False
        teller = "server" if server else "browser"
        return all(kind in self._kinds and teller in self._kinds[kind].linked_by for kind in (first, second))

    @property
    def window(self) -> timedelta:
        """How long a device remembers whom it was seen with."""
        return timedelta(days=self.shared_device.days if self.shared_device else 0)


def read(document: Any) -> Document:
    """A document from JSON; kinds that it does not name have the built-in rules and are the weakest. Raises BadRules."""
    try:
        made = msgspec.convert(document, Document)
        missing = {each.kind for each in DEFAULT.kinds} - {each.kind for each in made.kinds}
        return msgspec.structs.replace(made, kinds=(*made.kinds, *(each for each in DEFAULT.kinds if each.kind in missing)))
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$")
        raise BadRules(path.rstrip("`").replace(".", "/").replace("[", "/").replace("]", ""), message) from None


def compiled(patterns: Sequence[str], *, pointer: str) -> jsonschema_rs.Validator | None:
    """One check for all patterns, each for whole values, by an engine whose time is linear in the value. Raises BadRules."""
    if not patterns:
        return None
    for place, pattern in enumerate(patterns):
        _one(f"^(?:{pattern})$", f"{pointer}/{place}")
    return _one("^(?:" + "|".join(f"(?:{pattern})" for pattern in patterns) + ")$", pointer)


def _one(pattern: str, pointer: str) -> jsonschema_rs.Validator:
    try:
        return jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=jsonschema_rs.RegexOptions(size_limit=PATTERN_BYTES))
    except (jsonschema_rs.ValidationError, ValueError):
        raise BadRules(
            pointer, "This is no usable pattern: regular expressions without look-around and back references, of bounded size, are taken."
        ) from None


def _folded(values: Sequence[str]) -> frozenset[str]:
    return frozenset(contact.folded(value) for value in values)


def _check(document: Document) -> None:
    kinds = [each.kind for each in document.kinds]
    if len(set(kinds)) < len(kinds) or not set(kinds) <= set(identity.KINDS):
        raise BadRules("/kinds", f"Kinds are named once each, the strongest first: {', '.join(identity.KINDS)}.")
    for place, each in enumerate(document.kinds):
        if any(contact.folded(value) == "" for value in each.refused):
            raise BadRules(f"/kinds/{place}/refused", "An empty value is refused anyway.")


STANDARD: Final = Rules(DEFAULT)
