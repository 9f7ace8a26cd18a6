"""Refusals of the gateway."""

from __future__ import annotations

from chassis.errors import Conflict, Forbidden, Gone, Invalid, Unknown


class UnknownKey(Unknown):
    """No key of that id."""

    def __init__(self) -> None:
        super().__init__("keys.unknown", "There is no such key.")


class UnknownSource(Unknown):
    """No source of that id."""

    def __init__(self) -> None:
        super().__init__("sources.unknown", "There is no such source.")


class UnknownOperation(Unknown):
    """No operation of that id that this caller may see."""

    def __init__(self) -> None:
        super().__init__("operations.unknown", "There is no such operation of yours; they are remembered for 30 days.")


class TooManyKeys(Conflict):
    """A source has at most two live keys: the old one and its successor."""

    def __init__(self) -> None:
        super().__init__("sources.too_many_keys", "A source has at most two live keys: revoke one first.")


class UnknownScope(Invalid):
    """A scope that nothing asks for."""

    def __init__(self, known: list[str]) -> None:
        super().__init__("keys.unknown_scope", f"Known scopes are: {', '.join(known)}.", scopes=known)


class BasisNeeded(Invalid):
    """What a system that is not ours brings needs a reason to be kept."""

    def __init__(self) -> None:
        super().__init__(
            "sources.basis_needed",
            "A source of kind `external` needs a `consent_basis`; with the basis `consent` also `require_consent`, the purpose each person has to have granted.",
        )


class BadKey(Invalid):
    """A key set by hand must be usable in every header and query."""

    def __init__(self) -> None:
        super().__init__("keys.bad_key", "A key set by hand is 8 to 64 printable characters without blank and colon (an API key at least 16).")


class KeyTaken(Conflict):
    """The same key text twice."""

    def __init__(self) -> None:
        super().__init__("keys.taken", "This key is in use already.")


class UnknownWebhook(Unknown):
    """No webhook of that id."""

    def __init__(self) -> None:
        super().__init__("webhooks.unknown", "There is no such webhook.")


class UnknownDelivery(Unknown):
    """No delivery of that id at this webhook."""

    def __init__(self) -> None:
        super().__init__("webhooks.delivery_unknown", "This webhook has no such delivery; they are remembered for 30 days.")


class UnknownReplay(Unknown):
    """No replay of that id at this webhook."""

    def __init__(self) -> None:
        super().__init__("webhooks.replay_unknown", "This webhook has no such replay.")


class UnknownEvent(Invalid):
    """A pattern that means no event."""

    def __init__(self, pattern: str) -> None:
        super().__init__(
            "webhooks.unknown_event", f"`{pattern}` means no kind of event: GET /api/v1/webhooks/event-types lists them; `*` at the end stands for any rest."
        )


class PayloadGone(Gone):
    """The content of a delivery is not kept any more."""

    def __init__(self) -> None:
        super().__init__("webhooks.payload_gone", "The content of this delivery is no longer kept; replay its time if the log still has it.")


class BadRange(Invalid):
    """A range of time that holds nothing."""

    def __init__(self) -> None:
        super().__init__("webhooks.bad_range", "`from` must be earlier than `to`.")


class PersonalNotAllowed(Forbidden):
    """Personal data goes only to endpoints of those who may read it."""

    def __init__(self) -> None:
        super().__init__("webhooks.personal_forbidden", "An endpoint with personal data is set up with a key that has customers:read and customers:sensitive.")


class UnknownPerson(Unknown):
    """Nobody of that id."""

    def __init__(self) -> None:
        super().__init__("people.unknown", "There is no such person.")


class NameTaken(Conflict):
    """Somebody has this name already."""

    def __init__(self) -> None:
        super().__init__("people.name_taken", "Somebody signs in with this name already.")


class UnknownRole(Invalid):
    """A role that nobody has defined."""

    def __init__(self, name: str) -> None:
        super().__init__("roles.unknown", f"There is no role {name}: GET /api/v1/roles lists them.")


class BuiltInRole(Conflict):
    """The six roles mean the same everywhere."""

    def __init__(self) -> None:
        super().__init__("roles.built_in", "This role is always there and cannot be changed: make one of another name.")


class UnknownField(Invalid):
    """Something to hide that nobody knows."""

    def __init__(self, name: str) -> None:
        super().__init__("roles.unknown_field", f"`{name}` hides nothing: use contact, cards, sensitive or trait:NAME.")


class BadPassword(Invalid):
    """One answer for every cause."""

    def __init__(self) -> None:
        super().__init__("people.bad_password", "Name and password do not fit, or the account is locked: after ten failures for 15 minutes.")


class OtherRequest(Invalid):
    """One Idempotency-Key for two requests."""

    def __init__(self) -> None:
        super().__init__("idempotency.other_request", "This Idempotency-Key was used for another request: choose a new one for each.")


class InProgress(Conflict):
    """The same request is being worked on."""

    def __init__(self) -> None:
        super().__init__("idempotency.in_progress", "The same request is being worked on: ask again for its answer.")


class AnswerNotKept(Conflict):
    """It was done; what was answered is too large to be given again."""

    def __init__(self) -> None:
        super().__init__("idempotency.answer_not_kept", "This was done already; its answer was too large to be kept.")


class KeyNotLive(Conflict):
    """A key that is worth nothing has no successor."""

    def __init__(self) -> None:
        super().__init__("keys.not_live", "This key was revoked or has expired: create a new one.")


class NothingShown(Invalid):
    """A session is asked for without a proof."""

    def __init__(self) -> None:
        super().__init__("session.nothing_shown", "Sign in with name and password, or with the header `Authorization: Bearer KEY`.")


class GuessablePassword(Invalid):
    """A known one, a pattern, or made of words that everybody would try."""

    def __init__(self) -> None:
        super().__init__("people.password_guessable", "This password would soon be guessed: take four words that have nothing to do with each other, or what a password manager makes.")


class NotAPerson(Forbidden):
    """A key has no password."""

    def __init__(self) -> None:
        super().__init__("people.not_a_person", "Only somebody who signs in here has a password; keys are rotated instead.")
