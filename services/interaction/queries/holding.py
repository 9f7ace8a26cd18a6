"""What is held of people here."""

from services.interaction.store.holding import HOLDINGS

__all__ = ["HOLDINGS"]
