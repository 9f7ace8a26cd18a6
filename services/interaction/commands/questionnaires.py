"""Surveys and what is answered: each answer is a touch point, and may become a trait."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

import msgspec

from chassis import ids
from chassis.unit_of_work import Transaction
from services.interaction import errors
from services.interaction.commands import posting
from services.interaction.domain import collecting, questionnaires
from services.interaction.domain.questionnaires import Question, Wave
from services.interaction.domain.recording import Outgoing
from services.interaction.settings import InteractionService
from services.interaction.store import questionnaires as store

KIND: Final = "survey"
_TRAITS: Final = {"user": "userId", "anon": "anonymousId"}

_encode = msgspec.json.Encoder().encode
read_questions = msgspec.json.Decoder(list[Question]).decode
read_waves = msgspec.json.Decoder(list[Wave]).decode


async def put_survey(service: InteractionService, *, survey_id: str, given: dict[str, Any]) -> None:
    """Create or replace a survey. Raises Invalid when two questions or waves have one name."""
    questions, waves = msgspec.convert(given["questions"], list[Question]), msgspec.convert(given["waves"], list[Wave])
    if len({each.question_id for each in questions}) < len(questions) or len({each.wave for each in waves}) < len(waves):
        raise errors.survey_names()
    async with service.transaction() as tx:
        await store.put_survey(
            tx.db, survey_id, title=given["title"], kind=given["kind"], questions=_encode(questions).decode(), waves=_encode(waves).decode(),
            active=given["active"], at=service.clock.now(),
        )


async def answer(
    service: InteractionService, *, survey_id: str, wave: str, answers: dict[str, Any], who: dict[str, Any], given_id: str | None,
    source_id: str | None,
) -> list[str]:
    """Record answers as touch points of the kind `survey`; without a person they are somebody's unknown. Returns their ids.

    Raises Unknown, Invalid with the question that is at fault (then none is recorded), Unavailable.
    """
    async with service.read() as db:
        row = await store.find_survey(db, survey_id)
    if row is None:
        raise errors.unknown_survey()
    known = {question.question_id: question for question in read_questions(row["questions"])}
    waves = {each.wave: each for each in read_waves(row["waves"])}
    today = service.clock.now().date().isoformat()
    if not row["active"] or (waves and wave not in waves) or (wave in waves and not questionnaires.open_on(waves[wave], today)):
        raise errors.survey_closed()
    for question_id, told in answers.items():
        fault = questionnaires.fault(known[question_id], told) if question_id in known else "is no question of this survey"
        if fault is not None:
            raise errors.bad_answer(question_id, fault)
    named = str(who.get("customer") or "")
    who = who or {"customer": f"anon:survey-{ids.new_text_id()}"}
    taken = []
    for question_id, told in answers.items():
        body = {
            "kind": KIND, "initiator": "customer", **who, "survey_id": survey_id, "question_id": question_id, "answer": told, "wave": wave,
            **({"id": f"{given_id}/{question_id}"} if given_id else {}),
        }
        taken.append(await posting.record_touchpoint(service, body=body, source_id=source_id))
    traits = {trait: told for question_id, told in answers.items() if (trait := known[question_id].trait) is not None}
    if traits:
        await _tell_traits(service, named, traits, given_id, source_id)
    return taken


async def _tell_traits(service: InteractionService, key: str, traits: dict[str, Any], given_id: str | None, source_id: str | None) -> None:
    """What somebody answered is known of them from now on."""
    kind, _, value = key.partition(":")
    if kind not in _TRAITS or not value:
        return
    source = posting.source_settings(service, source_id or posting.API_SOURCE)
    receipt = collecting.Receipt(source=source, received_at=service.clock.now(), new_id=ids.new_text_id)
    event = {"type": "identify", _TRAITS[kind]: value, "traits": traits, **({"messageId": f"survey/{given_id}/traits"} if given_id else {})}
    await posting.append_accepted(service, posting.check_one(_encode(event), receipt, cloudevent=False), source.source_id)


async def note_answers(tx: Transaction, stored: Iterable[Outgoing]) -> None:
    """Keep the answers among what was stored, whoever told them."""
    rows: dict[tuple[Any, ...], tuple[Any, ...]] = {}
    for out in stored:
        event = out.incoming.event
        if event.kind != KIND or not out.identity:
            continue
        told = event.properties
        names = tuple(told.get(name) for name in ("survey_id", "question_id"))
        if all(isinstance(name, str) for name in names) and "answer" in told:
            wave = told["wave"] if isinstance(told.get("wave"), str) else "1"
            stamp = event.stamp
            key = (names[0], wave[:200], names[1], out.identity)
            row = (*key, _encode(told["answer"]).decode(), stamp.timestamp, UUID(stamp.receipt_id))
            if key not in rows or rows[key][-2:] < row[-2:]:
                rows[key] = row
    if rows:
        await store.put_answers(tx.db, [rows[key] for key in sorted(rows)])
