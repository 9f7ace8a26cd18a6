"""Rows of this service, as the migrations make them."""

from services.campaign.tables import campaigns, programmes, recipients, replicas, rewards, templates
from services.campaign.tables.metadata import CampaignTable

__all__ = ["CampaignTable", "campaigns", "programmes", "recipients", "replicas", "rewards", "templates"]
