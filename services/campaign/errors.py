"""How this service says no."""

from __future__ import annotations

from chassis.errors import Conflict, Gone, Invalid, Unknown


def unknown_template() -> Unknown:
    return Unknown("template.unknown", "There is no such template.")


def unknown_campaign() -> Unknown:
    return Unknown("campaign.unknown", "There is no such campaign.")


def unknown_customer() -> Unknown:
    return Unknown("customer.unknown", "This service has not heard of such a customer.")


def bad_template(code: str, *, locale: str, part: str, detail: str) -> Invalid:
    """`code`: template.invalid or template.limit; the errors point at the locale and part at fault."""
    return Invalid(code, f"The template cannot be used: {detail}.", errors=[{"pointer": f"/locales/{locale}/{part}", "detail": detail}])


def cannot_render(code: str, detail: str) -> Invalid:
    return Invalid(code.replace("_", ".", 1), f"The template cannot be filled in: {detail}.")


def wrong_status(status: str, action: str) -> Conflict:
    return Conflict("campaign.wrong_status", f"A campaign that is {status} cannot be {action}.", campaign_status=status)


def bad_link() -> Gone:
    return Gone("link.bad", "This link does not work (any more).")


def bad_address(field: str) -> Invalid:
    return Invalid("campaign.bad_address", f"`{field}` is not an e-mail address that can stand in a mail.")


def bad_value(field: str) -> Invalid:
    return Invalid("campaign.bad_value", f"`{field}` holds characters that cannot stand in a mail header.")


def not_suppressed() -> Unknown:
    return Unknown("suppression.unknown", "This address is not suppressed.")
