"""The chapters of the demo, each through the public API, each with what a person would want to see."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from launcher import tls
from launcher.demo import mailbox, population, texts
from launcher.remote import Api

BATCH: Final = 100
BROWSER: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


class StoryError(Exception):
    """The story cannot go on; the message says why."""


@dataclass
class Story:
    """Told from the first click to the measured campaign."""

    screen: Console
    shop: population.Shop
    url: str
    data: Path
    admin_key: str
    source_key: str
    smtp_port: int
    members: int = 0

    async def tell(self) -> None:
        began = time.monotonic()
        async with Api(self.url, self.admin_key) as api:
            self._head("1. The shop's web site reports what happened")
            await self._post_events()
            await self._wait_for_orders(api)
            self._head("2. Clicks have become customers")
            await self._customers(api)
            self._head("3. Permission: who may be written to")
            await self._grants(api)
            self._head("4. A segment")
            segment = await self._segment(api)
            self._head("5. A campaign, with withdrawals in the middle")
            campaign = await self._campaign(api, segment)
            self._head("6. The report")
            await self._report(api, campaign)
            self._head("7. What it brought")
            await self._responses(api, campaign)
            await self._metrics(api)
        self.screen.print(f"\nThe whole story took {time.monotonic() - began:.0f} s. The mails are in {self.data / 'mails'}.", soft_wrap=True)

    def _head(self, text: str) -> None:
        self.screen.print(f"\n[bold]{text}[/bold]")

    def _progress(self) -> Progress:
        return Progress(TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn(), console=self.screen)

    # 1 ------------------------------------------------------------------------------------------------------------------------

    async def _post_events(self) -> None:
        """Through the same door as any SDK, in batches."""
        events = list(population.events(self.shop))
        accepted = 0
        async with tls.session(headers={"authorization": aiohttp.encode_basic_auth(self.source_key, "")}) as session:
            with self._progress() as progress:
                bar = progress.add_task("events posted", total=len(events))
                queue = _batches(iter(events))

                async def worker() -> None:
                    nonlocal accepted
                    for batch in queue:
                        taken = await self._post(session, batch)
                        accepted += taken
                        progress.advance(bar, len(batch))

                await asyncio.gather(*(worker() for _ in range(4)))
        self.screen.print(f"{accepted:,} events accepted over {self.shop.months} months, from {len(self.shop.people):,} visitors.")

    async def _post(self, session: aiohttp.ClientSession, batch: list[dict[str, Any]]) -> int:
        for _ in range(30):
            try:
                async with session.post(self.url + "/v1/batch", json={"batch": batch}) as answer:
                    said = await answer.json()
                    if answer.status == 200:
                        if said["rejected"]:
                            raise StoryError(f"an event was refused: {said['rejected'][0]}")
                        return int(said["accepted"])
                    if answer.status not in {429, 503}:
                        raise StoryError(f"the platform refused the events: {answer.status} {said.get('code')}: {said.get('message')}")
                    await asyncio.sleep(float(answer.headers.get("retry-after", 1)))
            except (aiohttp.ClientError, OSError):
                await asyncio.sleep(1)
        raise StoryError(f"No answer from {self.url}. Is `ecrm up` running?")

    async def _wait_for_orders(self, api: Api) -> None:
        """Until analytics has loaded every order of the shop that was not refunded in full."""
        expected = self._counting_orders()
        with self._progress() as progress:
            bar = progress.add_task("orders measured", total=expected)
            deadline = time.monotonic() + 300
            while time.monotonic() < deadline:
                found = await api.ask("GET", f"/api/v1/metrics/revenue?{self._window()}")
                counted = found["denominator"] or 0
                progress.update(bar, completed=counted)
                if counted >= expected:
                    return
                await asyncio.sleep(0.5)
        raise StoryError("analytics has not caught up within 5 minutes; see `ecrm check` and `ecrm dlq list`")

    # 2 ------------------------------------------------------------------------------------------------------------------------

    async def _customers(self, api: Api) -> None:
        example = max(self.shop.known, key=lambda person: (len(person.orders), person.number))
        found = (await api.ask("GET", f"/api/v1/customers?identity=user:{example.user_id}"))["data"][0]
        view = await api.ask("GET", f"/api/v1/customers/{found['id']}/360")
        self.screen.print(texts.person_table(example, view))
        searched = await api.ask("GET", f"/api/v1/customers?q={example.name.split()[0]}")
        self.screen.print(f"Searching for {example.name.split()[0]} finds {len(searched['data'])} people on the first page.")

    # 3 ------------------------------------------------------------------------------------------------------------------------

    async def _grants(self, api: Api) -> None:
        willing = [person for person in self.shop.known if person.marketing]
        with self._progress() as progress:
            bar = progress.add_task("consents recorded", total=len(willing))
            for batch in _batches(iter(willing), 200):
                await api.ask("POST", "/api/v1/consents/grants", [
                    {"identity": f"user:{person.user_id}", "purpose": "marketing", "channel": "email", "source": "shop checkout",
                     "language": person.language, "evidence": {"form": "checkout", "box": "ticked"}} for person in batch
                ])
                progress.advance(bar, len(batch))
        self.screen.print(f"{len(willing):,} of {len(self.shop.known):,} customers allowed marketing by e-mail; each entry is in an append-only ledger.")

    # 4 ------------------------------------------------------------------------------------------------------------------------

    async def _segment(self, api: Api) -> str:
        await self._until_consents_count(api)
        preview = await api.ask("POST", "/api/v1/segments/preview", {"rule": texts.RULE})
        made = await api.ask("POST", "/api/v1/segments", {"name": f"Regulars ({self.shop.tag} {secrets.token_hex(3)})", "rule": texts.RULE})
        self.screen.print(f"Rule: {texts.RULE_IN_WORDS}\nPreview: {preview['count']:,} customers in {preview['duration_ms']:.0f} ms.")
        deadline = time.monotonic() + 60
        members = 0
        while time.monotonic() < deadline:
            shown = await api.ask("GET", f"/api/v1/segments/{made['id']}")
            members = shown.get("members") or 0
            self.members = members
            if members == preview["count"]:
                break
            await asyncio.sleep(0.3)
        self.screen.print(f"Live members: {members:,}.")
        return str(made["id"])

    async def _until_consents_count(self, api: Api) -> None:
        """Consents reach analytics by the event log, a moment after they were recorded."""
        rule = {"consent": {"purpose": "marketing", "channel": "email", "state": "granted"}}
        willing = sum(1 for person in self.shop.known if person.marketing)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            found = await api.ask("POST", "/api/v1/segments/preview", {"rule": rule})
            if found["count"] >= willing:
                return
            await asyncio.sleep(0.3)

    # 5 ------------------------------------------------------------------------------------------------------------------------

    async def _campaign(self, api: Api, segment: str) -> str:
        template = await api.ask("POST", "/api/v1/templates", texts.template(f"Thanks {self.shop.tag} {secrets.token_hex(3)}"))
        campaign = await api.ask("POST", "/api/v1/campaigns", {
            "name": f"Thank you ({self.shop.tag})", "template_id": template["id"], "segment_id": segment, "purpose": "marketing",
            "from_address": "hello@shop.example", "from_name": "Shop", "utm": {"source": "ecrm", "medium": "email", "campaign": "thanks"},
        })
        self.campaign_id = str(campaign["id"])
        allowed = await self._who_allowed(api)
        withdrawn: list[str] = []
        middle, count = max(1, min(100, self.members // 4)), max(1, min(10, self.members // 20))

        async def after(number: int) -> None:
            """This one mail waits for its answer until some of those who are still to be written to have withdrawn their consent."""
            if number == middle:
                withdrawn.extend(await self._withdraw(api, allowed, count))

        async with mailbox.open_mailbox(self.data / "mails", port=self.smtp_port, after=after) as box:
            await api.ask("POST", f"/api/v1/campaigns/{campaign['id']}/launch", {})
            await self._until_finished(api, box)
        self.box = box
        spared = set(await self._recipients(api, "suppressed")).intersection(withdrawn)
        told = f"{box.count:,} mails handed over; after mail {middle}, {len(withdrawn)} people withdrew and {len(spared)} of them got none."
        self.screen.print(told, soft_wrap=True)
        return str(campaign["id"])

    async def _who_allowed(self, api: Api) -> set[str]:
        """The numbers of the regular customers whose consent was recorded; asked before anything is sent, to be quick later."""
        found: set[str] = set()
        regulars = [person for person in self.shop.known if person.marketing and len(person.orders) > 1]
        for batch in _batches(iter(regulars), 8):
            answers = await asyncio.gather(*(api.ask("GET", f"/api/v1/customers?identity=user:{person.user_id}") for person in batch))
            found.update(customer["id"] for answer in answers for customer in answer["data"])
        return found

    async def _recipients(self, api: Api, state: str) -> list[str]:
        """Whose message is in this state, in the order of sending."""
        found: list[str] = []
        token = ""
        while True:
            page = await api.ask("GET", f"/api/v1/campaigns/{self.campaign_id}/messages?state={state}&limit=500{token}")
            found.extend(message["customer_id"] for message in page["data"])
            if not page["next_page_token"]:
                return found
            token = f"&page_token={page['next_page_token']}"

    async def _withdraw(self, api: Api, allowed: set[str], count: int) -> list[str]:
        """Those who allowed it and would be written to last withdraw, all at once, while the sending goes on."""
        chosen = [customer for customer in await self._recipients(api, "planned") if customer in allowed][-count:]
        await asyncio.gather(*(
            api.ask("POST", "/api/v1/consents/withdrawals", {"customer_id": customer, "purpose": "marketing", "source": "demo"}) for customer in chosen
        ))
        return chosen

    async def _until_finished(self, api: Api, box: mailbox.Mailbox) -> None:
        with self._progress() as progress:
            bar = progress.add_task("mails sent", total=None)
            deadline = time.monotonic() + 600
            while time.monotonic() < deadline:
                report = await api.ask("GET", f"/api/v1/campaigns/{self.campaign_id}/report")
                progress.update(bar, total=report["planned"] or None, completed=box.count)
                if report["status"] in {"finished", "failed", "cancelled"}:
                    return
                await asyncio.sleep(0.3)
        raise StoryError("the campaign did not finish within 10 minutes")

    # 6, 7 ---------------------------------------------------------------------------------------------------------------------

    async def _report(self, api: Api, campaign: str) -> None:
        report = await api.ask("GET", f"/api/v1/campaigns/{campaign}/report")
        self.screen.print(texts.report_table(report))

    async def _responses(self, api: Api, campaign: str) -> None:
        """Every fifth recipient follows the link in the mail, every tenth orders; the mails cost 2 cents each."""
        await asyncio.sleep(2.5)  # followed sooner, a link counts as followed by a scanner
        mails = [mailbox.read(path) for path in sorted(self.box.files)]
        by_recipient = sorted((str(mail["To"]), mail) for mail in mails)
        orders = []
        async with tls.session(headers={"user-agent": BROWSER}) as session:
            for number, (address, mail) in enumerate(by_recipient):
                if number % 5 == 0:
                    await self._follow(session, mail)
                if number % 10 == 0:
                    orders.append(self._response_order(address, number))
        async with tls.session(headers={"authorization": aiohttp.encode_basic_auth(self.source_key, "")}) as session:
            for batch in _batches(iter(orders)):
                await self._post(session, batch)
        await api.ask("POST", "/api/v1/costs", {
            "kind": "retain", "channel": "email", "campaign_id": campaign, "amount_minor": 2 * len(mails), "currency": population.CURRENCY,
            "booked_on": time.strftime("%Y-%m-%d", time.gmtime()),
        })
        self.screen.print(f"{(len(mails) + 4) // 5:,} people followed the link in their mail, {len(orders):,} of them ordered.")
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            report = await api.ask("GET", f"/api/v1/campaigns/{campaign}/report")
            if report["clicks"]["messages"] >= (len(mails) + 4) // 5:
                break
            await asyncio.sleep(0.3)
        self.screen.print(texts.response_table(report))

    async def _follow(self, session: aiohttp.ClientSession, mail: Any) -> None:
        """Open the picture, then the first link, as a mail program and its reader would; links keep the platform's own address."""
        html = mail.get_body(("html",)).get_content()
        for pattern in (r'src="([^"]*/t/o/[^"]+)"', r'href="([^"]*/t/c/[^"]+)"'):
            match = re.search(pattern, html)
            if match is None:
                raise StoryError("a mail has no tracking link")
            path = urlsplit(match.group(1)).path
            async with session.get(self.url + path, allow_redirects=False) as answer:
                await answer.read()

    def _response_order(self, address: str, number: int) -> dict[str, Any]:
        match = re.search(r"\.(\d+)@", address)
        assert match is not None
        person = self.shop.people[int(match.group(1))]
        name, price = population.PRODUCTS[number % len(population.PRODUCTS)][1], population.PRODUCTS[number % len(population.PRODUCTS)][3]
        return {
            "type": "track", "event": "Order Completed", "userId": person.user_id, "messageId": f"{self.campaign_id}-{person.number}",
            "properties": {"order_id": f"{self.campaign_id}-{person.number}", "total": price, "revenue": price, "currency": population.CURRENCY,
                           "products": [{"product_id": population.PRODUCTS[number % len(population.PRODUCTS)][0], "name": name, "price": price}]},
            "context": {"campaign": {"source": "ecrm", "medium": "email", "name": "thanks"}},
        }

    async def _metrics(self, api: Api) -> None:
        await asyncio.sleep(2)
        rows = [(name, await api.ask("GET", f"/api/v1/metrics/{name}{window}")) for name, window in texts.metrics(self._window())]
        self.screen.print(texts.metrics_table(rows))

    def _window(self) -> str:
        return texts.window(self.shop)

    def _counting_orders(self) -> int:
        return self.shop.order_count - texts.refunded_orders(self.shop)


def _batches(items: Iterator[Any], size: int = BATCH) -> Iterator[list[Any]]:
    while batch := list(islice(items, size)):
        yield batch
