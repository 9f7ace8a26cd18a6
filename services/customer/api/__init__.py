"""Door 1 of the customer service: people and systems."""

from typing import Final

from services.customer.api import customers, identity_reviews, merges

ROUTERS: Final = (customers.router, merges.router, identity_reviews.router)
