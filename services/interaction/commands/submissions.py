"""What follows from a stored submission of a form, in the transaction that stores it: a lead and the consents that were given."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from chassis import ids, telemetry
from chassis.unit_of_work import Transaction
from contracts.interaction import ConsentSignalSeen
from services.interaction.commands import leads
from services.interaction.domain import forms, signals
from services.interaction.domain.recording import Outgoing
from services.interaction.settings import InteractionService

KIND: Final = "form"

_log = telemetry.logger(__name__)


class _Consent(msgspec.Struct):
    purpose: str
    channel: str
    version: int
    language: str
    text_sha256: str


class _Lead(msgspec.Struct):
    title: str
    source: str
    score: int
    language: str
    contact: dict[str, str]
    campaign: str | None = None


class _Submission(msgspec.Struct):
    form: str
    form_version: int
    consents: list[_Consent] = []
    lead: _Lead | None = None


_read = msgspec.json.Decoder(_Submission).decode


async def take_submissions(service: InteractionService, tx: Transaction, stored: Iterable[Outgoing]) -> None:
    """Open the leads and tell the consents of submissions; an event that came before is not among `stored`, so each counts once."""
    for each in stored:
        event = each.incoming.event
        if event.kind != KIND or event.stamp.source != forms.SOURCE:
            continue
        try:
            said = _read(event.properties_json)
        except msgspec.DecodeError:
            _log.warning("form_submission_unreadable", source_id=event.stamp.source)
            continue
        stamp = event.stamp
        for consent in said.consents:
            tx.tell(_signal(each.identity, said, consent, seen_at=stamp.received_at, message=stamp.id))
        if said.lead is not None:
            given = {**msgspec.structs.asdict(said.lead), "interaction_id": UUID(stamp.receipt_id)}
            await leads.add_lead(service, tx, lead_id=ids.new_id(), given=given, identity=each.identity)


def _signal(identity: bytes, said: _Submission, consent: _Consent, *, seen_at: datetime, message: str) -> ConsentSignalSeen:
    return ConsentSignalSeen(
        identity=identity.hex(), signal=signals.GRANTED, channel=consent.channel, purpose=consent.purpose, wording=consent.version,
        language=consent.language, seen_at=seen_at, source=f"form:{said.form}",
        evidence={"form": said.form, "form_version": said.form_version, "text_sha256": consent.text_sha256, "submission": message},
    )
