"""What the gateway tells: which keys open which door, and where events come from."""

from __future__ import annotations

import msgspec

from contracts.fact import Fact, Moment


class SourceChanged(Fact, frozen=True, kw_only=True):
    """A source of events was created or changed."""

    source_id: str
    name: str
    kind: str
    enabled: bool
    changed_at: Moment


class KeyRevoked(Fact, frozen=True, kw_only=True):
    """A key no longer opens anything."""

    key_id: str
    kind: str
    revoked_at: Moment


class AuditAnchored(Fact, frozen=True, kw_only=True):
    """The head of the audit log's chain up to entry `seq`: told so that it stands outside the database it vouches for.

    `head` in hex; `attested` is the same, signed by the gateway (JWS).
    """

    chain: str
    seq: int
    head: str
    attested: str
    anchored_at: Moment


class CollectionRules(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a source never collects: it is dropped at the collector before anything is written, and only counted.

    `paths`: pages (`/health/*`, `shop.example/private/*`; `*` is any text), `events` and `categories`: names, `*` allowed; `fields`: places
    (`properties.diagnosis`, `traits.*.ssn`) or a bare name, which is removed wherever it stands. `gpc`: `record` keeps events sent under
    Global Privacy Control and records the signal, `drop` does not collect them.
    """

    paths: list[str] = []
    events: list[str] = []
    categories: list[str] = []
    fields: list[str] = []
    gpc: str = "record"


class ConsentBasis(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why what a source brings may be kept. `basis`: consent, contract, legitimate_interest, public or licence; `statement`: in words, with where it is written."""

    basis: str
    statement: str


class SourceSettings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the door and the collector must know of a source.

    `kind`: browser (its key is public), server, or external: somebody else's system, such as a social network, whose word counts least unless
    `trust` is high. `disclosed`: place of a field -> purpose it is collected for; with `disclosure` strict no other field is collected.
    """

    source_id: str
    name: str
    kind: str = "server"
    enabled: bool = True
    origins: list[str] = []
    default_currency: str | None = None
    default_region: str | None = None
    order_namespace: str = ""
    ip: str = "keep"
    rate_per_second: int = 0
    require_subject: bool = False
    require_consent: str | None = None
    consent_categories: dict[str, str] = {}
    never: CollectionRules | None = None
    trust: str = "low"
    consent_basis: ConsentBasis | None = None
    disclosure: str = "open"
    disclosed: dict[str, str] = {}
    version: int = 1

    @property
    def authority(self) -> str:
        """How far it is believed: server, browser or external, in this order."""
        return "server" if self.kind == "external" and self.trust == "high" else self.kind


class KeyState(Fact, frozen=True, kw_only=True):
    """`ecrm.state.keys`, key = SHA-256 of the key (hex): what it opens. `kind`: source or api; at most so much a day (UTC), 0: no limit."""

    key_hash: str
    key_id: str
    kind: str
    name: str = ""
    scopes: list[str] = []
    source: SourceSettings | None = None
    revoked: bool = False
    expires_at: Moment | None = None
    requests_per_day: int = 0
    events_per_day: int = 0
