"""What a source never collects: pages, events, categories and fields that are dropped before anything is written, and only counted."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable
from dataclasses import replace
from fnmatch import translate
from functools import lru_cache
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import msgspec

from contracts.gateway import CollectionRules, SourceSettings
from services.interaction.domain.collecting import disclosing
from services.interaction.domain.collecting.outcome import EventRefused, Outcome, Receipt
from services.interaction.domain.collecting.shared import Shared

#: Members of a message that the protocol itself needs; a rule for a bare name does not touch them.
PROTOCOL: Final = frozenset(
    "type action event name category userid user_id anonymousid anonymous_id groupid previousid properties traits context integrations messageid "
    "timestamp originaltimestamp sentat writekey channel id source specversion subject time data datacontenttype kind customer".split()
)
#: What the address of the page itself is called, in the properties, in `context.page` and in the data of a CloudEvent.
_OWN_PAGE: Final = ("path", "url", "page_url", "page_path")
_TIMES_DECODED: Final = 3
_NOTHING: Final = CollectionRules()

_encode = msgspec.json.Encoder().encode

Places = tuple[tuple[str, ...], ...]


class Rules:
    """The rules of one source, ready to be used."""

    def __init__(self, given: CollectionRules, listed: disclosing.Listed | None = None) -> None:
        self._listed = listed
        paths = [_without_scheme(pattern.casefold()) for pattern in given.paths]
        self._paths = _any_of(pattern for pattern in paths if pattern.startswith(("/", "*")))
        self._pages = _any_of(pattern for pattern in paths if not pattern.startswith(("/", "*")))
        self._looks_at_pages = bool(paths)
        self._events = _any_of(pattern.casefold() for pattern in given.events)
        self._categories = _any_of(pattern.casefold() for pattern in given.categories)
        fields = [tuple(part.casefold() for part in field.split(".")) for field in given.fields]
        self._anywhere = frozenset(field[0] for field in fields if len(field) == 1)
        self._places: Places = tuple(place for field in fields if len(field) > 1 for place in _aliases(field))
        self._drops_gpc = given.gpc == "drop"

    def strip_shared(self, parts: Shared, outcome: Outcome) -> Shared:
        """The batch's shared parts without the fields that are never collected."""
        if parts.code or not (parts.context or parts.integrations):
            return parts
        holder = {"context": parts.context, "integrations": parts.integrations}
        removed = self._strip(holder, self._places)
        undisclosed = self._listed.strip_context(parts.context) if self._listed is not None else 0
        if not removed and not undisclosed:
            return parts
        _count(outcome, "field", removed)
        _count(outcome, "undisclosed", undisclosed)
        return parts._replace(
            raw_context=msgspec.Raw(_text(parts.context)) if parts.context else None,
            raw_integrations=msgspec.Raw(_text(parts.integrations)) if parts.integrations else None,
        )

    def told(self, receipt: Receipt) -> Receipt:
        """The request without what its connection tells, where that is not on the list."""
        if self._listed is None:
            return receipt
        ip = receipt.ip if disclosing.CONNECTION_IP in self._listed else None
        return replace(receipt, ip=ip, user_agent=receipt.user_agent if disclosing.CONNECTION_AGENT in self._listed else None)

    def strip(
        self, event: dict[str, Any], slice_: bytes, parts: Shared, receipt: Receipt, outcome: Outcome, *, touchpoint: bool = False
    ) -> bytes:
        """The event as it may be collected, `event` itself changed alike; empty when nothing of it may be. Counts in `outcome`.

        Raises EventRefused (`too_deep`) for what nests too deep to be looked through.
        """
        reason = self._why_dropped(event, parts, receipt)
        if reason:
            outcome.dropped += 1
            _count(outcome, reason, 1)
            return b""
        try:
            removed = self._strip(event, self._places, outermost=True) + self._strip_products(event)
        except RecursionError:
            raise EventRefused("too_deep") from None
        undisclosed = self._listed.strip(event, PROTOCOL) if self._listed is not None and not touchpoint else 0
        if not removed and not undisclosed:
            return slice_
        _count(outcome, "field", removed)
        _count(outcome, "undisclosed", undisclosed)
        return _text(event)

    def _why_dropped(self, event: dict[str, Any], parts: Shared, receipt: Receipt) -> str:
        context = {**parts.context, **_object(event.get("context"))}
        if self._drops_gpc and (receipt.gpc or context.get("gpc") is True):
            return "gpc"
        data = {**_object(event.get("data")), **_object(event.get("properties"))}
        if self._events and any(_is(self._events, event.get(name)) for name in ("event", "name", "kind")):
            return "event"
        if self._events and "specversion" in event and _is(self._events, event.get("type")):
            return "event"
        if self._categories and any(_is(self._categories, holder.get("category")) for holder in (event, data)):
            return "category"
        if self._looks_at_pages:
            page = _object(context.get("page"))
            if any(self._is_page(holder.get(name)) for holder in (data, page, event) for name in _OWN_PAGE):
                return "path"
        return ""

    def _strip(self, holder: dict[str, Any], places: Places, *, outermost: bool = False) -> int:
        """Remove fields, and addresses of pages that are never collected (a referrer tells the page before); returns how many."""
        removed = 0
        for name in list(holder):
            folded = name.casefold()
            if outermost and folded in PROTOCOL and not isinstance(holder[name], (dict, list)):
                continue
            if folded in self._anywhere and not (outermost and folded in PROTOCOL):
                del holder[name]
                removed += 1
                continue
            inner: list[tuple[str, ...]] = [place[1:] for place in places if place[0] in (folded, "*")]
            if () in inner:
                del holder[name]
                removed += 1
                continue
            value = holder[name]
            if type(value) is str:
                if self._looks_at_pages and self._is_page(value):
                    del holder[name]
                    removed += 1
            elif type(value) is dict:
                removed += self._strip(value, tuple(inner))
            elif type(value) is list:
                removed += self._strip_list(value, tuple(inner))
        return removed

    def _strip_list(self, items: list[Any], places: Places) -> int:
        removed = 0
        if self._looks_at_pages:
            kept = [item for item in items if type(item) is not str or not self._is_page(item)]
            removed = len(items) - len(kept)
            items[:] = kept
        for item in items:
            if type(item) is dict:
                removed += self._strip(item, places)
            elif type(item) is list:
                removed += self._strip_list(item, places)
        return removed

    def _strip_products(self, event: dict[str, Any]) -> int:
        """Lines of an order or a cart whose category is never collected."""
        removed = 0
        if self._categories:
            for part in (event.get("properties"), event.get("data")):
                lines = _object(part).get("products")
                if type(lines) is list:
                    kept = [line for line in lines if not _is(self._categories, _object(line).get("category"))]
                    removed += len(lines) - len(kept)
                    lines[:] = kept
        return removed

    def _is_page(self, value: Any) -> bool:
        """Whether a text is the address of a page that is never collected, however it is written."""
        if type(value) is not str or not value or len(value) > 8192:
            return False
        for host, path in _addresses(value):
            if self._paths is not None and self._paths.match(path):
                return True
            if self._pages is not None and host and self._pages.match(host + path):
                return True
        return False


def rules_of(source: SourceSettings) -> Rules | None:
    """The rules of a source; None, and nothing to pay, for one without."""
    strict = source.disclosure == "strict"
    if source.never is None and not strict:
        return None
    return _compiled(_encode(source.never or _NOTHING), tuple(source.disclosed) if strict else None)


@lru_cache(maxsize=256)
def _compiled(encoded: bytes, listed: tuple[str, ...] | None) -> Rules:
    places = None if listed is None else disclosing.Listed(frozenset(place.casefold() for place in listed))
    return Rules(msgspec.json.decode(encoded, type=CollectionRules), places)


def _addresses(text: str) -> Iterable[tuple[str, str]]:
    """(host, path) of an address: as a path, with its query, and as the route behind `#` in applications of one page."""
    if "/" not in text:
        return
    folded = text.strip().casefold()
    for _ in range(_TIMES_DECODED):
        decoded = unquote(folded)
        if decoded == folded:
            break
        folded = decoded
    try:
        parts = urlsplit(folded)
        host = parts.hostname or ""
    except ValueError:
        return
    if not host and not parts.path.startswith("/") and not parts.fragment.startswith(("/", "!/")):
        host, _, rest = parts.path.partition("/")
        if "." in host:
            yield host, _normal("/" + rest)
        return
    path = _normal(parts.path)
    yield host, path
    if folded.startswith("//"):  # an address without its scheme, or a path with a slash too many
        yield "", _normal(folded.partition("?")[0].partition("#")[0])
    if parts.query:
        yield host, f"{path}?{parts.query}"
    if parts.fragment.startswith(("/", "!/")):
        yield host, _normal(parts.fragment.lstrip("!").partition("?")[0])


def _normal(path: str) -> str:
    return posixpath.normpath("/" + path.lstrip("/")) if path else "/"


def _any_of(patterns: Iterable[str]) -> re.Pattern[str] | None:
    """One expression for all patterns, in which only `*` is special; it never backtracks, since `translate` writes atomic groups.

    `/x/*` means the page /x as well.
    """
    wanted = set(patterns)
    wanted |= {pattern[:-2] for pattern in wanted if pattern.endswith("/*") and len(pattern) > 2}
    if not wanted:
        return None
    return re.compile("|".join(translate(re.sub(r"([\[?])", r"[\1]", pattern)) for pattern in sorted(wanted)))


def _aliases(field: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
    """The places a field may stand: traits also in the context, properties also as the data of a CloudEvent or a touch point's own."""
    yield field
    if field[0] == "traits":
        yield ("context", *field)
    if field[0] == "properties":
        yield ("data", *field[1:])
        if field[1] not in PROTOCOL and field[1] != "*":
            yield field[1:]


def _without_scheme(pattern: str) -> str:
    return pattern.partition("://")[2] if "://" in pattern else pattern


def _is(pattern: re.Pattern[str] | None, value: Any) -> bool:
    return pattern is not None and type(value) is str and pattern.match(value.strip().casefold()) is not None


def _object(value: Any) -> dict[str, Any]:
    return value if type(value) is dict else {}


def _count(outcome: Outcome, reason: str, number: int) -> None:
    if number:
        outcome.kept_out[reason] = outcome.kept_out.get(reason, 0) + number


def _text(event: dict[str, Any]) -> bytes:
    try:
        return _encode(event)
    except (OverflowError, msgspec.EncodeError):  # an id may be an integer beyond 64 bits
        return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
