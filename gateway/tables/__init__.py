"""Rows of the gateway, as the migrations make them."""

from gateway.tables import auditing, keys, people, webhooks
from gateway.tables.metadata import GatewayTable

__all__ = ["GatewayTable", "auditing", "keys", "people", "webhooks"]
