"""What facts alone make here: a replay of the log makes it anew."""

from __future__ import annotations

from typing import Final

from chassis.replaying import Rebuilt

#: Events, orders, cases and what people write are this service's own: they are in the backup. Sessions follow visits by a job.
REBUILT: Final = (
    Rebuilt(
        "copies", ("identities", "consent", "merges"), {"identity_map": (), "consent_state": (), "merged_customer": ()}, beside=("session_dirty",),
    ),
    Rebuilt("visits", ("visits",), {"visit": ()}, carried=("session_dirty",)),
)
