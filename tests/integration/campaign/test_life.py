"""Life of a campaign: check, approval by a second person, launch (U27)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from launcher.embedded_postgres import PrivateCluster
from services.campaign import commands
from services.campaign.domain.dkim import Signer
from tests.integration.campaign.mailbox import content
from tests.integration.campaign.stage import Stage, stage
from tests.support.upright import free_port

pytestmark = pytest.mark.asyncio


class _Names(asyncio.DatagramProtocol):
    def __init__(self, records: Mapping[str, str]) -> None:
        self._records = records
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, address: Any) -> None:
        query = dns.message.from_wire(data)
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.RA
        name = str(query.question[0].name)
        if name in self._records:
            text = self._records[name]
            parts = " ".join(f'"{text[start : start + 200]}"' for start in range(0, len(text), 200))
            answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", parts))
        else:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self._transport.sendto(answer.to_wire(), address)


@asynccontextmanager
async def names(records: Mapping[str, str]) -> AsyncIterator[str]:
    """A DNS server on the loopback."""
    port = free_port()
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Names(records), local_addr=("127.0.0.1", port))
    try:
        yield f"127.0.0.1:{port}"
    finally:
        transport.close()


async def checked(play: Stage, campaign: str) -> dict[str, str]:
    answer = await play.http.call("POST", f"/api/v1/campaigns/{campaign}/check", json={"follow_links": False}, scopes=["campaigns:read"])
    assert answer.status == 200, answer.body
    return {one["check"]: one["level"] for one in answer.json()["findings"]}


async def test_a_check_looks_at_the_senders_domain(cluster: PrivateCluster) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    text = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    public = Signer(private_key=text, selector="s1", domain="peyvand.example").public
    records = {
        "peyvand.example.": "v=spf1 -all", "_dmarc.peyvand.example.": "v=DMARC1; p=reject", "s1._domainkey.peyvand.example.": f"v=DKIM1; k=rsa; p={public}",
    }
    signing = {"dkim_key": text, "dkim_selector": "s1", "dkim_domain": "peyvand.example"}
    async with names(records) as server, stage(cluster, dns_server=server, **signing) as play:  # type: ignore[arg-type]
        await play.customer("ann@x.example")
        good = await checked(play, await play.campaign(postal_address="Way 1, Yazd"))
        assert {name: good[name] for name in ("spf", "dkim", "dmarc", "postal_address", "channel", "approval")} == dict.fromkeys(
            ("spf", "dkim", "dmarc", "postal_address", "channel", "approval"), "ok"
        )
        bad = await checked(play, await play.campaign(from_address="shop@other.example"))
        assert (bad["spf"], bad["dmarc"], bad["dkim"], bad["postal_address"]) == ("error", "error", "warning", "error")
        await play.launched(postal_address="Way 1, Yazd")
        await play.send_all()
        mail = play.box.message("ann@x.example")
        assert "Way 1, Yazd" in content(mail, "plain")
        assert "Way 1, Yazd" in content(mail, "html")
    async with stage(cluster, smtp=False, dns_server=f"127.0.0.1:{free_port()}", services=("campaign",)) as play:
        silent = await checked(play, await play.campaign())
        assert (silent["spf"], silent["dmarc"], silent["dkim"], silent["channel"]) == ("not_looked_up", "not_looked_up", "error", "error")


async def test_a_second_person_approves_what_is_sent(cluster: PrivateCluster) -> None:
    """The template that was approved is sent, though it was changed meanwhile; the author's own approval counts nothing."""
    async with stage(cluster) as play:
        await play.customer("ann@x.example")
        template = await play.template(subject="Approved")
        campaign = await play.campaign(template, needs_approval=True)
        path = f"/api/v1/campaigns/{campaign}"
        refused = await play.act(campaign, "launch")
        assert (refused.status, refused.json()["code"]) == (409, "campaign.not_approved")
        own = await play.http.call("POST", path + "/approve", subject="test")
        assert (own.status, own.json()["code"]) == (409, "campaign.same_person")
        approved = await play.http.call("POST", path + "/approve", subject="second")
        assert (approved.status, approved.json()["approved_by"]) == (200, "second")
        await play.http.call("PUT", f"/api/v1/templates/{template}", json={
            "name": "x", "locales": {"en": {"subject": "Changed", "body": "<mjml><mj-body></mj-body></mjml>"}},
        })
        assert (await play.act(campaign, "launch")).status == 202
        while await commands.plan_audiences(play.service):
            pass
        await play.send_all()
        assert play.box.message("ann@x.example")["Subject"] == "Approved"
        again = await play.http.call("POST", path + "/approve", subject="third")
        assert (again.status, again.json()["code"]) == (409, "campaign.wrong_status")


async def test_approval_of_everything_is_a_setting(cluster: PrivateCluster) -> None:
    async with stage(cluster, smtp=False, services=("campaign",), approval=True) as play:
        assert (await play.act(await play.campaign(), "launch")).json()["code"] == "campaign.not_approved"
