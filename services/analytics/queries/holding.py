"""What is held of people here."""

from services.analytics.store.holding import HOLDINGS

__all__ = ["HOLDINGS"]
