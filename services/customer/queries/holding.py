"""What is held of people here, and how long."""

from services.customer.store.holding import HOLDINGS
from services.customer.store.keeping import KEPT

__all__ = ["HOLDINGS", "KEPT"]
