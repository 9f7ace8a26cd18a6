"""Receipts of single statements, after ISO/IEC TS 27560:2023, as signed JSON that anybody checks offline.

The signature is over TAG ‖ the canonical JSON of `receipt` (sorted keys, no spaces); the key that signed travels with it, so that a
receipt needs nothing but a copy of the published keys to compare with.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from services.consent.domain import chain, proofs
from services.consent.domain.proofs import Signer
from services.consent.domain.statements import ANY, EXPIRED, GRANTED, PENDING, WITHDRAWN, Entry, Purpose
from services.consent.domain.verifying import Fault

TAG: Final = b"ecrm consent receipt v1\x00"
SCHEMA: Final = "ISO/IEC TS 27560:2023"

#: What TS 27560 calls the events of a consent record.
EVENTS: Final = {GRANTED: "consent-given", WITHDRAWN: "consent-withdrawn", EXPIRED: "consent-expired", PENDING: "consent-requested"}


def receipt_of(entry: Entry, purpose: Purpose | None, *, receipt_id: UUID, controller: str, principal: str, language: str, at: datetime) -> dict[str, Any]:
    """The receipt of one line of the ledger. `principal`: the customer's id; `purpose` as it was worded then, None of a stop."""
    shown = language if purpose is not None and language in purpose.wording else "en"
    described: dict[str, Any] = {"purpose": entry.purpose, "lawful_basis": entry.legal_basis}
    if purpose is not None:
        described |= {
            "title": purpose.title.get(shown, ""), "notice": purpose.wording.get(shown, ""), "consequences": purpose.consequences.get(shown, ""),
            "consent_type": purpose.basis,
        }
    return {
        "schema_version": SCHEMA, "receipt_id": str(receipt_id), "record_id": str(entry.id), "issued_at": at.isoformat(), "language": shown,
        "pii_principal_id": principal, "pii_controllers": [{"name": controller}],
        "notice": {"version": entry.wording_version, "language": shown},
        "processing": [{**described, "channel": "all" if entry.channel == ANY else entry.channel}],
        "event": {
            "type": EVENTS.get(entry.state, entry.state), "state": entry.state, "time": entry.said_at.isoformat(),
            "recorded_at": entry.recorded_at.isoformat(), "valid_until": entry.expires_at.isoformat() if entry.expires_at else None,
            "source": entry.source, "refers": [str(one) for one in entry.refers],
        },
        "rights": {"withdrawal": "at any time, in the preference centre that every message links to"},
    }


def sign(receipt: Mapping[str, Any], signer: Signer) -> dict[str, Any]:
    """The receipt with its signature."""
    signature = signer.sign(TAG + chain.canonical(receipt))
    return {
        "receipt": dict(receipt), "signature": {"alg": "Ed25519", "kid": signer.kid, "public_key": signer.public.hex(), "value": signature.hex()}
    }


def verify(signed: Mapping[str, Any], *, trusted: frozenset[bytes] | None = None) -> dict[str, Any]:
    """The receipt, if it holds. Raises Fault."""
    try:
        receipt: dict[str, Any] = dict(signed["receipt"])
        signature = signed["signature"]
        public, value = bytes.fromhex(signature["public_key"]), bytes.fromhex(signature["value"])
        kid, alone = signature["kid"], set(signed) == {"receipt", "signature"} and signature["alg"] == "Ed25519"
    except (KeyError, TypeError, ValueError):
        raise Fault("receipt", 0, "this is no signed receipt") from None
    if trusted is not None and public not in trusted:
        raise Fault("receipt", 0, "it was signed with a key you do not trust")
    if not alone or kid != proofs.key_id(public) or not proofs.verify(public, TAG + chain.canonical(receipt), value):
        raise Fault("receipt", 0, "its signature is not good: it was changed, or it is not ours")
    return receipt


def sentence(receipt: Mapping[str, Any]) -> str:
    """What it says, in a line."""
    event, processing = receipt["event"], receipt["processing"][0]
    return f"{event['state']} {processing['purpose']} ({processing['channel']}) at {event['time']}, record {receipt['record_id']}"
