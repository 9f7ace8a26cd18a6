"""What is held of a person here, table by table; the conditions are those of erasing."""

from __future__ import annotations

from typing import Final

from chassis.holding import Holding, rows

HOLDINGS: Final[tuple[Holding, ...]] = (
    rows("customer", "profile", "given", "id = ANY($1)", "id", less=("search", "extended")),
    rows("identity", "contact", "given", "customer_id = ANY($1) OR home_id = ANY($1) OR identity = ANY($2)", "key", less=("identity",)),
    rows("trait_value", "profile", "given", "home_id = ANY($1)", "home_id, id", less=("identity", "position_offset", "position_partition")),
    rows("contact_point", "contact", "given", "home_id = ANY($1)", "home_id, kind, t.value"),
    rows("channel_preference", "consents", "given", "home_id = ANY($1)", "home_id, purpose"),
    rows("need", "profile", "given", "home_id = ANY($1)", "id"),
    rows(
        "past_state", "profile", "ours", "home_id = ANY($1) OR subject = 'membership' AND document ->> 'account_id' = ANY($1::text[])", "home_id, id"
    ),
    rows("membership", "profile", "given", "customer_id = ANY($1) OR account_id = ANY($1)", "account_id, customer_id"),
    rows("account_change", "profile", "ours", "account_id = ANY($1)", "account_id"),
    rows("kept_apart", "profile", "ours", "low_id = ANY($1) OR high_id = ANY($1)", "low_id, high_id"),
    rows("duplicate_pair", "profile", "derived", "low_id = ANY($1) OR high_id = ANY($1)", "low_id, high_id"),
    rows(
        "identity_review", "profile", "ours", "customer_id = ANY($1) OR other_id = ANY($1) OR identity = ANY($2)", "id", less=("identity",)
    ),
    rows("device_sighting", "activity", "observed", "identity = ANY($2) OR user_identity = ANY($2)", "identity, user_identity"),
    rows("import_customer", "profile", "ours", "home_id = ANY($1)", "import_id, home_id"),
    rows("merge", "profile", "ours", "survivor_id = ANY($1) OR merged_id = ANY($1)", "id", less=("identities", "meanwhile")),
)
