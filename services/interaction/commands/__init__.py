"""Write use cases."""

from services.interaction.commands import leads, opportunities, plans, tasks
from services.interaction.commands.balancing import balance_intake
from services.interaction.commands.keeping import forget_quarantine
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
    "balance_intake",
    "discard",
    "forget_quarantine",
    "hand_over",
    "leads",
    "note_campaign",
    "note_merge",
    "note_message",
    "note_unmerge",
    "opportunities",
    "plans",
    "publish",
    "publish_leftovers",
    "record_events",
    "record_order",
    "record_touchpoint",
    "release",
    "replicate_consent",
    "replicate_identities",
    "tasks",
]
