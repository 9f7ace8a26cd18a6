"""What is held of people here."""

from services.consent.store.holding import HOLDINGS

__all__ = ["HOLDINGS"]
