"""Refusals of the consent service."""

from __future__ import annotations

from chassis.errors import Conflict, Invalid, Unknown


class UnknownPurpose(Unknown):
    """A purpose nobody defined."""

    def __init__(self, purpose: str) -> None:
        super().__init__("consent.unknown_purpose", "There is no such purpose; GET /api/v1/purposes lists them.", detail=f"purpose {purpose[:64]}")


class UnknownChannel(Invalid):
    """A channel the purpose does not use."""

    def __init__(self, channels: list[str]) -> None:
        super().__init__("consent.unknown_channel", f"The purpose does not use this channel; it uses {', '.join(channels)}.", channels=channels)


class ChannelNeeded(Invalid):
    """A grant must say for which channel, unless there is only one."""

    def __init__(self, channels: list[str]) -> None:
        super().__init__("consent.channel_needed", f"A grant names one channel of the purpose: {', '.join(channels)}.", channels=channels)


class BadSubject(Invalid):
    """Neither a customer id nor an identity, or both."""

    def __init__(self, reason: str) -> None:
        super().__init__("consent.bad_subject", f"Name the person by `customer_id` or by `identity` (kind:value): {reason}.")


class PurposeExists(Conflict):
    """POST makes new purposes; PUT gives an existing one a new version."""

    def __init__(self) -> None:
        super().__init__("consent.purpose_exists", "There is a purpose of that name: PUT /api/v1/purposes/{purpose} makes a new version of it.")


class SaidInFuture(Invalid):
    """Nobody has said anything tomorrow."""

    def __init__(self) -> None:
        super().__init__("consent.said_in_future", "`said_at` lies in the future.")


class UnknownBatch(Unknown):
    """No such batch of permits."""

    def __init__(self) -> None:
        super().__init__("consent.unknown_permit_batch", "There is no such batch of permits.")


class TooManyMembers(Invalid):
    """More than fit into one batch of permits, or none."""

    def __init__(self, limit: int) -> None:
        super().__init__("consent.batch_size", f"Ask for 1 to {limit} at a time.")


class UnknownWording(Invalid):
    """A wording that was never shown."""

    def __init__(self, newest: int) -> None:
        super().__init__("consent.unknown_wording", f"There is no such `wording_version` of the purpose yet; the newest is {newest}.", newest=newest)


class ExpiryNeedsGrants(Invalid):
    """Nothing can lapse where nothing is granted."""

    def __init__(self) -> None:
        super().__init__("consent.expiry_needs_grants", "`expires_after_days` is for opt_in and double_opt_in: an opt_out purpose has no grants that lapse.")


class UnknownEntry(Unknown):
    """No such line in the ledger of this person."""

    def __init__(self) -> None:
        super().__init__("consent.unknown_entry", "There is no such entry in this customer's ledger.")


class UnknownImport(Unknown):
    """No such import."""

    def __init__(self) -> None:
        super().__init__("consent.unknown_import", "There is no such import of consents.")


class UnreadableImport(Invalid):
    """A file that cannot be read at all."""

    def __init__(self, reason: str) -> None:
        super().__init__("consent.unreadable_import", f"The file cannot be read: {reason}")


class UnknownRequest(Unknown):
    """No privacy request of that id."""

    def __init__(self) -> None:
        super().__init__("privacy.unknown_request", "There is no such privacy request; GET /api/v1/privacy/requests lists them.")


class RequestOpen(Conflict):
    """One open request of a kind is enough."""

    def __init__(self, kind: str) -> None:
        super().__init__("privacy.request_open", f"This customer has an open request of the kind {kind}: answer that one first.")


class WrongState(Conflict):
    """Requests go from received over verified (and running) to completed or refused."""

    def __init__(self, state: str, wanted: tuple[str, ...]) -> None:
        super().__init__("privacy.wrong_state", f"The request is {state}; this can be done while it is {' or '.join(wanted)}.", state=state)


class WrongKind(Conflict):
    """Erasures are carried out by the platform, all others are answered by people."""

    def __init__(self, kind: str) -> None:
        super().__init__(
            "privacy.wrong_kind", f"A request of the kind {kind} is not answered this way: POST …/erase for an erasure, …/carry-out for a restriction, "
            "an objection and a rectification, …/complete for what people have answered; copies are made by themselves."
        )


class NotCompleted(Conflict):
    """There is a certificate only when every service has acknowledged."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__("privacy.not_completed", f"Not all services have acknowledged yet: {', '.join(missing)}.", missing=missing)


class CopyNotReady(Conflict):
    """An archive can be downloaded from when it is made until it expires."""

    def __init__(self) -> None:
        super().__init__("privacy.copy_not_ready", "There is no archive to download: it is not made yet, or its time is over; the request says which.")


class DetailsNeeded(Invalid):
    """An objection names a purpose, a rectification what is right."""

    def __init__(self, what: str) -> None:
        super().__init__("privacy.details_needed", what)


class NothingToCorrect(Unknown):
    """The customer service knows nobody under the id."""

    def __init__(self) -> None:
        super().__init__("privacy.nobody", "Nobody is known under this customer id: there is nothing to correct.")


class NotRestricted(Conflict):
    """Only a restriction that is in force can be lifted."""

    def __init__(self) -> None:
        super().__init__("privacy.not_restricted", "The use of this customer's data is not restricted: there is nothing to lift.")


class UnknownCategory(Invalid):
    """Rules of retention speak of categories that some service keeps."""

    def __init__(self, unknown: list[str], known: list[str]) -> None:
        super().__init__("privacy.unknown_category", f"No service keeps a category {', '.join(unknown)[:200]}; there are {', '.join(known)}.", known=known)


class DoubleRule(Invalid):
    """A category has one rule."""

    def __init__(self) -> None:
        super().__init__("privacy.double_rule", "Two rules speak of one category: give one.")


class DryRunFirst(Conflict):
    """Nothing is ended that nobody has counted."""

    def __init__(self) -> None:
        super().__init__("privacy.dry_run_first", 'These rules were not tried yet: POST …/retention/runs {"dry_run": true}, look at the counts, then act.')


class UnknownRun(Unknown):
    """No such run."""

    def __init__(self) -> None:
        super().__init__("privacy.unknown_run", "There is no such run of the rules of retention.")
