"""The SMTP door: what is taken, what is refused, and that no mail is lost or doubled."""

from __future__ import annotations

import json
import ssl
import subprocess
from pathlib import Path

import aiosmtplib
import pytest

from chassis.eventlog import NotConfirmed
from launcher.embedded_postgres import PrivateCluster
from tests.integration.interaction.mail import bounce, deliver, mail, mail_platform, port_of, rows, talk

pytestmark = pytest.mark.asyncio


async def test_a_mail_is_on_record_once_however_often_it_comes(cluster: PrivateCluster) -> None:
    """U12: threads by headers, delivered twice is stored once, by both doors."""
    async with mail_platform(cluster) as platform:
        port = port_of(platform)
        assert (await deliver(port, mail())).startswith("2.0.0 Kept as")
        await deliver(port, b"Received: from another way\r\n" + mail())
        answer = mail("Any news?", message_id="<2@x.example>", In_Reply_To="<1@x.example>", References="<1@x.example>")
        await deliver(port, answer, to=["desk@other.example"])
        http = await platform["interaction"].call("POST", "/api/v1/inbound/mail", body=mail(), headers={"content-type": "message/rfc822"})
        assert http.status == 202, http.body
        await platform.drain()
        stored = await rows(platform, "SELECT id, record FROM interaction ORDER BY collected_partition, collected_offset")
        found = [json.loads(row["record"]) for row in stored]
        assert [each["personal"]["properties"]["message_id"] for each in found] == ["1@x.example", "2@x.example"]
        assert len({each["personal"]["properties"]["thread"] for each in found}) == 1
        first = found[0]["personal"]["properties"]
        assert (found[0]["kind"], found[0]["channel"], found[0]["initiator"]) == ("email", "email", "customer")
        assert found[0]["personal"]["keys"] == ["email:ann@x.example"]
        assert (first["subject"], first["text"], first["automatic"]) == ("My order", "Hello, where is my order?", False)
        assert found[1]["personal"]["properties"]["references"] == ["1@x.example"]
        assert http.json()["kind"] == "email"
        assert http.json()["ids"] == [str(stored[0]["id"])]
        assert http.json()["thread"] == first["thread"]


async def test_only_our_addresses_are_taken(cluster: PrivateCluster) -> None:
    async with mail_platform(cluster, mail_recipients=2) as platform, talk(port_of(platform)) as client:
        assert (await client.say(b"RCPT TO:<help@shop.example>")).startswith("503")
        assert (await client.say(b"DATA")).startswith("503")
        assert (await client.say(b"MAIL FROM:<>")).startswith("250")
        for stranger in (b"x@elsewhere.example", b"bounce-aaaa@in.peyvand.example", b"any@in.peyvand.example", b"desk@shop.example.evil"):
            assert (await client.say(b"RCPT TO:<" + stranger + b">")).startswith("550 5.1.1"), stranger
        assert (await client.say(b"RCPT TO:<DESK@Other.Example>")).startswith("250")
        assert (await client.say(b"RCPT TO:<postmaster@in.peyvand.example>")).startswith("250")
        assert (await client.say(b"RCPT TO:<help@shop.example>")).startswith("452 4.5.3")
        assert (await client.say(b"VRFY help@shop.example")).startswith("252")
        assert (await client.say(b"NOSUCH")).startswith("500")


async def test_a_mail_is_refused_for_now_while_the_log_is_away(cluster: PrivateCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """U12: nothing is lost: 451 until the log has it, then once."""
    async with mail_platform(cluster) as platform, talk(port_of(platform)) as client:
        log = platform["interaction"].service.log

        async def away(_records: object) -> None:
            raise NotConfirmed("away")

        with monkeypatch.context() as patched:
            patched.setattr(log, "append", away)
            assert (await client.hand_over(mail())).startswith("451 4.3.0")
        assert (await client.hand_over(mail())).startswith("250 2.0.0")
        await platform.drain()
        assert len(await rows(platform, "SELECT 1 FROM interaction")) == 1


async def test_no_mail_is_smuggled_in_behind_another(cluster: PrivateCluster) -> None:
    """Only CR LF . CR LF ends a mail; dots are unstuffed; what follows is read as commands of the same session."""
    async with mail_platform(cluster) as platform, talk(port_of(platform)) as client:
        inner = b"\r\n.\nMAIL FROM:<evil@x.example>\r\n\n.\r\nMAIL FROM:<evil@x.example>\r\n.\r\r\n"
        assert (await client.hand_over(mail("one") + inner + b"..a dot\r\n")).startswith("250")
        await platform.drain()
        found = await rows(platform, "SELECT record FROM interaction")
        assert len(found) == 1
        text = json.loads(found[0]["record"])["personal"]["properties"]["text"]
        assert "evil@x.example" in text
        assert text.endswith("\n.a dot")


async def test_limits_are_answered_not_hung_up_on(cluster: PrivateCluster) -> None:
    async with mail_platform(cluster, mail_size_mib=1, mail_memory_mib=2, mail_connections=4, mail_connections_per_host=4) as platform:
        port = port_of(platform)
        async with talk(port) as client:
            assert (await client.say(b"MAIL FROM:<a@x.example> SIZE=99999999")).startswith("552")
            assert (await client.hand_over(mail() + b"x" * 60 + b"\r\n" + (b"y" * 998 + b"\r\n") * 1100)).startswith("552 5.3.4")
            assert (await client.hand_over(mail() + b"z" * 600_000 + b"\r\n")).startswith("500 5.6.0")
            assert (await client.hand_over(mail() + b"z" * 100_000 + b"\r\n")).startswith("250")
            async with talk(port) as other, talk(port) as third:
                for waiting in (other, third):
                    await waiting.say(b"MAIL FROM:<b@x.example>")
                    await waiting.say(b"RCPT TO:<help@shop.example>")
                    await waiting.say(b"DATA")
                    await waiting.send((b"w" * 998 + b"\r\n") * 1000)
                assert (await client.hand_over(mail(message_id="<9@x.example>") + (b"v" * 998 + b"\r\n") * 900)).startswith("452 4.3.1")
        with pytest.raises(aiosmtplib.SMTPConnectResponseError, match="Too many"):
            async with talk(port), talk(port), talk(port), talk(port):
                await deliver(port, mail())


async def test_starttls_where_a_certificate_is_given(cluster: PrivateCluster, tmp_path: Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
         "-keyout", str(key), "-out", str(cert)],
        check=True, capture_output=True,
    )
    async with mail_platform(cluster, mail_tls_cert=str(cert), mail_tls_key=str(key)) as platform:
        context = ssl.create_default_context(cafile=str(cert))
        context.check_hostname = False
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=port_of(platform), start_tls=True, tls_context=context, timeout=20)
        async with client:
            assert client.get_transport_info("cipher") is not None
            await client.sendmail("ann@x.example", ["help@shop.example"], mail())
            await client.sendmail("", ["help@shop.example"], bounce("gone@x.example"))
        await platform.drain()
        found = await rows(platform, "SELECT kind FROM interaction ORDER BY kind")
        assert [row["kind"] for row in found] == ["bounce", "email"]
