"""Write use cases."""

from services.interaction.commands import (
    auctions,
    between,
    cases,
    composing,
    deputies,
    forms,
    inboxes,
    knowledge,
    leads,
    notices,
    opportunities,
    plans,
    questionnaires,
    rates,
    registries,
    replays,
    retention,
    rooms,
    sessions,
    tasks,
    visits,
)
from services.interaction.commands.balancing import balance_intake
from services.interaction.commands.employing import hand_over as hand_over_cases
from services.interaction.commands.employing import import_employees, put_employee, read_csv
from services.interaction.commands.erasing import erase_people
from services.interaction.commands.keeping import forget_quarantine
from services.interaction.commands.knowing import add_customer_note, change_customer_note, replicate_profiles
from services.interaction.commands.mailing import Taken, forget_counts, forget_files, take_mail, takes
from services.interaction.commands.organising import put_calendar, put_policy, put_rules, put_team
from services.interaction.commands.posting import record_order, record_touchpoint
from services.interaction.commands.publishing import hand_over, publish, publish_leftovers
from services.interaction.commands.recording import record_events
from services.interaction.commands.releasing import discard, release
from services.interaction.commands.replicating import (
    note_campaign,
    note_merge,
    note_message,
    note_unmerge,
    replicate_consent,
    replicate_identities,
)

__all__ = [
    "Taken",
    "add_customer_note",
    "auctions",
    "balance_intake",
    "between",
    "cases",
    "change_customer_note",
    "composing",
    "deputies",
    "discard",
    "erase_people",
    "forget_counts",
    "forget_files",
    "forget_quarantine",
    "forms",
    "hand_over",
    "hand_over_cases",
    "import_employees",
    "inboxes",
    "knowledge",
    "leads",
    "note_campaign",
    "note_merge",
    "note_message",
    "note_unmerge",
    "notices",
    "opportunities",
    "plans",
    "publish",
    "publish_leftovers",
    "put_calendar",
    "put_employee",
    "put_policy",
    "put_rules",
    "put_team",
    "questionnaires",
    "rates",
    "read_csv",
    "record_events",
    "record_order",
    "record_touchpoint",
    "registries",
    "release",
    "replays",
    "replicate_consent",
    "replicate_identities",
    "replicate_profiles",
    "retention",
    "rooms",
    "sessions",
    "take_mail",
    "takes",
    "tasks",
    "visits",
]
