"""How this service says no."""

from __future__ import annotations

from collections.abc import Iterable

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


# Programmes, rewards and points.


def unknown_programme() -> Unknown:
    return Unknown("programme.unknown", "There is no such programme.")


def programme_kind_fixed() -> Conflict:
    return Conflict("programme.kind_fixed", "A programme keeps its kind; make another one.")


def programme_status(status: str, action: str) -> Conflict:
    return Conflict("programme.wrong_status", f"A programme that is {status} cannot be {action}.", programme_status=status)


def programme_not_running() -> Conflict:
    return Conflict("programme.not_running", "The programme does not run; start it first.")


def not_a_points_programme() -> Conflict:
    return Conflict("programme.without_points", "This programme has no points; only those of the kind loyalty have.")


def wrong_kind(kind: str) -> Conflict:
    return Conflict("programme.wrong_kind", f"That is for programmes of the kind {kind}.")


def not_a_member() -> Unknown:
    return Unknown("programme.not_a_member", "This customer is not in the programme.")


def not_enough_points(*, needed: int, there: int) -> Conflict:
    return Conflict("points.not_enough", f"That takes {needed} points, {there} can be spent.", needed=needed, there=there)


def reference_reused() -> Conflict:
    return Conflict("reference.reused", "This reference was used for something else; take another one.")


def unknown_reward() -> Unknown:
    return Unknown("reward.unknown", "There is no such reward.")


def reward_refused(reason: str, words: str) -> Conflict:
    """`reason`: inactive, not_yet, over, out_of_stock, out_of_budget, reserved, used_up, held_out."""
    return Conflict("reward." + reason, words)


def unknown_redemption() -> Unknown:
    return Unknown("redemption.unknown", "There is no such redemption.")


def no_values() -> Conflict:
    return Conflict("budget.no_values", "Nobody's lifetime value is known; let the analytics service reckon it first.")


def unknown_code() -> Unknown:
    return Unknown("referral.unknown", "There is no such code.")


def referral_refused(reason: str, words: str) -> Conflict:
    """`reason`: oneself, ordered_before, already."""
    return Conflict("referral." + reason, words)


def unknown_group() -> Unknown:
    return Unknown("community.unknown", "There is no such group.")


def not_invited() -> Conflict:
    return Conflict("community.not_in_it", "This customer is not a member of the group.")


# Audiences.


def unknown_list() -> Unknown:
    return Unknown("list.unknown", "There is no such list.")


def profitability_missing() -> Invalid:
    return Invalid(
        "selection.profitability_missing",
        "This selection does not look at what customers bring. Select by profit, or have a named person answer for it: override_by and override_reason.",
    )


# Tests.


def unknown_experiment() -> Unknown:
    return Unknown("experiment.unknown", "There is no such test.")


def tested_already() -> Conflict:
    return Conflict("experiment.there", "This campaign has a test; a campaign has one at most.")


def decided_already(winner: str) -> Conflict:
    return Conflict("experiment.decided", f"This test is decided: {winner} won.", winner=winner)


def unknown_arm(name: str) -> Invalid:
    return Invalid("experiment.arm_unknown", f"The test has no arm {name}.")


def impossible_rates() -> Invalid:
    return Invalid("experiment.impossible", "`baseline` and `baseline + effect` must lie between 0 and 1, and differ.")


# On the site.


def unknown_site_message() -> Unknown:
    return Unknown("site_message.unknown", "There is no such message for the site.")


def unknown_decision() -> Unknown:
    return Unknown("decision.unknown", "There is no such decision.")


def unknown_message() -> Unknown:
    return Unknown("message.unknown", "There is no such message.")


def key_missing() -> Invalid:
    return Invalid("idempotency.key_missing", "Send a header Idempotency-Key of 8 to 200 printable characters, a new one for each message.")


def unknown_block() -> Unknown:
    return Unknown("block.unknown", "There is no such block.")


def unknown_feed() -> Unknown:
    return Unknown("feed.unknown", "There is no such feed.")


def bad_block(detail: str) -> Invalid:
    return Invalid("block.invalid", f"A template that holds this block would break: {detail}.")


# Contact pressure and journeys.


def policy_moved(version: int) -> Conflict:
    return Conflict("pressure.version_moved", f"The policy is at version {version} by now: read it again.", version=version)


def unknown_journey() -> Unknown:
    return Unknown("journey.unknown", "There is no such journey.")


def bad_journey(faults: Iterable[tuple[str, str]]) -> Invalid:
    """`faults`: (pointer, detail)."""
    errors = [{"pointer": pointer, "detail": detail} for pointer, detail in faults]
    return Invalid("journey.invalid", "The journey cannot run like this; `errors` says where and why.", errors=errors)


def wrong_journey_status(status: str, action: str) -> Conflict:
    return Conflict("journey.wrong_status", f"A journey that is {status} cannot be {action}.", journey_status=status)


def draft_moved(number: int) -> Conflict:
    return Conflict("journey.draft_moved", f"The draft is at number {number} by now: read it again.", draft_number=number)


def not_inside() -> Unknown:
    return Unknown("journey.not_inside", "This customer was never in the journey.")


def unknown_backtest() -> Unknown:
    return Unknown("backtest.unknown", "There is no such backtest.")


def cannot_backtest(detail: str) -> Invalid:
    return Invalid("backtest.not_possible", f"This cannot be tested on the past: {detail}")


# Playbooks.


def unknown_playbook() -> Unknown:
    return Unknown("playbook.unknown", "There is no such playbook.")


def unknown_run() -> Unknown:
    return Unknown("playbook.run_unknown", "There is no such run of a playbook.")


def playbook_invalid(detail: str) -> Invalid:
    return Invalid("playbook.invalid", f"The playbook cannot be used: {detail}.")


def not_approved() -> Conflict:
    return Conflict("campaign.not_approved", "A second person has to approve this campaign before it is launched: POST …/approve.")


def same_person() -> Conflict:
    return Conflict("campaign.same_person", "Whoever wrote a campaign does not approve it; ask somebody else.")


# Products made for one customer.


def unknown_configurable() -> Unknown:
    return Unknown("customisation.unknown_product", "There is no such product with options.")


def unknown_customised() -> Unknown:
    return Unknown("customisation.unknown", "Nothing was chosen under this id.")


def configurable_ended() -> Conflict:
    return Conflict("customisation.product_ended", "This product is not offered any more.")


def no_combination() -> Conflict:
    return Conflict("customisation.no_combination", "No combination of the options goes together for this customer; look at what each choice requires, excludes and is reserved for.")


def invalid_customised(faults: list[dict[str, str]]) -> Invalid:
    return Invalid("customisation.invalid", "These choices do not go together for this customer; `errors` says why.", errors=faults)


def wrong_customised(state: str, wanted: str) -> Conflict:
    return Conflict("customisation.wrong_state", f"What is {state} cannot be {wanted}.", state=state)
