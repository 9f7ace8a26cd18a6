"""All SQL of the customer service."""

from services.customer.store import (
    accounts,
    customers,
    definitions,
    devices,
    duplicates,
    erasures,
    exports,
    history,
    identities,
    imports,
    merges,
    past_states,
    portable,
    reaching,
    refusals,
    restrictions,
    reviews,
    rules,
    search,
    surroundings,
)

__all__ = ["accounts", "customers", "definitions", "devices", "duplicates", "erasures", "exports", "history", "identities", "imports", "merges", "past_states", "portable", "reaching", "refusals", "restrictions", "reviews", "rules", "search", "surroundings"]
