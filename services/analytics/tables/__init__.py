"""Rows of this service in PostgreSQL, as the migrations make them."""

from services.analytics.tables import figures, models, reports, segments, strategy
from services.analytics.tables.metadata import AnalyticsTable

__all__ = ["AnalyticsTable", "figures", "models", "reports", "segments", "strategy"]
