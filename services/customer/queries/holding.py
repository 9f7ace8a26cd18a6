"""What is held of people here."""

from services.customer.store.holding import HOLDINGS

__all__ = ["HOLDINGS"]
