"""What this service refuses."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from chassis.errors import Conflict, Forbidden, Invalid, Outdated, Unavailable, Unknown


def unknown_interaction() -> Unknown:
    return Unknown("interaction.unknown", "There is no such interaction.")


def unknown_source() -> Unknown:
    return Unknown("sources.unknown", "There is no such source.")


def unknown_plan() -> Unknown:
    return Unknown("plan.unknown", "This source has no tracking plan, or not this version: put one first.")


def bad_plan(pointer: str, reason: str) -> Invalid:
    return Invalid("plan.invalid", "The plan cannot be used; `errors` names the place.", errors=[{"pointer": pointer, "detail": reason}])


def plan_changed_meanwhile(version: int) -> Outdated:
    return Outdated(
        "plan.changed_meanwhile", "Somebody changed this plan since you read it: read it again, then send your change with the new ETag.",
        version=version,
    )


def not_as_planned(errors: list[dict[str, str]]) -> Invalid:
    return Invalid("quarantine.not_as_planned", "The event is still not as the tracking plan of its source wants it; it stays open.", errors=errors)


def too_many_listeners() -> Unavailable:
    return Unavailable("live.full", "Too many are watching at the moment: try again.", retry_after=10)


def unknown_replay() -> Unknown:
    return Unknown("replay.unknown", "There is no such replay.")


def bad_identity(reason: str) -> Invalid:
    return Invalid("interaction.bad_identity", reason)


def unknown_order() -> Unknown:
    return Unknown("order.unknown", "There is no such order.")


def unknown_customer() -> Unknown:
    return Unknown("customer.unknown", "There is no such customer.")


def unknown_quarantine() -> Unknown:
    return Unknown("quarantine.unknown", "There is no such payload in quarantine.")


def closed_quarantine(state: str) -> Conflict:
    return Conflict("quarantine.closed", f"This payload was {state} already.", state=state)


def incomplete_payload() -> Conflict:
    return Conflict("quarantine.incomplete", "Only a part of this payload was kept: send a corrected one with the release.")


def refused(code: str, detail: str) -> Invalid:
    """An event that does not pass the checks of collection; for data that breaks its schema the detail is a JSON pointer."""
    if code == "invalid_data":
        return Invalid(f"interaction.{code}", "The data does not match its schema.", errors=[{"pointer": detail, "detail": "missing or wrong"}])
    return Invalid(f"interaction.{code}", detail)


def not_an_object() -> Invalid:
    return Invalid("interaction.not_an_object", "The body must be one JSON object.")


def not_confirmed() -> Unavailable:
    return Unavailable("interaction.not_confirmed", "The event log did not confirm in time: send the same again.", retry_after=2)


def wrong(code: str, pointer: str, message: str) -> Invalid:
    """A field that is well-formed but cannot be; the pointer names it."""
    return Invalid(code, message, errors=[{"pointer": pointer, "detail": message}])


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


def unknown_room() -> Unknown:
    return Unknown("room.unknown", "There is no such room or board.")


def unknown_post() -> Unknown:
    return Unknown("post.unknown", "There is no such post in this room.")


def closed_room() -> Conflict:
    return Conflict("room.closed", "Nobody posts here any more: open it again first.")


def other_kind_of_room() -> Conflict:
    return Conflict("room.other_kind", "There is a room or board of this name, of the other kind: choose another name.")


def unknown_auction() -> Unknown:
    return Unknown("auction.unknown", "There is no such auction.")


def auction_not_open(opens_at: datetime, closes_at: datetime) -> Conflict:
    return Conflict(
        "auction.not_open", "Bids count from the opening to the close of the auction.", opens_at=opens_at.isoformat(), closes_at=closes_at.isoformat()
    )


def own_auction() -> Conflict:
    return Conflict("auction.own", "Who sells does not bid.")


def own_bid() -> Conflict:
    return Conflict("auction.own_bid", "The highest bid is this customer's already: wait until somebody bids more.")


def bid_too_low(least: int) -> Conflict:
    return Conflict("auction.bid_too_low", "The bid is too low: bid at least `least_minor`.", least_minor=least)


def unknown_deputy() -> Unknown:
    return Unknown("deputy.unknown", "There is no such shopping agent.")


def bad_deputy_key() -> Forbidden:
    return Forbidden("deputy.bad_key", "This key opens nothing: it is wrong, revoked, or its time is over.")


def deputy_may_not(action: str) -> Forbidden:
    return Forbidden("deputy.not_allowed", f"This agent may not {action}.")


def deputy_other_currency(currency: str) -> Forbidden:
    return Forbidden("deputy.other_currency", f"This agent's budget is in {currency}.", currency=currency)


def deputy_budget(left: int) -> Forbidden:
    return Forbidden("deputy.over_budget", "This is more than what is left of the agent's budget.", left_minor=left)


def unknown_inbox() -> Unknown:
    return Unknown("inbox.unknown", "There is nothing at this address.")


def bad_signature() -> Forbidden:
    return Forbidden("inbox.bad_signature", "The signature does not match: check the secret on both sides.")


def unreadable_delivery() -> Invalid:
    return Invalid("inbox.unreadable", "The delivery is signed, but it is not what this provider sends.")


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


def unknown_case() -> Unknown:
    return Unknown("case.unknown", "There is no such case.")


def unknown_employee() -> Unknown:
    return Unknown("employee.unknown", "There is no such employee.")


def unknown_team() -> Unknown:
    return Unknown("team.unknown", "There is no such team.")


def unknown_calendar() -> Unknown:
    return Unknown("calendar.unknown", "There is no such calendar.")


def unknown_policy() -> Unknown:
    return Unknown("service_policy.unknown", "There is no such service policy.")


def unknown_note() -> Unknown:
    return Unknown("note.unknown", "There is no such note.")


def changed_meanwhile(what: str, version: int) -> Outdated:
    return Outdated(
        f"{what}.changed_meanwhile", "Somebody changed this since you read it: read it again, then send your change with the new ETag.",
        version=version,
    )


def name_taken(what: str) -> Conflict:
    return Conflict(f"{what}.taken", "Another one has this name or e-mail address already: choose another, or change that one.")


def not_there(pointer: str) -> Invalid:
    return Invalid("request.unknown_reference", "What this field names does not exist: create it first.", pointer=pointer)


def bad_move(status: str, wanted: str) -> Conflict:
    return Conflict("case.bad_move", f"A case that is {status} cannot become {wanted}.", state=status)


def merged_case(into: str) -> Conflict:
    return Conflict("case.merged", "This case was merged into another one: work on that.", merged_into=into)


def no_room() -> Conflict:
    return Conflict("case.no_room", "This employee is not active, away, or has as many open cases as fit: choose somebody else, or a team.")


def bad_merge() -> Invalid:
    return Invalid("case.bad_merge", "A case cannot be merged into itself or into a part of itself.", pointer="/into")


def no_reply_to() -> Conflict:
    return Conflict("case.no_address", "Nothing says where the answer goes: send `kind` and the `fields` that kind of contact needs.")


def not_resolved() -> Conflict:
    return Conflict("case.not_resolved", "The question is asked when a case is resolved: there is no link before.")


def unknown_link() -> Unknown:
    return Unknown("link.unknown", "This link is not valid.")


def bad_period() -> Invalid:
    return Invalid("figures.bad_period", "`since` lies before `until`, and no more than 1000 days apart.", pointer="/query/since")


def fallback_circle() -> Invalid:
    return Invalid("team.fallback_circle", "A team cannot fall back on itself, directly or through others.", pointer="/fallback_id")


def bad_import(detail: str) -> Invalid:
    return Invalid("employee.bad_import", detail)


def never_open() -> Invalid:
    return Invalid("calendar.never_open", "With these holidays nobody ever works: leave some working hours.", pointer="/holidays")


def unknown_currency(pointer: str) -> Invalid:
    return Invalid(
        "currency.unknown", "This is no currency of ISO 4217: write its three letters, for example EUR.",
        errors=[{"pointer": pointer, "detail": "unknown currency"}],
    )


def same_currency(pointer: str) -> Invalid:
    return Invalid("currency.same", "A currency is worth one of itself: no rate is needed.", errors=[{"pointer": pointer, "detail": "the same as home"}])


def rules_incomplete() -> Invalid:
    return Invalid("retention.rules_incomplete", "Name each kind once, and give a rule for the kind * (all others).")


def unknown_form() -> Unknown:
    return Unknown("form.unknown", "There is no such form, or no such version of it.")


def empty_mail() -> Invalid:
    return Invalid("mail.empty", "The body is empty: send the mail as it is, head and body.")


def unknown_attachment() -> Unknown:
    return Unknown("attachment.unknown", "There is no such attachment.")


def unknown_product() -> Unknown:
    return Unknown("product.unknown", "There is no such product.")


def unknown_partner() -> Unknown:
    return Unknown("partner.unknown", "There is no such partner.")


def unknown_survey() -> Unknown:
    return Unknown("survey.unknown", "There is no such survey.")


def survey_closed() -> Conflict:
    return Conflict("survey.closed", "This survey takes no answers now: it is not active, or this wave is none of its own or not open.")


def survey_names() -> Invalid:
    return Invalid("survey.names", "Each question and each wave has a name of its own.")


def bad_answer(question_id: str, fault: str) -> Invalid:
    return Invalid("survey.bad_answer", "An answer does not fit its question; none was recorded.", errors=[{"pointer": f"/answers/{question_id}", "detail": fault}])
