"""What is held of people here, and how long."""

from services.campaign.store.holding import HOLDINGS
from services.campaign.store.keeping import KEPT

__all__ = ["HOLDINGS", "KEPT"]
