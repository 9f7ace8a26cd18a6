"""What facts alone make here: a replay of the log makes it anew."""

from __future__ import annotations

from typing import Final

from chassis.replaying import Rebuilt

#: Campaigns, journeys, the ledger of messages and of points are begun by people or by the clock: they are in the backup.
REBUILT: Final = (
    Rebuilt(
        "copies", ("recipients", "identities", "said_consent"), {"recipient": (), "identity_map": (), "said_consent": ()},
        beside=(
            "customer_order", "programme_member", "points_account", "points_entry", "points_lot", "points_transaction", "journey_person",
            "journey_errand", "journey_event", "journey_listener", "segment_move", "community_member",
        ),
    ),
)
