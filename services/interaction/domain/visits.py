"""Visits: what a visitor did on a site or in an app until 30 minutes passed without anything; how far towards an order each came.

Visits are a function of the set of events, whatever order they came in: events sorted by (time, message id), a new visit after each gap of
more than 30 minutes. Two visits of one person on two identities that touch are one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import msgspec

from contracts.interaction import InteractionPersonal

GAP: Final = timedelta(minutes=30)
CHANNELS: Final = ("web", "mobile")
KINDS: Final = ("page", "screen", "track")
#: What brings a visit nearer to an order; a later step counts only behind the earlier ones.
STEPS: Final = ("view", "cart", "checkout", "order")
NAMES: Final[Mapping[str, int]] = {
    **dict.fromkeys(("Product Viewed", "Viewed Product"), 1),
    **dict.fromkeys(("Product Added", "Added Product", "Cart Viewed"), 2),
    **dict.fromkeys(("Checkout Started", "Started Order", "Checkout Step Viewed", "Checkout Step Completed", "Payment Info Entered"), 3),
    **dict.fromkeys(("Order Completed", "Completed Order"), 4),
}
#: Marks of advertisements in an address.
CLICK_IDS: Final = frozenset({"gclid", "gbraid", "wbraid", "dclid", "fbclid", "msclkid", "ttclid", "twclid", "li_fat_id", "yclid"})
_UTM: Final = {"utm_source": "source", "utm_medium": "medium", "utm_campaign": "name", "utm_term": "term", "utm_content": "content"}
_LONGEST: Final = 500

_decode = msgspec.json.Decoder().decode


class Click(NamedTuple):
    """One event of a visit as far as it matters here. `step` is 0 for an event that is none."""

    at: datetime
    id: str
    source: str = ""
    channel: str = "web"
    is_page: bool = False
    place: str | None = None
    referrer: str | None = None
    campaign: dict[str, str] | None = None
    step: int = 0


class Told(msgspec.Struct):
    """What is read of an InteractionRecorded."""

    id: str
    source: str
    kind: str
    name: str
    channel: str
    identity: str
    occurred_at: datetime
    personal: InteractionPersonal


class Visit(msgspec.Struct):
    """`reach[n]` is the step that a visitor comes to who begins this visit having done n steps; `seen` has a bit for each step that happened."""

    started_at: datetime
    ended_at: datetime
    source: str
    channel: str
    events: int = 0
    pages: int = 0
    entry: str | None = None
    exit: str | None = None
    referrer: str | None = None
    campaign: dict[str, str] | None = None
    reach: list[int] = []
    seen: int = 0

    def add(self, click: Click) -> None:
        """Take in an event that is not earlier than what is in."""
        self.ended_at = click.at
        self.events += 1
        self.pages += click.is_page
        if click.place is not None:
            self.entry = self.entry if self.entry is not None else click.place
            self.exit = click.place
        self.referrer = self.referrer if self.referrer is not None else click.referrer
        self.campaign = self.campaign if self.campaign is not None else click.campaign
        if click.step:
            self.reach = [click.step if done == click.step - 1 else done for done in self.reach]
            self.seen |= 1 << (click.step - 1)


def read_click(told: Told) -> Click | None:
    """None for what is no part of a visit: what servers tell, and what has no identity."""
    if told.channel not in CHANNELS or told.kind not in KINDS or not told.identity:
        return None
    context = _decode(told.personal.context)
    properties = _decode(told.personal.properties) if told.kind != "track" else {}
    page = _object(context.get("page"))
    url = _text(page.get("url")) or _text(properties.get("url")) or ""
    address = _parts(url)
    place = _text(page.get("path")) or _text(properties.get("path")) or (address.path or "/" if address and address.netloc else None)
    if place is None and told.kind == "screen":
        place = told.name or None
    referrer = _parts(_text(page.get("referrer")) or _text(properties.get("referrer")) or "")
    other = referrer.hostname if referrer and referrer.hostname and (not address or referrer.hostname != address.hostname) else None
    query = (address.query if address else "") or (_text(page.get("search")) or "").lstrip("?")
    return Click(
        at=told.occurred_at, id=told.id, source=told.source, channel=told.channel, is_page=told.kind != "track",
        place=place[:_LONGEST] if place else None, referrer=other, campaign=campaign_of(query, _object(context.get("campaign"))),
        step=NAMES.get(told.name, 0) if told.kind == "track" else 0,
    )


def campaign_of(query: str, told: Mapping[str, Any]) -> dict[str, str] | None:
    """Which campaign brought the visitor: `utm_*` and click ids of the address, and what the SDK says; None without any."""
    found = {name: value[:_LONGEST] for name in _UTM.values() if type(value := told.get(name)) is str and value}
    if "utm_" in query or "clid" in query or "braid" in query or "li_fat" in query:
        try:
            pairs = parse_qsl(query, max_num_fields=200)
        except ValueError:
            pairs = []
        for name, value in pairs:
            lowered = name.lower()
            if lowered in _UTM:
                found[_UTM[lowered]] = value[:_LONGEST]
            elif lowered in CLICK_IDS:
                found[lowered] = value[:_LONGEST]
    return found or None


def fold(clicks: Iterable[Click], begun: Visit | None = None, *, steps: int = len(STEPS)) -> list[Visit]:
    """The visits of one identity; `begun` is one that all clicks are later than, and comes first in the answer."""
    visits = [begun] if begun is not None else []
    for click in sorted(clicks, key=lambda click: (click.at, click.id)):
        last = visits[-1] if visits else None
        if last is None or click.at - last.ended_at > GAP:
            last = Visit(click.at, click.at, click.source, click.channel, reach=list(range(steps + 1)))
            visits.append(last)
        last.add(click)
    return visits


def islands(visits: Sequence[Visit]) -> list[list[Visit]]:
    """Visits of one person grouped into those that are one: they overlap, or no more than 30 minutes lie between; oldest first."""
    found: list[list[Visit]] = []
    end: datetime | None = None
    for visit in sorted(visits, key=lambda visit: visit.started_at):
        if end is None or visit.started_at - end > GAP:
            found.append([])
            end = visit.ended_at
        found[-1].append(visit)
        end = max(end, visit.ended_at)
    return found


def _parts(text: str) -> Any:
    try:
        return urlsplit(text) if text else None
    except ValueError:
        return None


def _object(value: Any) -> dict[str, Any]:
    return value if type(value) is dict else {}


def _text(value: Any) -> str | None:
    return value if type(value) is str and value else None
