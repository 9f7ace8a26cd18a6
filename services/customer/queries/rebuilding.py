"""What facts make here: a replay of the log shows it."""

from __future__ import annotations

from typing import Final

from chassis.replaying import Rebuilt

#: Who came by events is in the log; who was registered, imported, merged or changed by hand is in the backup only, so nothing is swapped. The
#: log does not say which of two partitions was read first, so what lies beneath (where an identity was first seen, merges by the rules) may
#: differ; compared is who answers for each identity, and what is known of them.
REBUILT: Final = (
    Rebuilt(
        "people", ("profiles",),
        {
            "identity": ("home_id", "linked_at", "recorded_at", "source"),
            "customer": ("recorded_at", "registered_at", "updated_at", "version", "source"),
        },
        only={"customer": "merged_into IS NULL"},
        beside=(
            "merge", "trait_value", "membership", "account_change", "past_state", "search_word", "device_sighting", "identity_review",
            "trait_refusal", "contact_point", "channel_preference",
        ),
        whole=False, resources=True,
    ),
)
