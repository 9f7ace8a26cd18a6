"""What can be done: one async function for each write, each one transaction."""

from gateway.commands.first import ensure_first_keys
from gateway.commands.keys import Created, create_key, revoke_key
from gateway.commands.operations import forget_operations, note_operation
from gateway.commands.sources import CreatedSource, add_source_key, change_source, create_source

__all__ = [
    "Created",
    "CreatedSource",
    "add_source_key",
    "change_source",
    "create_key",
    "create_source",
    "ensure_first_keys",
    "forget_operations",
    "note_operation",
    "revoke_key",
]
