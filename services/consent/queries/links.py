"""What a signed link says."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from chassis.errors import Gone, Unknown
from contracts import links
from services.consent.domain.statements import PENDING, Entry, Purpose
from services.consent.settings import ConsentService
from services.consent.store import ledger, purposes


class UnsubscribeLink(NamedTuple):
    """What an unsubscribe link speaks of."""

    customer_id: UUID
    channel: str
    purpose: Purpose
    message_id: str


class ConfirmLink(NamedTuple):
    """A grant that a link confirms, and its purpose."""

    entry: Entry
    purpose: Purpose


class PreferencesLink(NamedTuple):
    """Whose preference centre it is, and by which message and channel the link came."""

    customer_id: UUID
    channel: str
    message_id: str


async def get_unsubscribe_link(service: ConsentService, *, token: str) -> UnsubscribeLink:
    """What a link says. Raises Unknown for anything that is not one of ours."""
    try:
        customer, channel, purpose, message = links.open_link(service.link_secret, links.UNSUBSCRIBE, token)
        customer_id = UUID(customer)
    except ValueError:
        raise _unknown() from None
    async with service.read() as db:
        defined = (await purposes.newest(db)).get(purpose)
    if defined is None or channel not in defined.channels:
        raise _unknown()
    return UnsubscribeLink(customer_id, channel, defined, message)


async def get_confirm_link(service: ConsentService, *, token: str) -> ConfirmLink:
    """The grant to be confirmed. Raises Unknown for anything that is not one of ours, Gone when its time is over."""
    try:
        entry, ends = links.open_link(service.link_secret, links.CONFIRM, token)
        entry_id, ends_at = UUID(entry), int(ends)
    except ValueError:
        raise _unknown() from None
    if service.clock.timestamp() >= ends_at:
        raise _lapsed()
    async with service.read() as db:
        asked = await ledger.find(db, entry_id)
        defined = (await purposes.newest(db)).get(asked.purpose) if asked else None
    if asked is None or asked.state != PENDING or defined is None:
        raise _unknown()
    return ConfirmLink(asked, defined)


def open_preferences(service: ConsentService, *, token: str) -> PreferencesLink:
    """Whose centre a link opens. Raises Unknown for anything that is not one of ours, Gone when its time is over."""
    try:
        customer, channel, message, ends = links.open_link(service.link_secret, links.PREFERENCES, token)
        found, ends_at = PreferencesLink(UUID(customer), channel, message), int(ends)
    except ValueError:
        raise _unknown() from None
    if service.clock.timestamp() >= ends_at:
        raise _lapsed()
    return found


def _unknown() -> Unknown:
    return Unknown("consent.unknown_link", "This link is not one of ours.")


def _lapsed() -> Gone:
    return Gone("consent.lapsed_link", "This link has lapsed; a newer message has another.")
