"""Facts about service, answers, refusals, stated spending and lists -> rows of the warehouse's tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Final
from uuid import UUID

from chassis.eventlog import Stored
from contracts import analytics, campaign, consent, decoding, interaction
from contracts.envelope import header

#: table -> key -> row; `listed` holds (segment, customer) -> whether they are on the list.
Rows = dict[str, dict[Any, tuple[Any, ...]]]


def _fact_id(record: Stored) -> str:
    return (header(record.headers, "ce_id") or b"").decode() or f"{record.topic}/{record.partition}/{record.offset}"


def _uuid(text: str | None) -> str | None:
    return str(UUID(text)) if text else None


def _hash(text: str | None) -> str | None:
    """An identity hash in the form the warehouse reads; None for none. Raises ValueError."""
    if not text:
        return None
    if len(text) != 32:
        raise ValueError("an identity hash has 32 hexadecimal digits")
    return f"0x{int(text, 16):032x}"


def _naive(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC).replace(tzinfo=None)


def _opened(rows: Rows, record: Stored, value: bytes) -> None:
    case = decoding.decode(interaction.CaseOpened, value)
    rows.setdefault("case_step", {})[_fact_id(record)] = (
        _fact_id(record), case.case_id, "opened", case.kind, case.channel, _uuid(case.customer_id), _hash(case.identity), case.team_id, None, None,
        _naive(case.opened_at), None, _naive(case.opened_at), None,
    )


def _assigned(rows: Rows, record: Stored, value: bytes) -> None:
    case = decoding.decode(interaction.CaseAssigned, value)
    rows.setdefault("case_step", {})[_fact_id(record)] = (
        _fact_id(record), case.case_id, "assigned" if case.employee_id else "queued", None, case.channel, None, None, case.team_id, case.employee_id,
        case.reason, None, None, _naive(case.assigned_at), case.waited_s,
    )


def _resolved(rows: Rows, record: Stored, value: bytes) -> None:
    case = decoding.decode(interaction.CaseResolved, value)
    rows.setdefault("case_step", {})[_fact_id(record)] = (
        _fact_id(record), case.case_id, "resolved", case.kind, case.channel, _uuid(case.customer_id), _hash(case.identity), case.team_id,
        case.employee_id, case.outcome, _naive(case.opened_at), _naive(case.answered_at), _naive(case.resolved_at), None,
    )


def _answered(rows: Rows, record: Stored, value: bytes) -> None:
    said = decoding.decode(interaction.SurveyAnswered, value)
    rows.setdefault("answer", {})[_fact_id(record)] = (
        _fact_id(record), _uuid(said.customer_id), _hash(said.identity), said.scale, float(said.score), said.channel, said.team_id, said.employee_id,
        said.case_id, _naive(said.answered_at),
    )


def _complained(rows: Rows, record: Stored, value: bytes) -> None:
    said = decoding.decode(interaction.ComplaintReceived, value)
    rows.setdefault("refusal", {})[_fact_id(record)] = (
        _fact_id(record), None, _hash(said.identity or said.address), "complaint", said.channel, said.message_id, _naive(said.complained_at),
    )


def _withdrawn(rows: Rows, record: Stored, value: bytes) -> None:
    said = decoding.decode(consent.ConsentWithdrawn, value)
    rows.setdefault("refusal", {})[_fact_id(record)] = (
        _fact_id(record), _uuid(said.customer_id), None, "unsubscribe", said.channel, None, _naive(said.effective_at),
    )


def _spending(rows: Rows, record: Stored, value: bytes) -> None:
    said = decoding.decode(analytics.SpendStated, value)
    rows.setdefault("spending", {})[said.statement_id] = (
        said.statement_id, _uuid(said.customer_id), said.category, said.amount_minor, said.currency, date.fromisoformat(said.first),
        date.fromisoformat(said.last), said.basis, _naive(said.stated_at),
    )


def _earned(rows: Rows, record: Stored, value: bytes) -> None:
    earned = decoding.decode(campaign.RewardEarned, value)
    rows.setdefault("participation", {})[_fact_id(record)] = (
        _fact_id(record), _uuid(earned.customer_id), earned.programme_id, "earned", _naive(earned.earned_at),
    )


def _redeemed(rows: Rows, record: Stored, value: bytes) -> None:
    taken = decoding.decode(campaign.RewardRedeemed, value)
    if not taken.cancelled:
        rows.setdefault("participation", {})[_fact_id(record)] = (
            _fact_id(record), _uuid(taken.customer_id), taken.programme_id, "redeemed", _naive(taken.redeemed_at),
        )


def _entered(rows: Rows, record: Stored, value: bytes) -> None:
    if b'"listed":true' in value:
        put = decoding.decode(analytics.SegmentEntered, value)
        rows.setdefault("listed", {})[put.segment_id, _uuid(put.customer_id)] = (True,)


def _left(rows: Rows, record: Stored, value: bytes) -> None:
    if b'"listed":true' in value:
        taken = decoding.decode(analytics.SegmentLeft, value)
        rows.setdefault("listed", {})[taken.segment_id, _uuid(taken.customer_id)] = (False,)


#: Scores that are kept otherwise.
_KEPT: Final = frozenset({"rfm", "stage"})


def _scored(rows: Rows, record: Stored, value: bytes) -> None:
    score = decoding.decode(analytics.ScoreChanged, value)
    if score.score not in _KEPT and not score.score.startswith("computed:"):
        rows.setdefault("model_score", {})[_uuid(score.customer_id), score.score] = (score.value,)


READERS: Final[Mapping[str, Callable[[Rows, Stored, bytes], None]]] = {
    "ecrm.interaction.case_opened.v1": _opened,
    "ecrm.interaction.case_assigned.v1": _assigned,
    "ecrm.interaction.case_resolved.v1": _resolved,
    "ecrm.interaction.survey_answered.v1": _answered,
    "ecrm.interaction.complaint_received.v1": _complained,
    "ecrm.consent.withdrawn.v1": _withdrawn,
    "ecrm.analytics.spend_stated.v1": _spending,
    "ecrm.campaign.reward_earned.v1": _earned,
    "ecrm.campaign.reward_redeemed.v1": _redeemed,
    "ecrm.analytics.segment_entered.v1": _entered,
    "ecrm.analytics.segment_left.v1": _left,
    "ecrm.analytics.score_changed.v1": _scored,
}
