"""What is held of people here."""

from services.campaign.store.holding import HOLDINGS

__all__ = ["HOLDINGS"]
