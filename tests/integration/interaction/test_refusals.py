"""Bad input of the pages' tables that no other test provokes."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from chassis.clock import Clock
from launcher.embedded_postgres import PrivateCluster
from tests.integration.interaction.desks import made
from tests.support.platform import started

pytestmark = pytest.mark.asyncio


async def test_what_is_there_twice_or_not_at_all(cluster: PrivateCluster) -> None:
    async with started(cluster, "interaction", read=False) as platform:
        service = platform["interaction"]
        await made(service, "employees", {"name": "Sara", "email": "sara@company.example"})
        again = await service.call("POST", "/api/v1/employees", json={"name": "Sara B.", "email": "SARA@company.example"})
        assert (again.status, again.json()["code"]) == (409, "employee.taken")
        survey = await service.call("GET", "/api/v1/surveys/none")
        assert (survey.status, survey.json()["code"]) == (404, "survey.unknown")
        task = await made(service, "tasks", {"kind": "call", "title": "Some day"})
        file = await service.call("GET", f"/api/v1/tasks/{task['id']}/calendar.ics")
        assert (file.status, file.json()["code"]) == (409, "task.no_due_time")


async def test_a_delivery_that_is_signed_but_unreadable(cluster: PrivateCluster) -> None:
    """U13"""
    secret = b"key-of-24-bytes-long"
    async with started(cluster, "interaction", read=False) as platform:
        service = platform["interaction"]
        put = await service.call(
            "PUT", "/api/v1/inboxes/chat", json={"provider": "webchat", "secret": "whsec_" + base64.b64encode(secret).decode()}
        )
        assert put.status == 200, put.json()
        body, moment = b'{"type": "nothing anybody sends"}', str(int(Clock().timestamp()))
        signed = base64.b64encode(hmac.digest(secret, b"m1." + moment.encode() + b"." + body, hashlib.sha256)).decode()
        headers = {"webhook-id": "m1", "webhook-timestamp": moment, "webhook-signature": f"v1,{signed}", "content-type": "application/json"}
        answer = await service.call("POST", "/in/chat", body=body, headers=headers, scopes=None)
        assert (answer.status, answer.json()["code"]) == (422, "inbox.unreadable")
