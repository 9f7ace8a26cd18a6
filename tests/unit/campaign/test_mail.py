"""Mails: no value becomes a header; links lead where they should; machines are told from people."""

from __future__ import annotations

import email
from datetime import UTC, datetime, timedelta
from email.policy import default

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.campaign.domain import ledger, mail, tracking
from services.campaign.domain.mail import Mail, UnsafeHeader

NAMES = [
    "From", "To", "Reply-To", "Subject", "Date", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post", "X-Ecrm-Campaign",
    "Auto-Submitted", "MIME-Version", "Content-Type",
]
HARMFUL = [
    "x\nBcc: injected@example.com", "x\r\nBcc: injected@example.com", "x\rBcc: y", "x\r\n\r\nbody", "x\x00y", "x\x0by", "x\x0cy", "x\x1cy", "x\x85y",
    "x\u2028Bcc: y", "x\u2029y", "A 💩 subject=?UTF-8?Q?=0A?=Bcc: injected@example.com", "=?utf-8?b?Cg==?=", "=?UTF-8?Q?=0ABcc:_y?=",
    "=?utf-7?Q?+AAo-?=", "x\ud800", "x\x7fy", "x" * 3000, "a=?b",
]


def letter(**changes: str) -> Mail:
    values = {
        "sender": "shop@x.example", "sender_name": "Shop", "recipient": "ann@x.example", "reply_to": "help@x.example", "subject": "Hello",
        "html": "<p>hi</p>", "text": "hi", "date": "Mon, 05 Jan 2026 10:00:00 +0000", "message_id": "abc@x.example",
        "unsubscribe_url": "https://p.example/u/token", "campaign": "c1",
    }
    return Mail(**{**values, **changes})


@pytest.mark.parametrize("value", HARMFUL)
@pytest.mark.parametrize("field", ["subject", "sender_name", "sender", "recipient", "reply_to", "message_id", "unsubscribe_url", "campaign", "date"])
def test_harmful_values_never_reach_a_header(field: str, value: str) -> None:
    with pytest.raises(UnsafeHeader) as refused:
        mail.build(letter(**{field: value}))
    assert "injected" not in str(refused.value)


@pytest.mark.parametrize("address", ["a@b, c@d", "a@b;c@d", "<a@b>", "a b@c", "a@b>\x20x", "@b", "a@", "", '"a"@b', "آن@x.example"])
def test_only_one_plain_address(address: str) -> None:
    with pytest.raises(UnsafeHeader):
        mail.build(letter(recipient=address))


@settings(max_examples=300, deadline=None)
@given(subject=st.text(max_size=120), name=st.text(max_size=60), text=st.text(max_size=200), html=st.text(max_size=200))
def test_what_is_built_reads_back(subject: str, name: str, text: str, html: str) -> None:
    """Either refused, or exactly the headers that were meant, the subject and both bodies as given."""
    try:
        raw = mail.build(letter(subject=subject, sender_name=name, text=text, html=html))
    except UnsafeHeader:
        return
    except UnicodeEncodeError:
        pytest.fail("a value that cannot be encoded must be refused")
    assert raw.replace(b"\r\n", b"").count(b"\n") == 0
    assert max(len(line) for line in raw.split(b"\r\n")) < 2100
    read = email.message_from_bytes(raw, policy=default)
    assert read.keys() == NAMES
    assert " ".join(read["Subject"].split()) == " ".join(subject.split())
    plain, rich = read.get_body(("plain",)), read.get_body(("html",))
    assert plain is not None
    assert rich is not None
    expected = text.encode("utf-8", "replace").decode()
    assert plain.get_payload(decode=True) == expected.encode()
    assert rich.get_payload(decode=True) == html.encode("utf-8", "replace")


def test_a_permit_is_one_header() -> None:
    raw = mail.with_permit(mail.build(letter()), "0191b000-0000-7000-8000-000000000001:7")
    assert email.message_from_bytes(raw).keys() == ["X-Ecrm-Permit", *NAMES]
    for bad in ("x\r\nBcc: y", "", "a b", "x" * 300):
        with pytest.raises(UnsafeHeader):
            mail.with_permit(raw, bad)


def test_persian_headers_read_back() -> None:
    read = email.message_from_bytes(mail.build(letter(subject="سلام سارا، پیشنهاد ویژهٔ بهار برای شما و خانوادهٔ گرامی", sender_name="فروشگاه")), policy=default)
    assert read["Subject"] == "سلام سارا، پیشنهاد ویژهٔ بهار برای شما و خانوادهٔ گرامی"
    assert read["From"].addresses[0].display_name == "فروشگاه"


def rewritten(html: str, **utm: str) -> str:
    return tracking.rewrite(
        html, click=lambda index, url: f"https://p/t/c/{index}?{url}", keep=frozenset({"https://p/u/1"}), utm=utm, pixel="https://p/t/o/1"
    )


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<a href="https://x.example/a?b=1&amp;c=2">', '<a href="https://p/t/c/0?https://x.example/a?b=1&amp;c=2">'),
        ("<a class='k' href='http://x.example/'>", "<a class='k' href=\"https://p/t/c/0?http://x.example/\">"),
        ('<a href="https://p/u/1">', '<a href="https://p/u/1">'),
        ('<a href="mailto:a@b.c">', '<a href="mailto:a@b.c">'),
        ('<a href="javascript:alert(1)">', '<a href="#">'),
        ('<a href="data:text/html,x">', '<a href="#">'),
        ('<a href="//evil.example">', '<a href="#">'),
        ('<a href="https://user:pw@evil.example">', '<a href="#">'),
        ('<a href="https://x.example\\@evil">', '<a href="#">'),
        ('<img src="https://x.example/a.png">', '<img src="https://x.example/a.png">'),
    ],
)
def test_links_are_led_over_us(html: str, expected: str) -> None:
    assert rewritten(html).startswith(expected)


def test_utm_is_added_and_the_authors_wins() -> None:
    assert tracking.with_utm("https://x.example/?utm_source=a#f", {"source": "b", "medium": "mail"}) == (
        "https://x.example/?utm_source=a&utm_medium=mail#f"
    )
    assert rewritten("<html><body>x</body></html>").endswith('style="display:none"></body></html>')


BROWSER = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
NOW = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("method", "headers", "after", "expected"),
    [
        ("GET", BROWSER, 60, False),
        ("HEAD", BROWSER, 60, True),
        ("GET", BROWSER, 1, True),
        ("GET", {}, 60, True),
        ("GET", {"user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}, 60, True),
        ("GET", {"user-agent": "Barracuda Sentinel"}, 60, True),
        ("GET", {"user-agent": "Mozilla/5.0 (via ggpht.com GoogleImageProxy)"}, 60, True),
        ("GET", {"user-agent": "curl/8.5"}, 60, True),
        ("GET", {**BROWSER, "sec-purpose": "prefetch;prerender"}, 60, True),
        ("GET", {**BROWSER, "purpose": "prefetch"}, 60, True),
        ("GET", {**BROWSER, "x-moz": "prefetch"}, 60, True),
    ],
)
def test_machines_are_told_from_people(method: str, headers: dict[str, str], after: int, expected: bool) -> None:
    assert tracking.automated(method=method, headers=headers, at=NOW + timedelta(seconds=after), handed_off_at=NOW) is expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("ann@x.example", "ann@x.example"), ("a.b+c@sub.x.example", "a.b+c@sub.x.example"), ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("", None), ("ann", None), ("ann@", None), ("a..b@x.example", None), ("ann@x..example", None), ("a@b@c.example", None),
        ("ann@-x.example", None), ("آن@x.example", None), ("ann@x.example\nBcc: y", None), ("a" * 300 + "@x.example", None),
    ],
)
def test_mail_addresses(address: str, expected: str | None) -> None:
    try:
        found = ledger.mail_address(address)
    except ValueError:
        pytest.fail("a bad address is None, not an error")
    assert found == expected


def test_retries_grow_to_an_hour() -> None:
    assert [ledger.retry_after(attempt).total_seconds() for attempt in (1, 2, 3, 9)] == [60, 120, 240, 3600]
