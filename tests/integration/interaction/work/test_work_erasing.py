"""What a person's erasure leaves of work, selling and rooms: figures without a name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from launcher.embedded_postgres import PrivateCluster
from services.interaction.store import work_erasing
from tests.integration.interaction.test_orders import ANNA
from tests.integration.interaction.work.test_channels import meet
from tests.integration.interaction.work.test_sales import ask, deal
from tests.support.platform import started

pytestmark = pytest.mark.asyncio

SEED = "quokka-7341"


async def test_no_word_of_a_person_stays(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction") as platform:
        service = await meet(platform)
        await ask(service, "POST", "/tasks", {"title": SEED, "customer_id": ANNA, "due_at": "2030-01-01T00:00:00Z", "reminders": [5]}, status=201)
        await ask(service, "POST", "/leads", {"title": SEED, "source": "web", "contact": {"email": f"{SEED}@example.com"}}, status=201)
        await deal(service, title=SEED, next_step={"title": SEED, "due_at": "2030-01-01T00:00:00Z"})
        await ask(service, "PUT", "/rooms/cafe", {"kind": "room", "title": "Café"})
        await ask(service, "POST", "/rooms/cafe/posts", {"customer_id": ANNA, "text": SEED}, status=201)
        until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        bot = {"customer_id": ANNA, "name": SEED, "actions": ["order"], "currency": "EUR", "budget_minor": 1, "expires_at": until}
        await ask(service, "POST", "/deputies", bot, status=201)
        identity = service.service.hash_identity(f"email:{SEED}@example.com")
        async with service.service.transaction() as tx:
            held = [table for table in work_erasing.TABLES if await tx.db.fetchval(f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE $1', f"%{SEED}%")]
            counts = await work_erasing.erase_work(tx.db, customers=[UUID(ANNA)], identities=[identity])
            left = [table for table in work_erasing.TABLES if await tx.db.fetchval(f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE $1', f"%{SEED}%")]
            again = await work_erasing.erase_work(tx.db, customers=[UUID(ANNA)], identities=[identity])
            reminders = await tx.db.fetchval("SELECT count(*) FROM task_reminder")
        forecast = (await ask(service, "GET", "/forecast?from=2027-03-01&months=1"))["data"]
    assert held == list(work_erasing.TABLES)
    assert counts == {"task": 2, "lead": 1, "opportunity": 1, "room_post": 1, "deputy": 1}
    assert (left, reminders, again["task"], again["deputy"]) == ([], 0, 0, 0)
    assert [line["open_minor"] for line in forecast] == [10_000]
