"""What the mail server gets is what was handed over, byte for byte."""

from __future__ import annotations

import pytest

from services.campaign.domain.ledger import State
from services.campaign.domain.parcels import Parcel
from services.campaign.outbound.smtp import MailServers
from tests.integration.campaign.mailbox import mailbox

pytestmark = pytest.mark.asyncio
HEAD = b"From: shop@peyvand.example\r\nSubject: Dots\r\n\r\n"


@pytest.mark.parametrize(("body", "arrives"), [
    (b"plain\r\n", b"plain\r\n"),
    (b".\r\n..\r\n.leading\r\nin.side\r\n\r\n.\r\n", b".\r\n..\r\n.leading\r\nin.side\r\n\r\n.\r\n"),
    (b"lone\nline\rends\n.\nMAIL FROM:<x@evil.example>", b"lone\r\nline\r\nends\r\n.\r\nMAIL FROM:<x@evil.example>\r\n"),
    (b"cut off\r\n.", b"cut off\r\n.\r\n"),
    (b"crossed\n\r\r\n.\r\n", b"crossed\r\n\r\n\r\n.\r\n"),
])
async def test_dots_and_line_ends(body: bytes, arrives: bytes) -> None:
    """No line of a letter ends it before its end, however its lines end; the next mail of the connection is none the worse."""
    async with mailbox() as box:
        servers = MailServers(box.url, connections=1, timeout=10)
        for number in range(2):
            parcel = Parcel("email", f"ann{number}@x.example", f"k{number}", "c", sender="shop@peyvand.example", mail=HEAD + body, permit_id="0" * 32)
            async with servers.connection() as connection:
                outcome = await connection.hand_over(parcel, allowed=lambda: True)
            assert (outcome.state, outcome.reply_code) == (State.ACCEPTED, 250), outcome
        await servers.close()
        assert [recipient for recipient, _ in box.mails] == ["ann0@x.example", "ann1@x.example"]
        for _, raw in box.mails:
            assert raw.endswith(HEAD + arrives), raw


async def test_a_server_that_takes_no_content() -> None:
    """Refused before or after the content: the same outcome as ever, and the connection goes on."""
    async with mailbox() as box:
        box.refuse_data["bob@x.example"] = "552 too much"
        servers = MailServers(box.url, connections=1, timeout=10)
        states = []
        for address in ("bob@x.example", "eve@x.example"):
            parcel = Parcel("email", address, address, "c", sender="shop@peyvand.example", mail=HEAD + b"x\r\n", permit_id="0" * 32)
            async with servers.connection() as connection:
                outcome = await connection.hand_over(parcel, allowed=lambda: True)
            states.append((outcome.state, outcome.reason))
        await servers.close()
        assert states == [(State.FAILED, "content_refused"), (State.ACCEPTED, "")]
        assert box.connections == 1
