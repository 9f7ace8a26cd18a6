"""Door 1 of the customer service: people and systems."""

from typing import Final

from services.customer.api import (
    accounts,
    customers,
    disclosing,
    duplicates,
    identity_reviews,
    identity_rules,
    merges,
    portable,
    reaching,
    splitting,
    traits,
    transfers,
)

ROUTERS: Final = tuple(
    room.router
    for room in (portable, splitting, customers, merges, identity_reviews, identity_rules, duplicates, traits, accounts, reaching, transfers, disclosing)
)
