"""What is held of people here, and how long."""

from services.interaction.store.holding import HOLDINGS
from services.interaction.store.keeping import KEPT

__all__ = ["HOLDINGS", "KEPT"]
