"""Rows of this service, as the migrations make them."""

from services.interaction.tables import (
    cases,
    employees,
    erasures,
    forms,
    interactions,
    knowledge,
    mail,
    orders,
    quarantine,
    registries,
    replicas,
    sales,
    sources,
    surveys,
    tasks,
)
from services.interaction.tables.metadata import InteractionTable

__all__ = [
    "InteractionTable",
    "cases",
    "employees",
    "erasures",
    "forms",
    "interactions",
    "knowledge",
    "mail",
    "orders",
    "quarantine",
    "registries",
    "replicas",
    "sales",
    "sources",
    "surveys",
    "tasks",
]
