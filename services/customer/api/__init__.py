"""Door 1 of the customer service: people and systems."""

from typing import Final

from services.customer.api import customers, identity_reviews, identity_rules, merges, traits

ROUTERS: Final = (customers.router, merges.router, identity_reviews.router, identity_rules.router, traits.router)
