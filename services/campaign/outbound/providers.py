"""HTTP providers of SMS, push and webhooks: signed, with a key for each message, and an honest outcome.

A request is `POST` of JSON with the headers of Standard Webhooks and `Idempotency-Key`. A provider that is said to be idempotent gets the same
request again when its answer is lost; what another one may have taken is `unknown` and never repeated.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final

import msgspec

from chassis import calling_out, telemetry
from chassis.calling_out import NoAnswer, NotAllowed, Outside
from chassis.clock import Clock
from chassis.settings import SettingsError
from services.campaign.domain.channels import PROVIDED
from services.campaign.domain.ledger import Outcome, State
from services.campaign.domain.parcels import Parcel
from services.campaign.outbound.carrying import Away

AWAY_SECONDS: Final = 5.0
#: Nothing was connected to, so nothing can have arrived.
_NOT_REACHED: Final = frozenset({"refused", "resolve", "tls"})
#: Said before anything is taken.
_NOT_NOW: Final = frozenset({429, 503})

_log = telemetry.logger(__name__)


class Provider(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`secret`: whsec_… of Standard Webhooks; `authorization`: a header's value, where the provider wants one."""

    name: str
    channel: str
    url: str
    secret: str
    idempotent: bool = True
    authorization: str = ""


def read_providers(text: str, *, private_networks: str) -> list[Provider]:
    """Providers in the order in which they are tried. Raises SettingsError, which never repeats a secret."""
    if not text.strip():
        return []
    try:
        found = msgspec.json.decode(text, type=list[Provider])
    except msgspec.MsgspecError as error:
        raise SettingsError(f"ECRM_CAMPAIGN_PROVIDERS: a JSON list of providers: {error}") from None
    for provider in found:
        try:
            calling_out.checked_url(provider.url, calling_out.networks(private_networks))
            calling_out.signed([provider.secret], message_id="x", at=0, body=b"")
        except (NotAllowed, ValueError) as error:
            raise SettingsError(f"ECRM_CAMPAIGN_PROVIDERS, {provider.name[:50]}: {error}") from None
        if provider.channel not in PROVIDED:
            raise SettingsError(f"ECRM_CAMPAIGN_PROVIDERS, {provider.name[:50]}: a channel is one of {', '.join(PROVIDED)}")
    if len({provider.name for provider in found}) < len(found):
        raise SettingsError("ECRM_CAMPAIGN_PROVIDERS: each provider has a name of its own")
    return found


class Providers:
    """The providers of one channel: the first that answers, the next when it is away."""

    def __init__(self, providers: Sequence[Provider], outside: Outside, *, connections: int, timeout: float, clock: Clock) -> None:
        self.connections = connections
        self._providers = list(providers)
        self._outside = outside
        self._timeout = timeout
        self._clock = clock
        self._free = asyncio.Semaphore(connections)
        self._away_until: dict[str, float] = {}

    @asynccontextmanager
    async def connection(self, provider: str | None = None) -> AsyncIterator[_Line]:
        """A line to the first provider that is not away, or to this one alone. Raises Away."""
        async with self._free:
            now = self._clock.monotonic()
            for one in self._providers:
                if (provider is None or one.name == provider) and self._away_until.get(one.name, 0) <= now:
                    yield _Line(self, one)
                    return
            raise Away

    async def reachable(self) -> bool:
        """Whether some provider is not known to be away."""
        now = self._clock.monotonic()
        return any(self._away_until.get(one.name, 0) <= now for one in self._providers)

    async def close(self) -> None:
        """Nothing is held."""

    async def give(self, provider: Provider, parcel: Parcel) -> Outcome:
        body = parcel.payload()
        headers = {
            **calling_out.signed([provider.secret], message_id=parcel.key, at=int(self._clock.now().timestamp()), body=body),
            "content-type": "application/json", "idempotency-key": parcel.key, "ecrm-permit": parcel.permit_id,
        }
        if provider.authorization:
            headers["authorization"] = provider.authorization
        try:
            reply = await self._outside.post(provider.url, body=body, headers=headers, timeout=self._timeout)
        except NotAllowed:
            return Outcome(State.FAILED, "provider_not_allowed")
        except NoAnswer as silence:
            if silence.reason in _NOT_REACHED:
                self.mark_away(provider)
                return Outcome(State.PLANNED, "provider_away", same_provider=parcel.provider is not None)
            return _unclear(provider, "reply_lost", None)
        return _judged(provider, reply.status, same=parcel.provider is not None)

    def mark_away(self, provider: Provider) -> None:
        _log.warning("provider_away", name=provider.name)
        self._away_until[provider.name] = self._clock.monotonic() + AWAY_SECONDS


class _Line:
    """A provider for one parcel after the other."""

    def __init__(self, providers: Providers, provider: Provider) -> None:
        self.provider = provider.name
        self.idempotent = provider.idempotent
        self._providers = providers
        self._provider = provider
        self._good = True

    @property
    def usable(self) -> bool:
        return self._good

    async def hand_over(self, parcel: Parcel, *, allowed: Callable[[], bool]) -> Outcome:
        if not allowed():
            return Outcome(State.PLANNED, "permit_expired", same_provider=parcel.provider is not None)
        outcome = await self._providers.give(self._provider, parcel)
        self._good = outcome.reason != "provider_away"
        return outcome


def _judged(provider: Provider, status: int, *, same: bool) -> Outcome:
    if 200 <= status < 300:
        return Outcome(State.ACCEPTED, reply_code=status)
    if status in _NOT_NOW:
        return Outcome(State.PLANNED, "provider_busy", status, same_provider=same)
    if status >= 500 or status in (408, 409, 425):
        return _unclear(provider, "reply_unclear", status)
    return Outcome(State.FAILED, "provider_refused", status)


def _unclear(provider: Provider, reason: str, status: int | None) -> Outcome:
    """Whether it was taken is not known: a provider that absorbs repetitions is asked again, of any other it stays unknown."""
    if provider.idempotent:
        return Outcome(State.PLANNED, reason, status, same_provider=True)
    return Outcome(State.UNKNOWN, reason, status)
