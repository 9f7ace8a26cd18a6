"""An audit from exported records alone: the chain, the roots, every batch of permits, every message. Nothing is asked of anybody.

Each file is a list of records. Checks run in an order in which each stands on what was checked before; the first record that does not
hold is named. What is checked is what is in the records: that they are all there is told by the signed manifest and by how they
refer to each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from services.consent.domain import chain, proofs, statements
from services.consent.domain.chain import Root
from services.consent.domain.history import History, Step
from services.consent.domain.proofs import Leaf, Stamp, Tree
from services.consent.domain.statements import Purpose

#: How far the clocks of the services may be apart, and how long a mail server may take for its last word (microseconds).
SKEW_US: Final = 1_000_000
LONGEST_LIFE_MS: Final = 30_000
SENT: Final = frozenset({"accepted", "unknown", "failed"})

Record = Mapping[str, Any]


class Fault(Exception):
    """The first record that does not hold: its file, its number there (from 1; 0 is the file as a whole), and why."""

    def __init__(self, file: str, record: int, reason: str) -> None:
        super().__init__(f"{file}, record {record}: {reason}" if record else f"{file}: {reason}")
        self.file = file
        self.record = record
        self.reason = reason


class Exported(NamedTuple):
    """What was exported, record by record."""

    keys: Sequence[Record]
    chain: Sequence[Record]
    roots: Sequence[Record]
    permits: Sequence[Record]
    messages: Sequence[Record]
    #: Batches that were closed before then (microseconds) had all their messages exported.
    complete_us: int


class Found(NamedTuple):
    """What holds. `overran`: messages that were begun in time and ended after their permit had: a sender that froze in between."""

    entries: int
    erased: int
    roots: int
    permits: int
    messages: int
    overran: list[str]


def verify(exported: Exported, *, trusted: frozenset[bytes] | None = None) -> Found:
    """Raises Fault. `trusted`: public keys known from elsewhere; without them the exported keys are taken at their word."""
    keys = verify_keys(exported.keys, trusted)
    ledger = _Ledger(exported.chain)
    _verify_roots(exported.roots, ledger, keys)
    batches = _verify_permits(exported.permits, ledger, keys)
    overran = _verify_messages(exported.messages, batches, ledger, exported.complete_us)
    return Found(
        len(exported.chain), ledger.erased, len(exported.roots), sum(batch["size"] for batch in exported.permits), len(exported.messages), overran
    )


def verify_keys(records: Sequence[Record], trusted: frozenset[bytes] | None) -> dict[str, bytes]:
    """Public keys by id: each trusted, or endorsed by one that is. Raises Fault."""
    known: dict[str, bytes] = {}
    waiting = list(enumerate(records, 1))
    while waiting:
        later = []
        for number, record in waiting:
            public = _hex("keys", number, record, "public_key")
            if record.get("kid") != proofs.key_id(public):
                raise Fault("keys", number, "its id is not that of the key")
            endorser = known.get(str(record.get("endorsed_by")))
            if endorser is not None:
                if not proofs.verify(endorser, proofs.endorsed_bytes(public), _hex("keys", number, record, "endorsement")):
                    raise Fault("keys", number, "the key before it did not endorse it")
            elif not (public in trusted if trusted is not None else record.get("endorsed_by") is None):
                later.append((number, record))
                continue
            known[record["kid"]] = public
        if len(later) == len(waiting):
            raise Fault("keys", later[0][0], "this key is not trusted, and no trusted key endorses it")
        waiting = later
    return known


class _Ledger:
    """The chain, checked; then played again up to any tick."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.hashes: list[bytes] = []
        self.erased = 0
        self._steps: list[Step] = []
        self._purposes: list[tuple[int, Purpose]] = []
        gone: dict[str, int] = {}
        erased: set[str] = set()
        ticks: set[int] = set()
        head = chain.START
        for number, record in enumerate(records, 1):
            body = _body(number, record)
            head = chain.link_hash(record["body"], head)
            if _hex("chain", number, record, "hash") != head:
                raise Fault("chain", number, "its hash does not follow from its body and the link before")
            if body.get("seq") != number or body.get("tick") in ticks:
                raise Fault("chain", number, "it is out of place")
            ticks.add(body["tick"])
            self.hashes.append(head)
            try:
                self._add(number, record, body, gone, erased)
            except (KeyError, TypeError, ValueError, msgspec.ValidationError):
                raise Fault("chain", number, "it cannot be read") from None
        for entry, number in gone.items():
            if entry not in erased:
                raise Fault("chain", number, "its personal parts are missing, and no line says that they were erased")
        self.gone = frozenset(gone)
        self.erased = len(gone)
        self._steps.sort(key=lambda step: step.tick)
        self._purposes.sort(key=lambda found: found[0])
        self.history = History()
        self.defined: dict[str, Purpose] = {}

    def _add(self, number: int, record: Record, body: dict[str, Any], gone: dict[str, int], erased: set[str]) -> None:
        if body["kind"] == "purpose":
            fields = {name: value for name, value in body.items() if name in Purpose._fields}
            self._purposes.append((body["tick"], Purpose(**{**fields, "defined_at": _moment(body["defined_at"])})))
            return
        personal = record.get("personal")
        if body["state"] == statements.ERASED:
            erased.update(body["refers"])
        if personal is None:
            gone[body["id"]] = number
            return
        said = {name: personal[name] for name in ("customer", "identity", "language", "source", "evidence", "actor")}
        if chain.commitment(bytes.fromhex(personal["salt"]), chain.personal_bytes(**said)) != body["commit"]:
            raise Fault("chain", number, "its personal parts are not those that were recorded")
        into = msgspec.json.decode(said["evidence"]).get("into") if body["state"] in (statements.MERGED, statements.UNMERGED) else None
        self._steps.append(
            Step(
                body["tick"], body["id"], body["state"], said["customer"], said["identity"], body["purpose"], body["channel"],
                _moment(body["said_at"]), body["wording_version"], _moment(body["expires_at"]) if body["expires_at"] else None, into,
                tuple(body["refers"]),
            )
        )

    def play_until(self, tick: int) -> None:
        """What was recorded before this tick counts; ticks come in order."""
        while self._purposes and self._purposes[0][0] < tick:
            purpose = self._purposes.pop(0)[1]
            self.defined[purpose.purpose] = purpose
        done = 0
        for step in self._steps:
            if step.tick >= tick:
                break
            self.history.apply(step)
            done += 1
        del self._steps[:done]


def _verify_roots(records: Sequence[Record], ledger: _Ledger, keys: Mapping[str, bytes]) -> None:
    last, before = 0, 0
    for number, record in enumerate(records, 1):
        root = Root(
            record["number"], record["first"], record["last"], _hex("roots", number, record, "root"), _hex("roots", number, record, "head"),
            _moment(record["signed_at"]),
        )
        if root.number != number or root.first != last + 1 or not last <= root.last <= len(ledger.hashes) or root.last == 0:
            raise Fault("roots", number, "it does not follow the root before")
        if chain.merkle_root(ledger.hashes[root.first - 1 : root.last]) != root.root or ledger.hashes[root.last - 1] != root.head:
            raise Fault("roots", number, "it is not the root of these links")
        if not _signed(keys, record, chain.root_bytes(root), "roots", number):
            raise Fault("roots", number, "its signature is not good")
        if chain.micros(root.signed_at) < before:
            raise Fault("roots", number, "it was signed before the root before it")
        last, before = root.last, chain.micros(root.signed_at)
    if last != len(ledger.hashes):
        raise Fault("chain", last + 1, "no signed root covers it")


def _verify_permits(records: Sequence[Record], ledger: _Ledger, keys: Mapping[str, bytes]) -> dict[str, tuple[int, Record, list[Leaf | None]]]:
    found: dict[str, tuple[int, Record, list[Leaf | None]]] = {}
    before = 0
    for number, record in enumerate(records, 1):
        stamp = Stamp(record["tick"], record["granted_us"], record["life_ms"])
        if stamp.tick <= before or record["batch_id"] in found:
            raise Fault("permits", number, "it is out of place")
        before = stamp.tick
        leaves: list[Leaf | None] = []
        hashes = []
        for leaf in record["leaves"]:
            erased = isinstance(leaf, dict)
            hashes.append(bytes.fromhex(leaf["erased"]) if erased else proofs.leaf_hash(leaf.encode()))
            leaves.append(None if erased else proofs.read_leaf(leaf.encode()))
        root = Tree(hashes, hashed=True).root
        if len(leaves) != record["size"] or root != _hex("permits", number, record, "root"):
            raise Fault("permits", number, "its members are not those that were signed")
        signed = proofs.signed_bytes(UUID(record["batch_id"]), record["size"], root, stamp)
        if not _signed(keys, record, signed, "permits", number):
            raise Fault("permits", number, "its signature is not good")
        if not 0 < stamp.life_ms <= LONGEST_LIFE_MS:
            raise Fault("permits", number, "it lives longer than any permit may")
        ledger.play_until(stamp.tick)
        moment = _from_micros(stamp.granted_us)
        for place, member in enumerate(leaves):
            reason = _unfounded(member, ledger, moment) if member is not None else None
            if reason is not None:
                raise Fault("permits", number, f"member {place}: {reason}")
        found[record["batch_id"]] = (number, record, leaves)
    return found


def _unfounded(leaf: Leaf, ledger: _Ledger, moment: datetime) -> str | None:
    """Why the ledger does not bear a permit; None when it does, or when the person was erased since."""
    if leaf.entry_id and leaf.entry_id in ledger.gone:
        return None
    purpose = ledger.defined.get(leaf.purpose)
    counts = ledger.history.effective(leaf.customer_id)
    reason = statements.refusal(purpose, leaf.channel, counts, moment)
    if reason is not None:
        return f"the ledger did not allow it ({reason})"
    said = counts.get(leaf.purpose, {}).get(leaf.channel)
    if (said.entry if said else "") != leaf.entry_id:
        return "it stands on another entry than the one that counted"
    if purpose is not None and ledger.history.refused_address(leaf.address_hash, leaf.purpose, leaf.channel, stoppable=purpose.stoppable):
        return "the address had been refused"
    return None


def _verify_messages(
    records: Sequence[Record], batches: Mapping[str, tuple[int, Record, list[Leaf | None]]], ledger: _Ledger, complete_us: int
) -> list[str]:
    used: set[str] = set()
    overran: list[str] = []
    last = ""
    for number, record in enumerate(records, 1):
        if record["message_id"] <= last or record["state"] not in SENT:
            raise Fault("messages", number, "it is out of place")
        last = record["message_id"]
        batch_id, _, place = str(record["permit_id"]).partition(":")
        batch = batches.get(batch_id)
        if batch is None or not place.isdecimal() or int(place) >= len(batch[2]) or record["permit_id"] in used:
            raise Fault("messages", number, "there is no permit of its own for it")
        used.add(record["permit_id"])
        leaf, granted, life = batch[2][int(place)], batch[1]["granted_us"], batch[1]["life_ms"] * 1000
        if record["address_hash"] is None:
            if not ledger.erased:
                raise Fault("messages", number, "its recipient is missing, and nobody was erased")
        elif leaf is not None and leaf[:6] != (
            record["customer_id"], record["consent_version"], record["purpose"], record["channel"], record["step"], record["address_hash"]
        ):
            raise Fault("messages", number, "its permit is for something else")
        begun, ended = chain.micros(_moment(record["handed_off_at"])), chain.micros(_moment(record["finished_at"]))
        if not granted - SKEW_US <= begun <= granted + life + SKEW_US:
            raise Fault("messages", number, "it began outside the life of its permit")
        if ended < begun:
            raise Fault("messages", number, "it ended before it began")
        if ended > granted + life:
            overran.append(record["message_id"])
    for number, record, _ in batches.values():
        if record["closed_us"] is None or record["closed_us"] > complete_us:
            continue
        for permit, outcome in (record["outcomes"] or {}).items():
            if outcome in SENT and permit not in used:
                raise Fault("permits", number, f"the message that was sent under {permit.rpartition(':')[2]} is missing")
    return overran


def _body(number: int, record: Record) -> dict[str, Any]:
    try:
        return chain.read_body(record["body"])
    except (KeyError, TypeError, ValueError):
        raise Fault("chain", number, "it cannot be read") from None


def _signed(keys: Mapping[str, bytes], record: Record, signed: bytes, file: str, number: int) -> bool:
    key = keys.get(str(record.get("kid")))
    if key is None:
        raise Fault(file, number, "it was signed with a key nobody trusts")
    return proofs.verify(key, signed, _hex(file, number, record, "signature"))


def _hex(file: str, number: int, record: Record, name: str) -> bytes:
    try:
        return bytes.fromhex(record[name])
    except (KeyError, TypeError, ValueError):
        raise Fault(file, number, f"`{name}` cannot be read") from None


def _moment(text: str) -> datetime:
    return msgspec.convert(text, datetime)


def _from_micros(micros: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
