"""The send ledger's states, and which way a message may go."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from email_validator import EmailNotValidError, validate_email

from contracts.identity import identity_key


class State(StrEnum):
    """Where a message stands."""

    PLANNED = "planned"
    PERMITTED = "permitted"
    HANDING_OFF = "handing_off"
    ACCEPTED = "accepted"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    UNKNOWN = "unknown"


OPEN: Final = frozenset({State.PLANNED, State.PERMITTED, State.HANDING_OFF})
FINAL: Final = frozenset({State.ACCEPTED, State.FAILED, State.SUPPRESSED, State.UNKNOWN})

#: `unknown` is only ever resolved by the sender that made it so (a late reply), never sent again.
NEXT: Final = {
    State.PLANNED: frozenset({State.PERMITTED, State.SUPPRESSED, State.FAILED}),
    State.PERMITTED: frozenset({State.PLANNED, State.HANDING_OFF, State.SUPPRESSED}),
    State.HANDING_OFF: frozenset({State.PLANNED, State.ACCEPTED, State.FAILED, State.UNKNOWN}),
    State.UNKNOWN: frozenset({State.ACCEPTED, State.FAILED}),
}

PERMIT_SECONDS: Final = 4.0
CLAIM_LEASE: Final = timedelta(seconds=60)
HAND_OFF_LEASE: Final = timedelta(seconds=150)
MOST_ATTEMPTS: Final = 6
_FIRST_RETRY: Final = 60.0
_LONGEST_RETRY: Final = 3600.0

_PLAIN_ADDRESS: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@([A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}")

_BAD_HYPHEN: Final = re.compile(r"(^|\.)-|-(\.|$)")


class Outcome(NamedTuple):
    """What became of one hand-off. `state` PLANNED means: refused for now, nothing was taken over.

    `same_provider`: PLANNED although it may have been taken over, by a provider that absorbs a repetition: no other may get it.
    """

    state: State
    reason: str = ""
    reply_code: int | None = None
    same_provider: bool = False


#: Reasons that say nothing about the message: they do not count as a try.
NO_TRY: Final = frozenset({"permit_expired", "provider_away", "not_begun"})
#: For how long a provider is trusted to know a key again.
KEY_WINDOW: Final = timedelta(hours=24)
AWAY_PAUSE: Final = timedelta(seconds=2)


def retry_after(attempts: int) -> timedelta:
    """The pause after a temporary refusal: 1, 2, 4 … minutes, at most an hour."""
    return timedelta(seconds=min(_LONGEST_RETRY, _FIRST_RETRY * 2 ** max(0, attempts - 1)))


def is_chosen(channels: Mapping[str, str], *, purpose: str, channel: str) -> bool:
    """Whether a message may take this channel: the person chose it for the purpose, or nothing for it."""
    return channels.get(purpose, channels.get("*", channel)) == channel


def mail_address(address: str) -> str | None:
    """The form of an address that goes into an SMTP envelope (ASCII), or None when there is none."""
    if len(address) > 254 or not address:
        return None
    if _PLAIN_ADDRESS.fullmatch(address) and not _BAD_HYPHEN.search(address.rpartition("@")[2]):
        return address
    try:
        return validate_email(address, check_deliverability=False, allow_smtputf8=False).ascii_email
    except EmailNotValidError:
        return None


def address_key(address: str) -> str:
    """The identity key of an e-mail address; its keyed hash makes one message per address hold across customers that share it."""
    return str(identity_key("email", address))
