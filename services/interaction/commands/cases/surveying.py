"""What customers answer to the question after a resolution."""

from __future__ import annotations

from uuid import UUID

from contracts import links
from contracts.interaction import SurveyAnswered
from services.interaction import errors
from services.interaction.commands.cases import living
from services.interaction.settings import InteractionService
from services.interaction.store import case_parts
from services.interaction.store import cases as store


async def answer_survey(service: InteractionService, *, token: str, score: int, remark: str | None) -> None:
    """Keep the answer with the case and whoever resolved it; a later one replaces it, the same one changes nothing. Raises Unknown."""
    case_id, resolution = read_token(service, token)
    now = service.clock.now()
    async with service.transaction() as tx:
        case = await store.find_case(tx.db, case_id)
        asked = await case_parts.find_survey(tx.db, case_id=case_id, resolution=resolution, lock=True)
        if case is None or asked is None:
            raise errors.unknown_link()
        if asked["score"] == score and (remark is None or remark == asked["remark"]):
            return
        await case_parts.answer_survey(tx.db, case_id=case_id, resolution=resolution, score=score, remark=remark, at=now)
        about = {"resolution": resolution, "score": score}
        await case_parts.insert_changes(tx.db, [living.change(case_id, now, "customer", "survey_answered", about)])
        customer_id = await living.customer_of(tx.db, case)
        tx.tell(SurveyAnswered(
            case_id=str(case_id), resolution=resolution, score=score, identity=case.identity.hex() if case.identity else None,
            customer_id=str(customer_id) if customer_id else None, team_id=str(case.team_id),
            employee_id=str(asked["employee_id"]) if asked["employee_id"] else None, channel=case.channel, answered_at=now,
        ))


def read_token(service: InteractionService, token: str) -> tuple[UUID, int]:
    """(case, resolution) of a link. Raises Unknown."""
    try:
        case_id, resolution = links.open_link(service.link_secret, links.SURVEY, token)
        return UUID(case_id), int(resolution)
    except ValueError:
        raise errors.unknown_link() from None
