"""What is held of people here, and how long."""

from services.consent.store.holding import HOLDINGS
from services.consent.store.keeping import KEPT

__all__ = ["HOLDINGS", "KEPT"]
