"""Reading mails: text in whatever form it came, threads, machines, and what refusals mean."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import links
from services.interaction.domain import mail
from services.interaction.domain.mail import Way, attachments_of, read_letter, root_of, sort_mail, tell, wording
from services.interaction.domain.mail.reports import read_report, statuses

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECRET = b"s" * 32


def opener(use: str, name: str) -> UUID | None:
    try:
        return links.named_message(SECRET, use, name)
    except links.BadLink:
        return None


def sorted_of(head: str, *, sender: str | None = "ann@x.example", to: tuple[str, ...] = ()) -> mail.Sorted:
    return sort_mail(read_letter(f"{head}\r\n\r\nhello\r\n".encode()), Way(sender, to), opener)


@pytest.mark.parametrize(("raw", "text"), [
    (b"\r\nhello\r\n", "hello"),
    (b"Content-Type: text/plain; charset=windows-1256\r\n\r\n\xd3\xe1\xc7\xe3\r\n", "سلام"),
    ("Content-Type: text/plain; charset=us-ascii\r\n\r\nسلام\r\n".encode(), "سلام"),
    (b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\naGVs\r\nbG8=\r\n", "hello"),
    (b"Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nhel=\r\nlo=20=C3=A9\r\n", "hello é"),
    (b"Content-Type: text/html\r\n\r\n<style>p{}</style><p>a&lt;b</p><script>x()</script><div>c<br>d</div>", "a<b\n\nc\nd"),
    (b"Content-Type: text/html\r\n\r\n1 < 2 <!-- no --> &amp; 3", "1 < 2 & 3"),
    (b"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nplain\r\n--b\r\nContent-Type: text/html\r\n\r\n<b>html</b>\r\n--b--\r\n", "plain"),
    (b"Content-Type: multipart/mixed\r\n\r\n--guessed-boundary\r\nContent-Type: text/plain\r\n\r\nfound\r\n--guessed-boundary--\r\n", "found"),
    (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\n\r\none\r\n--b\r\n\r\ntwo\r\n", "one\ntwo"),
])
def test_text_is_read_whatever_its_form(raw: bytes, text: str) -> None:
    assert read_letter(raw).text() == text


@given(st.binary(max_size=3_000))
@settings(max_examples=150, deadline=None)
def test_any_bytes_are_read(raw: bytes) -> None:
    """Never an exception, and what comes out can be stored: valid Unicode without NUL."""
    letter = read_letter(raw)
    found = sort_mail(letter, Way(None, ()), opener)
    for told in tell(letter, found, thread=uuid4(), attached=attachments_of(letter, raw), received_at=NOW, automatic=found.automatic):
        assert "\x00" not in str(told.body).encode().decode()


@given(st.text(alphabet="<>!-/ab &;\"='\n", max_size=300))
def test_html_never_fails(html: str) -> None:
    assert isinstance(wording.text_of_html(html), str)


def test_ten_thousand_levels_cost_nothing() -> None:
    raw = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (each, each) for each in range(10_000))
    began = time.process_time()
    letter = read_letter(raw)
    assert time.process_time() - began < 1
    assert letter.notes == ["too_deep"]


def test_a_name_of_a_message_is_proof() -> None:
    message = uuid4()
    name = links.name_message(SECRET, links.ANSWERS, message)
    assert (len(name), name) == (39, name.lower())
    assert links.named_message(SECRET, links.ANSWERS, name) == message
    for wrong in (links.name_message(SECRET, links.BOUNCES, message), links.name_message(b"x" * 32, links.ANSWERS, message), name[:-1], "", "a" * 39, "ß" * 39):
        with pytest.raises(links.BadLink):
            links.named_message(SECRET, links.ANSWERS, wrong)


def test_threads_by_headers_and_by_our_addresses() -> None:
    """C11: the oldest reference names the thread; one of our messages does so before any."""
    message = uuid4()
    ours = f"{links.name_message(SECRET, links.MESSAGE_ID, message)}@shop.example"
    first = sorted_of("Message-ID: <1@x>\r\nFrom: a@x.example")
    assert root_of(first) == "1@x"
    assert root_of(sorted_of("Message-ID: <3@x>\r\nReferences: <1@x>\r\n <2@x>\r\nIn-Reply-To: <2@x>")) == "1@x"
    answered = sorted_of(f"Message-ID: <4@x>\r\nIn-Reply-To: <{ours.upper()}>")
    assert (root_of(answered), answered.answers, answered.proven) == (f"message:{message}", message, False)
    to = f"reply-{links.name_message(SECRET, links.ANSWERS, message)}@in.example".upper()
    proven = sorted_of("Message-ID: <5@x>", to=(to,))
    assert (root_of(proven), proven.answers, proven.proven) == (f"message:{message}", message, True)
    many = sorted_of("Message-ID: <6@x>\r\nReferences: " + "\r\n ".join(f"<{each}@x>" for each in range(500)))
    assert (many.references[0], many.references[-1], len(many.references)) == ("0@x", "499@x", 50)


def test_one_mail_has_one_name() -> None:
    """The way it took does not matter, what it says does."""

    def name(raw: bytes) -> str:
        letter = read_letter(raw)
        return tell(letter, sort_mail(letter, Way(None, ()), opener), thread=uuid4(), attached=[], received_at=NOW, automatic="")[0].id

    raw = b"From: a@x.example\r\nMessage-ID: <1@x>\r\nSubject: s\r\n\r\ntext\r\n"
    assert name(raw) == name(b"Received: by y\r\nDelivered-To: z@y\r\n" + raw)
    assert name(raw) != name(raw.replace(b"text", b"other"))
    assert name(raw) != name(raw.replace(b"<1@x>", b"<2@x>"))


@pytest.mark.parametrize(("date", "believed"), [
    (NOW - timedelta(hours=3), True), (NOW - timedelta(days=30), False), (NOW + timedelta(days=1), False),
])
def test_dates_are_believed_within_bounds(date: datetime, believed: bool) -> None:
    raw = f"From: a@x.example\r\nDate: {date:%a, %d %b %Y %H:%M:%S} +0000\r\n\r\nx".encode()
    letter = read_letter(raw)
    told = tell(letter, sort_mail(letter, Way(None, ()), opener), thread=uuid4(), attached=[], received_at=NOW, automatic="")[0]
    assert told.occurred_at == (date if believed else NOW)
    assert told.body["sent_at"] == date.isoformat()


@pytest.mark.parametrize(("diagnostic", "told", "status", "hard", "category"), [
    ("550 5.1.1 <a@x>: Recipient address rejected: User unknown in virtual mailbox table", "5.1.1", "5.1.1", True, "unknown_address"),
    ("550 No such user here", "5.0.0", "5.0.0", True, "unknown_address"),
    ("550 5.1.1 Mailbox full", "5.1.1", "5.1.1", False, "mailbox_full"),
    ("452 4.2.2 Over quota", "4.2.2", "4.2.2", False, "mailbox_full"),
    ("450 4.1.1 User unknown", "4.1.1", "4.1.1", False, "unknown_address"),
    ("550 5.7.1 Service unavailable; client host blocked using zen.spamhaus.org", "5.7.1", "5.7.1", False, "spam_or_policy"),
    ("550 5.7.26 Unauthenticated email is not accepted due to the domain's DMARC policy", "5.0.0", "5.7.26", False, "authentication"),
    ("553 5.1.8 Sender address rejected: Domain not found", "5.1.8", "5.1.8", False, "sender"),
    ("556 5.1.10 Recipient address has null MX", "", "5.1.10", True, "takes_no_mail"),
    ("Host or domain name not found. Name service error for name=nowhere.example", "5.4.4", "5.4.4", True, "unknown_domain"),
    ("connect to mx.example[192.0.2.1]:25: Connection timed out", "4.4.1", "4.4.1", False, "network"),
    ("550-5.7.25 The IP address sending this message does not have a\n550-5.7.25 PTR record setup\n550 5.7.25 see help", "5.7.25", "5.7.25", False, "spam_or_policy"),
    ("554 4.4.7 Message expired <421 4.4.2 Connection dropped>", "4.4.7", "4.4.2", False, "network"),
    ("552 5.3.4 Message size exceeds fixed limit", "5.3.4", "5.3.4", False, "too_big"),
    ("550 User has moved to another provider", "", "5.0.0", True, "moved"),
    ("550 5.2.1 The email account is disabled", "5.2.1", "5.2.1", False, "suspended"),
    ("", "5.1.2", "5.1.2", True, "unknown_domain"),
    ("550 Пользователь не найден", "", "5.0.0", True, "unknown_address"),
    ("550 Почтовый ящик переполнен", "", "5.0.0", False, "mailbox_full"),
    ("550 用户不存在", "", "5.0.0", True, "unknown_address"),
    ("550 صندوق پستی پر است", "", "5.0.0", False, "mailbox_full"),
    ("", "", "5.0.0", False, "other"),
])
def test_what_refusals_mean(diagnostic: str, told: str, status: str, hard: bool, category: str) -> None:
    """RFC 3463 and the words of servers; what does not say that nobody is there is soft."""
    found = statuses.judge(diagnostic, told=told)
    assert (found.status, found.hard) == (status, hard)
    assert found.category == category


@pytest.mark.parametrize("raw", [
    b"From: Ann <ann@x.example>\r\nSubject: Re: Undelivered Mail\r\n\r\nYour mail to bob@x.example could not be delivered, I heard.\r\n",
    b"From: Ann <ann@x.example>\r\nSubject: my parcel\r\n\r\nIt was not delivered to me. bob@y.example has it.\r\n",
    b"From: Ann <ann@x.example>\r\nSubject: Fwd: failure notice\r\n\r\n<bob@y.example>:\r\n550 no such user\r\n",
    b"From: Ann <ann@x.example>\r\nSubject: I am away\r\nAuto-Submitted: auto-replied\r\n\r\nWrite to bob@x.example\r\n",
])
def test_what_people_write_of_bounces_is_no_bounce(raw: bytes) -> None:
    assert read_report(read_letter(raw)) is None


@pytest.mark.parametrize(("subject", "text"), [
    ("Недоставленное сообщение", "Ваше письмо не может быть доставлено:\n\n  bob@y.example\n    550 Пользователь не найден\n"),
    ("系统退信", "您的邮件无法投递到以下地址\n\n<bob@y.example>:\n550 用户不存在\n"),
    ("Unzustellbar: Angebot", "Ihre Nachricht konnte nicht zugestellt werden:\n\nbob@y.example\n550 Empfänger unbekannt\n"),
    ("پیام شما تحویل نشد", "پیام شما تحویل داده نشد:\n\nbob@y.example\n550 کاربر وجود ندارد\n"),
])
def test_bounces_in_other_languages(subject: str, text: str) -> None:
    report = read_report(read_letter(f"From: Postmaster <postmaster@y.example>\r\nTo: shop@x.example\r\nSubject: {subject}\r\n\r\n{text}".encode()))
    assert report is not None
    assert [(each.recipient, each.hard) for each in report.failed] == [("bob@y.example", True)]


def test_a_providers_notification_in_json() -> None:
    text = (
        '{"notificationType":"Bounce","bounce":{"bounceType":"Permanent","bounceSubType":"General","bouncedRecipients":[{"emailAddress":"a@x.example",'
        '"action":"failed","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 user unknown"}]},"mail":{"messageId":"m1","headers":[{"name":"Message-ID","value":"<o@x>"}]}}'
    )
    report = read_report(read_letter(f"From: no-reply@sns.example\r\n\r\n{text}".encode()))
    assert report is not None
    assert [(each.recipient, each.status, each.hard) for each in report.failed] == [("a@x.example", "5.1.1", True)]
    assert report.about == "o@x"
    complaint = read_report(read_letter(
        b'From: x\r\n\r\n{"notificationType":"Complaint","complaint":{"complainedRecipients":[{"emailAddress":"a@x.example"}],"complaintFeedbackType":"abuse"},"mail":{}}'
    ))
    assert complaint is not None
    assert (complaint.kind, complaint.feedback) == ("complaint", "abuse")
