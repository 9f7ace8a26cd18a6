"""What is kept for search only as long as a customer has it."""

from __future__ import annotations

from services.customer import store
from services.customer.settings import CustomerService

WORDS_AT_ONCE = 2000


async def forget_unused_words(service: CustomerService) -> int:
    """Forget the words of names that nobody bears any more (they are personal data). Returns how many slices were looked through."""
    after: str | None = ""
    slices = 0
    while after is not None:
        async with service.transaction() as tx:
            after = await store.search.forget_words(tx.db, after=after, limit=WORDS_AT_ONCE)
        slices += 1
    return slices
