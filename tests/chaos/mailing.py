"""Campaigns that go on while a platform is harmed: people, a segment, one campaign after the other; every mail that arrives is noted.

A request is repeated until it is answered, without an Idempotency-Key: what was done unheard is done again, which makes a draft too many
or launches what was launched, and must never write to anybody twice.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Any, Self

import httpx2
from aiosmtpd.controller import Controller

TAG = "chaos"
#: How long the mailbox takes for a mail, so that faults meet campaigns on their way.
SLOWNESS = 0.15
#: And how a platform sends then: few messages at a time.
SETTINGS = {"ECRM_CAMPAIGN_SEND_BATCH": "20", "ECRM_CAMPAIGN_SMTP_CONNECTIONS": "2"}
BODY = """<mjml><mj-body><mj-section><mj-column><mj-text>Hello {{ customer.name }}</mj-text>
<mj-text><a href="{{ unsubscribe_url }}">unsubscribe</a></mj-text></mj-column></mj-section></mj-body></mjml>"""


class Inbox:
    """How often each (subject, recipient) came, and when (monotonic seconds)."""

    def __init__(self) -> None:
        self.mails: Counter[tuple[str, str]] = Counter()
        self.times: list[float] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        head = envelope.original_content.partition(b"\r\n\r\n")[0].decode("utf-8", "replace")
        subject = next(line[8:].strip() for line in head.splitlines() if line.lower().startswith("subject:"))
        for recipient in envelope.rcpt_tos:
            self.mails[subject, recipient] += 1
        self.times.append(time.monotonic())
        await asyncio.sleep(SLOWNESS)
        return "250 kept"


class Mailing:
    """`with Mailing(...) as mailing: mailing.prepare(); mailing.begin(); ...; mailing.finish()`"""

    def __init__(self, port: int, smtp_port: int, keys: dict[str, str], *, people: int) -> None:
        self._url, self._keys, self.people = f"http://127.0.0.1:{port}", keys, people
        self.inbox = Inbox()
        self._door = Controller(self.inbox, hostname="127.0.0.1", port=smtp_port)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="mailing", daemon=True)
        self._template = self._segment = ""
        self.launched: list[str] = []
        self.failure: Exception | None = None

    def __enter__(self) -> Self:
        self._door.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(60)
        self._door.stop()

    def ask(self, method: str, path: str, body: Any = None, *, seconds: float = 600) -> Any:
        """The answer's JSON; again and again while there is none, or one of 429 and 5xx that says to try later."""
        headers = {"authorization": f"Bearer {self._keys['admin_key']}"}
        deadline = time.monotonic() + seconds
        while True:
            try:
                answer = httpx2.request(method, self._url + path, json=body, headers=headers, timeout=20)
                if answer.status_code < 400:
                    return answer.json() if answer.content else None
                said = f"{answer.status_code} {answer.text[:300]}"
                if answer.status_code == 409:
                    return answer.json()  # it was done before, unheard
                assert answer.status_code in {429, 502, 503, 504}, f"{method} {path}: {said}"
            except httpx2.HTTPError as error:
                said = f"no answer: {error!r}"
            assert time.monotonic() < deadline, f"{method} {path}: {said}"
            time.sleep(0.3)

    def until(self, holds: Callable[[], Any], what: str, *, seconds: float = 180) -> Any:
        deadline = time.monotonic() + seconds
        while not (found := holds()):
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
            time.sleep(0.3)
        return found

    def prepare(self) -> None:
        """People with an address and a grant, a segment of them, a template."""
        users = [f"mail-{number}" for number in range(self.people)]
        for start in range(0, self.people, 100):
            batch = [
                {"type": "identify", "userId": user, "messageId": f"mailing-{user}", "traits": {"email": f"{user}@chaos.example", "name": "Ann", "tag": TAG}}
                for user in users[start : start + 100]
            ]
            answer = httpx2.post(self._url + "/v1/batch", json={"batch": batch}, auth=(self._keys["source_key"], ""), timeout=30)
            assert answer.status_code == 200, answer.text
        rule: dict[str, Any] = {"trait": "tag", "op": "eq", "value": TAG}
        self._members(rule)
        for start in range(0, self.people, 100):
            self.ask("POST", "/api/v1/consents/grants", [
                {"identity": f"user:{user}", "purpose": "marketing", "channel": "email", "source": "test", "language": "en"} for user in users[start : start + 100]
            ])
        rule = {"all": [rule, {"consent": {"purpose": "marketing", "channel": "email", "state": "granted"}}]}
        self._members(rule)
        self._segment = self.ask("POST", "/api/v1/segments", {"name": TAG, "rule": rule})["id"]
        self.until(lambda: self.ask("GET", f"/api/v1/segments/{self._segment}").get("members") == self.people, "everybody is in the segment")

    def _members(self, rule: dict[str, Any]) -> None:
        self.until(lambda: self.ask("POST", "/api/v1/segments/preview", {"rule": rule})["count"] == self.people, f"analytics knows everybody: {rule}")

    def begin(self) -> None:
        """Campaigns go out from now on."""
        self._thread.start()

    def _go_on(self) -> None:
        try:
            while not self._over.is_set():
                self.launch()
                self._over.wait(1)
        except Exception as error:
            self.failure = error

    def launch(self) -> str:
        """One campaign with a subject of its own to everybody."""
        name = f"Campaign {len(self.launched)}"
        template = self.ask("POST", "/api/v1/templates", {"name": name, "locales": {"en": {"subject": name, "body": BODY}}})
        made = self.ask("POST", "/api/v1/campaigns", {
            "name": name, "template_id": template["id"], "segment_id": self._segment, "from_address": "hello@shop.example", "from_name": "Shop",
        })
        self.until(lambda: self.ask("POST", f"/api/v1/campaigns/{made['id']}/launch") and self._status(made["id"]) != "draft", f"{name} launched")
        self.launched.append(str(made["id"]))
        self.until(lambda: self._over.is_set() or self._finished(made["id"]), f"{name} finished", seconds=600)
        return str(made["id"])

    def _finished(self, campaign: str) -> bool:
        return self._status(campaign) == "finished"

    def _status(self, campaign: str) -> str:
        return str(self.ask("GET", f"/api/v1/campaigns/{campaign}")["status"])

    def finish(self) -> list[dict[str, Any]]:
        """The reports of all campaigns, once each has finished."""
        self._over.set()
        self._thread.join(300)
        if self.failure is not None:
            raise self.failure
        for one in self.launched:
            self.until(partial(self._finished, one), f"campaign {one} finished", seconds=400)
        return [self.ask("GET", f"/api/v1/campaigns/{one}/report") for one in self.launched]
