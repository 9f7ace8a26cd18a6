"""What is held of a person here, table by table; the conditions are those of erasing."""

from __future__ import annotations

from typing import Final

from chassis.holding import Holding, rows

_LINES: Final = "(SELECT entry_id FROM entry_person WHERE customer_id = ANY($1) OR identity = ANY($2))"

HOLDINGS: Final[tuple[Holding, ...]] = (
    rows("entry_person", "consents", "given", "customer_id = ANY($1) OR identity = ANY($2)", "entry_id", less=("salt", "identity")),
    rows("entry", "consents", "given", f"id IN {_LINES}", "tick"),
    rows("person", "consents", "ours", "customer_id = ANY($1)", "customer_id"),
    rows("merge", "profile", "ours", "merged_id = ANY($1) OR into_id = ANY($1)", "merged_id"),
    rows("identity_map", "profile", "ours", "customer_id = ANY($1) OR identity = ANY($2)", "identity"),
    rows("waiting", "consents", "ours", "identity = ANY($2)", "entry_id"),
    rows("permit_batch", "messages", "ours", "people && $1", "id", less=("people", "leaves", "root", "signature", "outcomes")),
    rows("privacy_request", "consents", "given", "customer_id = ANY($1)", "id"),
)
