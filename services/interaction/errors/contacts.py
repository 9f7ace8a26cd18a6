"""Refusals about contacts: touch points, mail, surveys."""

from __future__ import annotations

from chassis.errors import Conflict, Invalid, Unavailable, Unknown


def unknown_notice() -> Unknown:
    return Unknown("notice.unknown", "There is no such message, or it did not fail.")


def unknown_interaction() -> Unknown:
    return Unknown("interaction.unknown", "There is no such interaction.")


def unknown_customer() -> Unknown:
    return Unknown("customer.unknown", "There is no such customer.")


def refused(code: str, detail: str) -> Invalid:
    """An event that does not pass the checks of collection; for data that breaks its schema the detail is a JSON pointer."""
    if code == "invalid_data":
        return Invalid(f"interaction.{code}", "The data does not match its schema.", errors=[{"pointer": detail, "detail": "missing or wrong"}])
    return Invalid(f"interaction.{code}", detail)


def not_an_object() -> Invalid:
    return Invalid("interaction.not_an_object", "The body must be one JSON object.")


def not_confirmed() -> Unavailable:
    return Unavailable("interaction.not_confirmed", "The event log did not confirm in time: send the same again.", retry_after=2)


def empty_mail() -> Invalid:
    return Invalid("mail.empty", "The body is empty: send the mail as it is, head and body.")


def unknown_attachment() -> Unknown:
    return Unknown("attachment.unknown", "There is no such attachment.")


def unknown_survey() -> Unknown:
    return Unknown("survey.unknown", "There is no such survey.")


def survey_closed() -> Conflict:
    return Conflict("survey.closed", "This survey takes no answers now: it is not active, or this wave is none of its own or not open.")


def survey_names() -> Invalid:
    return Invalid("survey.names", "Each question and each wave has a name of its own.")


def bad_answer(question_id: str, fault: str) -> Invalid:
    return Invalid("survey.bad_answer", "An answer does not fit its question; none was recorded.", errors=[{"pointer": f"/answers/{question_id}", "detail": fault}])
