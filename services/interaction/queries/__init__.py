"""Reads."""

from services.interaction.queries import sales, sources, tasks
from services.interaction.queries.intake import list_intake
from services.interaction.queries.ordering import (
    get_order,
    list_credits,
    list_customer_orders,
    list_orders,
    list_products,
)
from services.interaction.queries.quarantine import get_quarantined, list_dead_letters, list_quarantine
from services.interaction.queries.timeline import get_interaction, list_timeline

__all__ = [
    "get_interaction",
    "get_order",
    "get_quarantined",
    "list_credits",
    "list_customer_orders",
    "list_dead_letters",
    "list_intake",
    "list_orders",
    "list_products",
    "list_quarantine",
    "list_timeline",
    "sales",
    "sources",
    "tasks",
]
