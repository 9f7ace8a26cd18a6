"""Refusals about tasks, selling, forms and knowledge."""

from __future__ import annotations

from uuid import UUID

from chassis.errors import Conflict, Invalid, Unknown
from services.interaction.errors.general import wrong


def unknown_task() -> Unknown:
    return Unknown("task.unknown", "There is no such task.")


def closed_task(state: str) -> Conflict:
    return Conflict("task.closed", f"This task is {state} already: plan a new one.", state=state)


def task_without_time() -> Conflict:
    return Conflict("task.no_due_time", "A calendar needs a time: say when the task is due, then ask again.")


def unknown_lead() -> Unknown:
    return Unknown("lead.unknown", "There is no such lead.")


def closed_lead(state: str) -> Conflict:
    return Conflict("lead.closed", f"This lead is {state}: open a new one.", state=state)


def lead_open_already(lead_id: UUID | None) -> Conflict:
    return Conflict("lead.open_already", "This person has an open lead from this source already: go on with that one.", lead_id=str(lead_id))


def lead_without_contact() -> Conflict:
    return Conflict("lead.no_contact", "Nobody can be recognised by this lead: it has neither a customer nor an e-mail address or telephone number.")


def customer_not_made(status: int) -> Conflict:
    return Conflict("lead.customer_refused", "The lead's contact makes no customer: correct it and try again.", status_of_customer=status)


def unknown_article() -> Unknown:
    return Unknown("article.unknown", "There is no such article, or no such text of it.")


def unknown_reply() -> Unknown:
    return Unknown("reply.unknown", "There is no such canned reply.")


def unknown_pipeline() -> Unknown:
    return Unknown("pipeline.unknown", "There is no such pipeline.")


def stage_in_use(stages: list[str]) -> Conflict:
    return Conflict("pipeline.stage_in_use", "Opportunities are in stages that would be gone: move them first.", stages=stages)


def unknown_opportunity() -> Unknown:
    return Unknown("opportunity.unknown", "There is no such opportunity.")


def closed_opportunity(state: str) -> Conflict:
    return Conflict("opportunity.closed", f"This opportunity is {state}: move it to an open stage first.", state=state)


def next_step_needed() -> Invalid:
    return wrong("opportunity.no_next_step", "/next_step", "An open opportunity has a next step: say what is done next, and when.")


def unknown_quote() -> Unknown:
    return Unknown("quote.unknown", "There is no such quote.")


def quote_twice() -> Conflict:
    return Conflict("quote.twice", "This opportunity has a quote of this number already.")


def answered_quote(state: str) -> Conflict:
    return Conflict("quote.answered", f"This quote is {state} already.", state=state)


def unknown_form() -> Unknown:
    return Unknown("form.unknown", "There is no such form, or no such version of it.")
