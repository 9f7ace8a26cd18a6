"""What is held of people here, and how long."""

from services.analytics.store.holding import HOLDINGS
from services.analytics.store.keeping import KEPT

__all__ = ["HOLDINGS", "KEPT"]
