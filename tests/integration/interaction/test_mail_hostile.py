"""Mails that were made to break the door: each gets an answer, memory stays bounded, and the good mail beside it is kept."""

from __future__ import annotations

import base64
import json
import os
import time
from pathlib import Path

import psutil
import pytest

from launcher.embedded_postgres import PrivateCluster
from services.interaction import commands
from tests.integration.interaction.mail import BOMB, mail, mail_platform, port_of, rows, talk

pytestmark = pytest.mark.asyncio

HEAD = b"From: ann@x.example\r\nTo: help@shop.example\r\nMessage-ID: <%d@hostile.example>\r\nMIME-Version: 1.0\r\n"


def _nested(depth: int) -> bytes:
    return b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (each, each) for each in range(depth))


def _rfc822(depth: int) -> bytes:
    return b"Content-Type: message/rfc822\r\n\r\n" * depth + b"Subject: inmost\r\n\r\nhello\r\n"


#: name -> the mail behind its head of four lines, without the dot at its end.
HOSTILE: dict[str, bytes] = {
    "nothing at all": b"",
    "only line ends": b"\r\n" * 200_000,
    "20 MiB in one part": b"\r\n" + (b"x" * 998 + b"\r\n") * 20_000,
    "10,000 nested parts": _nested(10_000),
    "10,000 nested messages": _rfc822(10_000),
    "100,000 empty parts": b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\n\r\n" * 100_000,
    "a boundary that never comes": b"Content-Type: multipart/mixed; boundary=never\r\n\r\nhello\r\n",
    "no boundary": b"Content-Type: multipart/mixed\r\n\r\nhello\r\n",
    "an empty boundary": b'Content-Type: multipart/mixed; boundary=""\r\n\r\n--\r\n\r\nhello\r\n----\r\n',
    "100,000 headers": b"X-A: b\r\n" * 100_000 + b"\r\nhello\r\n",
    "a header of 2 MiB": b"X-Long: " + b"\r\n ".join([b"y" * 900] * 2_300) + b"\r\n\r\nhello\r\n",
    "50,000 recipients in To": b"To: " + b",\r\n ".join(b"r%d@x.example" % each for each in range(50_000)) + b"\r\n\r\nhello\r\n",
    "brackets in an address": b"To: " + b"(" * 900 + b"\r\nCc: " + b"<" * 900 + b'\r\nReply-To: "' + b"\\" * 900 + b"\r\n\r\nhello\r\n",
    "encoded words without end": b"Subject: " + b"\r\n ".join([b"=?utf-8?q?=F0=9F?= " * 40] * 50) + b"\r\n\r\nhello\r\n",
    "an encoded word that breaks the line": b"Subject: a =?utf-8?q?=0D=0ABcc:=20evil@x.example?=\r\n\r\nhello\r\n",
    "NUL in head and body": b"Subject: a\x00b\r\nX-\x00: c\r\n\r\nhe\x00llo\x00\r\n",
    "bytes that are no text": b"Subject: \xff\xfe\xfd\r\nFrom: \xff <\xff@x.example>\r\n\r\n" + bytes(range(1, 256)).replace(b"\r", b"").replace(b"\n", b"") + b"\r\n",
    "half characters": b"Content-Type: text/plain; charset=utf-8\r\n\r\n\xed\xa0\x80 \xf0\x9f \xc0\x80\r\n",
    "UTF-7 surrogates": b"Content-Type: text/plain; charset=utf-7\r\n\r\n+2AA- +3AA-\r\n",
    "an unknown charset": b"Content-Type: text/plain; charset=x-nobody-knows\r\n\r\nhello \xe9\r\n",
    "a codec that is no charset": b"Content-Type: text/plain; charset=zlib_codec\r\n\r\nhello\r\n",
    "a slow codec": b"Content-Type: text/plain; charset=punycode\r\n\r\n" + (b"a-" * 400 + b"\r\n") * 2_000,
    "a charset of NUL": b'Content-Type: text/plain; charset="a\x00b"\r\n\r\nhello\r\n',
    "broken base64": b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nA===B!!C\r\n=\r\n\x00\r\n",
    "broken quoted-printable": b"Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n=ZZ = =\r\n=\xff=0\r\n",
    "text that runs backwards": "Subject: invoice\u202efdp.exe\r\nContent-Disposition: attachment; filename*=UTF-8''%E2%80%AEgpj.exe\r\n\r\nhello\r\n".encode(),
    "a name that climbs": b'Content-Type: application/x-sh; name="../../../etc/passwd\x00.png"\r\nContent-Disposition: attachment\r\n\r\nx\r\n',
    "a zip bomb": b"Content-Type: application/gzip; name=bomb.gz\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(BOMB).replace(b"\n", b"\r\n"),
    "HTML without end": b"Content-Type: text/html\r\n\r\n" + (b"<!--<div><" * 90 + b"\r\n") * 5_000,
    "parameters without end": b"Content-Type: text/plain" + b";\r\n a*0*=utf-8''%FF" * 3_000 + b"\r\n\r\nhello\r\n",
    "a date nobody can read": b"Date: Thu, 99 Foo 99999 99:99:99 +9999\r\nDate: -1\r\n\r\nhello\r\n",
    "a report of 100,000 recipients": (
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        + b"\r\n".join(b"Final-Recipient: rfc822; r%d@x.example\r\nAction: failed\r\nStatus: 5.1.1\r\n" % each for each in range(100_000)) + b"\r\n--b--\r\n"
    ),
    "a report of a report of a report": (b"Content-Type: message/rfc822\r\n\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\n" * 500),
    "words that patterns hate": b"Subject: Undelivered Mail\r\nFrom: MAILER-DAEMON@x.example\r\n\r\n" + (b"not " * 240 + b"could" * 8 + b"\r\n") * 200,
    "headers twice": b"Subject: one\r\nSubject: two\r\nFrom: second@x.example\r\nContent-Type: text/html\r\nContent-Type: text/plain\r\n\r\nhello\r\n",
    "continuation lines only": b" \r\n \r\n\t\r\n" * 1_000 + b"hello\r\n",
}


async def test_every_hostile_mail_is_answered_and_nothing_good_is_lost(cluster: PrivateCluster) -> None:
    """U12: over one SMTP session and over HTTP; each kept mail can be read back, none becomes a dead letter."""
    process = psutil.Process(os.getpid())
    async with mail_platform(cluster, mail_timeout=60, mail_per_hour=10_000) as platform, talk(port_of(platform)) as client:
        http = platform["interaction"]
        assert (await client.hand_over(mail("good", message_id="<good0@x>"))).startswith("250")
        before = process.memory_info().rss
        slowest = ("", 0.0)
        for number, (name, body) in enumerate(HOSTILE.items(), 1):
            raw = HEAD % number + body
            began = time.process_time()
            said = await client.hand_over(raw.replace(b"\r\n.", b"\r\n.."))
            assert said[:3] in ("250", "500", "552"), (name, said)
            answer = await http.call("POST", "/api/v1/inbound/mail", body=raw, headers={"content-type": "message/rfc822"})
            assert answer.status in (202, 413, 422), (name, answer.status, answer.body[:300])
            took = time.process_time() - began
            slowest = max(slowest, (name, took), key=lambda each: each[1])
            assert took < 6, (name, took)
            assert (await client.hand_over(mail("good", message_id=f"<good{number}@x>"))).startswith("250"), name
        grown = (process.memory_info().rss - before) / 2**20
        print(f"hostile mails: {len(HOSTILE)}, slowest {slowest[0]} {slowest[1]:.2f} s of CPU by both doors, memory +{grown:.0f} MiB")
        assert grown < 400
        await platform.drain(timeout=60)
        found = [json.loads(row["record"])["personal"]["properties"] for row in await rows(platform, "SELECT record FROM interaction")]
        assert sum(each.get("text") == "good" for each in found) == len(HOSTILE) + 1
        assert await http.service.database.fetch_value("SELECT count(*) FROM dead_letter") == 0
        assert await http.service.database.fetch_value("SELECT count(*) FROM quarantine") == 0
        kept = {number for number in range(1, len(HOSTILE) + 1) if any(each["message_id"] == f"{number}@hostile.example" for each in found)}
        assert len(kept) == len(HOSTILE), [name for number, name in enumerate(HOSTILE, 1) if number not in kept]
        subjects = " ".join(each.get("subject", "") for each in found)
        assert not any(mark in subjects for mark in "\u202e\x00\r\n")


async def test_attachments_are_kept_and_handed_out_safely(cluster: PrivateCluster) -> None:
    """U12: attachments as metadata with a link; their content comes back byte for byte, and nothing in it is run."""
    async with mail_platform(cluster) as platform:
        http = platform["interaction"]
        script = b"<script>alert(1)</script>"
        raw = (
            HEAD % 1 + b"Subject: files\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nSee below\r\n--b\r\n"
            b"Content-Type: text/html; name=evil.html\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + base64.encodebytes(script) + b'--b\r\nContent-Type: application/gzip; name="b.gz"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
            + base64.encodebytes(BOMB) + b"--b--\r\n"
        )
        assert (await http.call("POST", "/api/v1/inbound/mail", body=raw, headers={"content-type": "message/rfc822"})).status == 202
        long = mail("word " * 10_000, message_id="<long@x>")
        assert (await http.call("POST", "/api/v1/inbound/mail", body=long)).status == 202
        await platform.drain()
        found = [json.loads(row["record"])["personal"]["properties"] for row in await rows(platform, "SELECT record FROM interaction ORDER BY collected_partition, collected_offset")]
        html, packed = found[0]["attachments"]
        assert (html["name"], html["type"], html["size"]) == ("evil.html", "text/html", len(script))
        answer = await http.call("GET", f"{html['link']}?name=..%2Fevil%22%0D%0A.html", scopes=["interactions:read"])
        assert (answer.status, answer.body) == (200, script)
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''")
        assert "%22" not in answer.headers["content-disposition"]
        assert "sandbox" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert (await http.call("GET", packed["link"])).body == BOMB
        assert found[1]["text_cut"] is True
        original = found[1]["attachments"][0]
        assert original["type"] == "message/rfc822"
        assert (await http.call("GET", original["link"])).body == long
        assert (await http.call("GET", f"/api/v1/attachments/{'0' * 64}")).status == 404
        assert (await http.call("GET", "/api/v1/attachments/..%2f..")).status == 404
        assert (await http.call("GET", html["link"], scopes=["customers:read"])).status == 403


async def test_files_go_after_the_interactions_that_had_them(cluster: PrivateCluster) -> None:
    async with mail_platform(cluster) as platform:
        service = platform["interaction"].service
        for number, text in enumerate((b"shared", b"shared", b"alone")):
            raw = HEAD % number + b"Subject: %d\r\nContent-Type: application/pdf; name=a.pdf\r\n\r\n" % number + text
            assert (await platform["interaction"].call("POST", "/api/v1/inbound/mail", body=raw)).status == 202
        await platform.drain()
        stored = await rows(platform, "SELECT i.id, u.sha256 FROM interaction i JOIN attachment_use u ON u.interaction_id = i.id ORDER BY i.collected_partition, i.collected_offset")
        assert stored[0]["sha256"] == stored[1]["sha256"] != stored[2]["sha256"]
        async with service.transaction() as tx:
            await tx.db.execute("UPDATE attachment SET stored_at = stored_at - interval '2 days'")
            await tx.db.execute("UPDATE attachment_use SET checked_at = checked_at - interval '2 days'")
            await tx.db.execute("DELETE FROM interaction WHERE id = ANY($1::uuid[])", [stored[0]["id"], stored[2]["id"]])
        await commands.forget_files(service)
        assert [row["sha256"] for row in await rows(platform, "SELECT sha256 FROM attachment")] == [stored[1]["sha256"]]
        assert [row["interaction_id"] for row in await rows(platform, "SELECT interaction_id FROM attachment_use")] == [stored[1]["id"]]


BAD: list[tuple[bytes, str, int, str]] = [
    (b"", "message/rfc822", 422, "mail.empty"),
    (b"\r\n\r\n", "message/rfc822", 422, "mail.empty"),
    (b'{"a": 1}', "application/json", 415, "mail.not_a_mail"),
    (b"x" * (2 * 2**20), "message/rfc822", 413, "mail.too_large"),
]


async def test_bad_bodies_are_refused_with_a_reason(cluster: PrivateCluster) -> None:
    async with mail_platform(cluster, mail_size_mib=1, read=False) as platform:
        for body, kind, status, code in BAD:
            answer = await platform["interaction"].call("POST", "/api/v1/inbound/mail", body=body, headers={"content-type": kind})
            assert (answer.status, answer.json()["code"]) == (status, code)
        refused = await platform["interaction"].call("POST", "/api/v1/inbound/mail", body=mail(), scopes=["interactions:read"])
        assert refused.status == 403


async def test_the_example_bounces_pass_through_the_door(cluster: PrivateCluster, example_file: object) -> None:
    """Every fourth mail of the corpora over HTTP: an answer for each, and a bounce's recipients in it."""
    import tarfile

    path: Path = example_file("bounce/sisimai_mails.tar.gz")  # type: ignore[operator]
    with tarfile.open(path) as packed:
        mails = [packed.extractfile(member).read() for member in packed if member.isfile()][::4]  # type: ignore[union-attr]
    async with mail_platform(cluster) as platform:
        bounced = 0
        for raw in mails:
            answer = await platform["interaction"].call("POST", "/api/v1/inbound/mail", body=raw, headers={"content-type": "message/rfc822"})
            assert answer.status == 202
            bounced += answer.json()["kind"] == "bounce" and bool(answer.json()["recipients"])
        assert bounced >= 0.9 * len(mails)
