"""What a person's erasure leaves of work, selling and rooms: figures without a name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chassis.ids import new_text_id
from contracts.customer import ErasureState
from launcher.embedded_postgres import PrivateCluster
from services.interaction import commands
from tests.integration.interaction.front_office.test_channels import meet
from tests.integration.interaction.front_office.test_sales import ask, deal
from tests.integration.interaction.test_orders import ANNA
from tests.support.platform import TestService, started
from tests.support.scanning import tables_with

pytestmark = pytest.mark.asyncio

SEED = "quokka-7341"


async def identities_of(service: TestService) -> list[Any]:
    async with service.service.read() as db:
        return list(await db.fetch("SELECT identity FROM identity_map WHERE customer_id = $1::text::uuid", ANNA))


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
        state = ErasureState(
            request_id=new_text_id(), customer_ids=[ANNA], erased_at=datetime.now(UTC),
            identities=[identity.hex(), *(row["identity"].hex() for row in await identities_of(service))],
        )
        async with service.service.read() as db:
            held = await tables_with(db, [SEED])
        async with service.service.transaction() as tx:
            await commands.erase_people(service.service, tx, states=[state])
        async with service.service.read() as db:
            left = await tables_with(db, [SEED, ANNA])
        forecast = (await ask(service, "GET", "/forecast?from=2027-03-01&months=1"))["data"]
    assert {"task", "lead", "opportunity", "room_post", "deputy"} <= held
    assert left <= {"outbox"}
    assert [line["open_minor"] for line in forecast] == [10_000]
