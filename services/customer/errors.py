"""This service's refusals."""

from __future__ import annotations

from uuid import UUID

from chassis.errors import Conflict, Forbidden, Invalid, Outdated, Unknown


def card_number(pointer: str) -> Invalid:
    """Never with the number itself."""
    return Invalid(
        "request.card_number", "This holds the number of a payment card, and nothing of it was kept: send the token of your payment provider instead.",
        errors=[{"pointer": pointer or "/", "detail": "a payment card number"}],
    )


def unknown_customer() -> Unknown:
    return Unknown("customer.unknown", "There is no customer with this id.")


def unknown_merge() -> Unknown:
    return Unknown("merge.unknown", "There is no merge with this id.")


def not_their_identity() -> Unknown:
    return Unknown("identity.unknown", "This customer is not recognised by that identity: see `/identities` of the customer.")


def only_identity() -> Conflict:
    return Conflict("identity.only_one", "It is the only identity of this customer, so there is nothing to take apart.")


def not_split() -> Conflict:
    return Conflict("identity.not_split", "This identity was never split off, so there is nothing to put back; POST /api/v1/merges joins two customers.")


def merged_since_split(customer_id: UUID) -> Conflict:
    return Conflict(
        "identity.merged_since", "Since the split this identity's customer became part of another one: undo that merge first.",
        customer_id=str(customer_id),
    )


def bad_archive(reason: str) -> Invalid:
    return Invalid("portable.bad_archive", f"This is no customer of another installation that can be taken over: {reason}.")


def damaged_archive() -> Invalid:
    return Invalid("portable.damaged", "The file is not as it was written: its hash differs. Export the customer again.")


def portable_hidden() -> Forbidden:
    return Forbidden("portable.hidden", "This customer has sensitive traits: taking it along needs a key with the scope customers:sensitive.")


def identity_taken(customer_id: UUID, kind: str) -> Conflict:
    return Conflict(
        "customer.identity_taken",
        f"A customer with this {kind} exists already; change that one, or send `?upsert=true`.",
        customer_id=str(customer_id),
    )


def bad_identity(pointer: str, message: str) -> Invalid:
    return Invalid("customer.bad_identity", message, pointer=pointer)


def bad_trait(name: str, message: str) -> Invalid:
    return Invalid("customer.bad_trait", message, pointer=f"/traits/{name}")


def misfitting_trait(sent: str, place: str, name: str, reason: str) -> Invalid:
    pointer = f"/traits/{sent.replace('~', '~0').replace('/', '~1')}{place}"
    message = f"`{name}` does not fit its definition: {reason}. What it may be stands at `/api/v1/traits/{name}`."
    return Invalid("customer.bad_trait", message, pointer=pointer)


def changed_meanwhile(version: int) -> Outdated:
    return Outdated(
        "customer.changed_meanwhile", "Somebody changed this customer since you read it: read it again, then send your change with the new ETag.",
        version=version,
    )


def not_yet_known() -> Unknown:
    return Unknown("customer.not_yet_known", "At that time this customer was not known yet: ask for a later `as_of`.")


def bad_as_of() -> Invalid:
    return Invalid("customer.bad_as_of", "`as_of` lies in the future: leave it out to read what is known now.", pointer="/query/as_of")


def unknown_trait(name: str) -> Unknown:
    return Unknown("trait.unknown", "This trait is not defined: define it with PUT at the same address.", name=name)


def unhidable(name: str) -> Invalid:
    return Invalid(
        "trait.not_hidable", "This field cannot be hidden: it has no usable name, or people are recognised and reached by it. Withdraw the channel instead.",
        name=name,
    )


def only_the_person() -> Forbidden:
    return Forbidden("trait.persons_choice", "What is hidden the person says, in the preference centre, or somebody with the scope customers:sensitive for them.")


def hidden_trait(name: str) -> Forbidden:
    return Forbidden("trait.hidden", "This trait is sensitive: finding customers by it needs a key with the scope customers:sensitive.", name=name)


def bad_trait_name(name: str) -> Invalid:
    return Invalid("trait.bad_name", "A trait has a name of 1 to 100 characters and is no identity (`id`, `userId`).", pointer="/path/name", name=name)


def bad_schema(message: str) -> Invalid:
    return Invalid("trait.bad_schema", f"This is no JSON Schema (2020-12) that can be used: {message}.", pointer="/body/schema")


def always_shown(name: str) -> Invalid:
    message = f"`{name}` cannot be sensitive: people are recognised by it, so it stands among their identities."
    return Invalid("trait.always_shown", message, pointer="/body/classification")


def too_many_definitions(limit: int) -> Conflict:
    return Conflict("trait.too_many", f"There are {limit} definitions already: take away some that are not used.")


def definition_changed_meanwhile(version: int) -> Outdated:
    return Outdated(
        "trait.changed_meanwhile", "Somebody changed this definition since you read it: read it again, then send your change with the new ETag.",
        version=version,
    )


def same_customer() -> Conflict:
    return Conflict("merge.same_customer", "The two ids already are one customer.")


def different_types() -> Conflict:
    return Conflict("merge.different_types", "A person and an account are two customers: make the person a member of the account instead.")


def already_undone() -> Conflict:
    return Conflict("merge.already_undone", "This merge was undone before.")


def bad_search() -> Invalid:
    return Invalid("customer.bad_search", "Search for at least 2 letters or digits, or use `identity=kind:value`.")


def bad_trait_filter(name: str) -> Invalid:
    return Invalid("customer.bad_trait_filter", "Write `trait=name:value` with a text, number or yes/no of at most 80 signs.", pointer=f"/trait/{name[:100]}")


def bad_rules(pointer: str, message: str) -> Invalid:
    return Invalid("identity_rules.bad_document", f"These rules cannot be used: {message}", pointer=pointer)


def rules_changed_meanwhile(version: int) -> Outdated:
    return Outdated(
        "identity_rules.changed_meanwhile", "Somebody changed the rules since you read them: read them again, then send your change.",
        version=version,
    )


def unknown_review() -> Unknown:
    return Unknown("identity_review.unknown", "There is no review with this id.")


def already_decided() -> Conflict:
    return Conflict(
        "identity_review.already_decided", "The two were merged by an earlier decision: undo that merge at `/api/v1/merges` to part them again.",
    )


def unknown_account() -> Unknown:
    return Unknown("account.unknown", "There is no organisation or household with this id; people are at `/api/v1/customers`.")


def not_a_person() -> Invalid:
    return Invalid("account.bad_member", "Members of an account are people: send the id of a customer of type person.", pointer="/customer_id")


def unknown_membership() -> Unknown:
    return Unknown("account.no_member", "This customer does not belong to this account.")


def bad_contact_point(pointer: str, message: str) -> Invalid:
    return Invalid("customer.bad_contact_point", message, pointer=pointer)


def bad_preference(pointer: str, message: str) -> Invalid:
    return Invalid("customer.bad_preference", message, pointer=pointer)


def unknown_need() -> Unknown:
    return Unknown("need.unknown", "This customer has no need with this id.")


def need_met() -> Conflict:
    return Conflict("need.already_met", "This need was met before.")


def unknown_import() -> Unknown:
    return Unknown("import.unknown", "There is no import with this id.")


def import_is(state: str) -> Conflict:
    return Conflict("import.wrong_state", f"This import is {state}: what you ask for is not possible any more, or not yet.", state=state)


def import_incomplete(count: int, parts: int) -> Conflict:
    return Conflict(
        "import.incomplete", f"{count} pieces have arrived, you name {parts}: send those that are missing, numbered from 1, then start again.", arrived=count
    )


def unknown_export() -> Unknown:
    return Unknown("export.unknown", "There is no export with this id; files are kept for a week.")


def export_not_ready(state: str) -> Conflict:
    return Conflict("export.not_ready", f"The export is {state}: ask again when it is done.", state=state)


def export_purpose(why: str) -> Invalid:
    return Invalid("export.purpose", f"The export's purpose cannot be pursued: {why} GET /api/v1/purposes lists purposes and their channels.")


def export_hidden() -> Forbidden:
    return Forbidden("export.hidden", "This file holds sensitive traits: reading it needs a key with the scope customers:sensitive.")


def unknown_scan() -> Unknown:
    return Unknown("scan.unknown", "There is no scan with this id.")


def scan_runs(scan_id: UUID | None) -> Conflict:
    return Conflict("scan.runs_already", "A scan waits or runs already: follow that one.", scan_id=str(scan_id))


def unknown_pair() -> Unknown:
    return Unknown("duplicate.unknown", "There is no such pair: the last scan did not find it.")


def pair_merged(merge_id: UUID | None) -> Conflict:
    return Conflict(
        "duplicate.merged", "The two were merged by an earlier decision: undo that merge at `/api/v1/merges` to part them again.", merge_id=str(merge_id)
    )


def bad_survivor() -> Invalid:
    return Invalid("duplicate.bad_survivor", "Who survives is one of the two.", pointer="/survivor_id")
