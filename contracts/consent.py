"""What the consent service tells: what we may do."""

from __future__ import annotations

from contracts.fact import Fact, Moment


class PurposeDefined(Fact, frozen=True, kw_only=True):
    """A purpose exists or changed. `basis`: opt_in (no use without a grant) or opt_out (allowed until refused)."""

    purpose: str
    basis: str
    channels: list[str]
    title: dict[str, str]
    version: int
    defined_at: Moment


class ConsentGranted(Fact, frozen=True, kw_only=True):
    """A person allowed a purpose on a channel."""

    customer_id: str
    purpose: str
    channel: str
    version: int
    entry_id: str
    granted_at: Moment


class ConsentWithdrawn(Fact, frozen=True, kw_only=True):
    """A person withdrew; nothing is handed off after `effective_at`."""

    customer_id: str
    purpose: str
    channel: str
    version: int
    entry_id: str
    effective_at: Moment


class ConsentState(Fact, frozen=True, kw_only=True):
    """`ecrm.state.consent`, key = customer id: purpose -> channel -> granted | withdrawn, as the person said it."""

    customer_id: str
    purposes: dict[str, dict[str, str]]
    version: int


class ErasureRequested(Fact, frozen=True, kw_only=True):
    """A person asks to be forgotten, and it is known to be them."""

    request_id: str
    customer_id: str
    requested_at: Moment


class ErasureCompleted(Fact, frozen=True, kw_only=True):
    """Every service has acknowledged; `log_lapses_at` is when the last copy in the event log is gone."""

    request_id: str
    customer_id: str
    services: list[str]
    completed_at: Moment
    log_lapses_at: Moment


class LedgerRootSigned(Fact, frozen=True, kw_only=True):
    """The signed root over the chain of the consent ledger up to link `last`: told so that it stands outside the database it vouches for.

    All hex. `first` > `last`: nothing was added since the root before.
    """

    number: int
    first: int
    last: int
    root: str
    head: str
    signed_at: Moment
    kid: str
    signature: str
