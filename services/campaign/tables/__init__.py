"""Rows of this service, as the migrations make them."""

from services.campaign.tables import (
    audiences,
    campaigns,
    customising,
    journeys,
    pressure,
    programmes,
    recipients,
    replicas,
    requests,
    responses,
    rewards,
    templates,
)
from services.campaign.tables.metadata import CampaignTable

__all__ = [
    "CampaignTable",
    "audiences",
    "campaigns",
    "customising",
    "journeys",
    "pressure",
    "programmes",
    "recipients",
    "replicas",
    "requests",
    "responses",
    "rewards",
    "templates",
]
