"""Write use cases of the customer service; each is one transaction."""

from services.customer.commands.collecting import resolve_interactions, settle_interactions
from services.customer.commands.forgetting import forget_unused_words
from services.customer.commands.merging import merge_customers, undo_merge
from services.customer.commands.registering import change_customer, register_customer

__all__ = ["change_customer", "forget_unused_words", "merge_customers", "register_customer", "resolve_interactions", "settle_interactions", "undo_merge"]
