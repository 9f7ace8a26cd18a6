"""Door 1 of the customer service: people and systems."""

from typing import Final

from services.customer.api import (
    accounts,
    customers,
    identity_reviews,
    identity_rules,
    merges,
    reaching,
    traits,
    transfers,
)

ROUTERS: Final = (customers.router, merges.router, identity_reviews.router, identity_rules.router, traits.router, accounts.router, reaching.router, transfers.router)
