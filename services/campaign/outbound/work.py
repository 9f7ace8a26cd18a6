"""Calls and letters: tasks for employees, planned in the interaction service. A message that was tried before is looked for first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import urlencode

from chassis.errors import Unavailable
from chassis.peers import Peers
from services.campaign.domain.ledger import Outcome, State
from services.campaign.domain.parcels import Parcel

PROVIDER: Final = "employees"
_SCOPES: Final = ("interactions:read", "interactions:write")
_LONGEST_TITLE: Final = 200
_LONGEST_NOTES: Final = 8_000


class Work:
    """The list of calls (channel phone) or of letters (channel post). `peers` is asked when it is used."""

    def __init__(self, peers: Callable[[], Peers], *, connections: int = 4, team_id: str = "") -> None:
        self.connections = connections
        self._peers = peers
        self._team_id = team_id
        self._free = asyncio.Semaphore(connections)

    @asynccontextmanager
    async def connection(self, _provider: str | None = None) -> AsyncIterator[_Desk]:
        async with self._free:
            yield _Desk(self._peers(), self._team_id)

    async def reachable(self) -> bool:
        return True

    async def close(self) -> None:
        """Nothing is held."""


class _Desk:
    """Plans one task after the other."""

    provider = PROVIDER
    idempotent = True

    def __init__(self, peers: Peers, team_id: str) -> None:
        self.usable = True
        self._peer = peers["interaction"]
        self._team_id = team_id

    async def hand_over(self, parcel: Parcel, *, allowed: Callable[[], bool]) -> Outcome:
        if not allowed():
            return Outcome(State.PLANNED, "permit_expired", same_provider=parcel.again)
        mark = f"[{parcel.key}]"
        try:
            if parcel.again and await self._is_there(parcel, mark):
                return Outcome(State.ACCEPTED)
            answer = await self._peer.call("POST", "/api/v1/tasks", json=self._task(parcel, mark), scopes=list(_SCOPES))
        except Unavailable:
            self.usable = False
            return Outcome(State.PLANNED, "reply_lost", same_provider=True)
        if answer.status == 201:
            return Outcome(State.ACCEPTED, reply_code=201)
        if answer.status >= 500 or answer.status == 429:
            return Outcome(State.PLANNED, "reply_unclear", answer.status, same_provider=True)
        return Outcome(State.FAILED, "task_refused", answer.status)

    async def _is_there(self, parcel: Parcel, mark: str) -> bool:
        """Whether an earlier try planned the task. Raises Unavailable."""
        query: dict[str, Any] = {"customer_id": parcel.customer_id, "limit": 200}
        while True:
            answer = await self._peer.call("GET", f"/api/v1/tasks?{urlencode(query)}", scopes=list(_SCOPES))
            if answer.status != 200:
                raise Unavailable("work.unavailable", "The list of tasks cannot be read at the moment.", detail=str(answer.status))
            page = answer.json()
            if any(mark in (task.get("notes") or "") for task in page["data"]):
                return True
            if page.get("next_page_token") is None:
                return False
            query["page_token"] = page["next_page_token"]

    def _task(self, parcel: Parcel, mark: str) -> dict[str, Any]:
        task: dict[str, Any] = {
            "kind": "call" if parcel.channel == "phone" else "task", "title": parcel.title[:_LONGEST_TITLE] or parcel.channel,
            "customer_id": parcel.customer_id, "notes": f"{parcel.to}\n\n{parcel.text[:_LONGEST_NOTES]}\n\n{mark}",
        }
        return task | ({"team_id": self._team_id} if self._team_id else {})
