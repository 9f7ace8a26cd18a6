"""The contract of inbox adapters: each one passes the same tests (U13)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.interaction.domain import inbound_messages
from services.interaction.domain.inbound_messages import ADAPTERS, BadDelivery, Delivery

NOW = datetime(2027, 1, 1, 12, tzinfo=UTC)
URL = "https://crm.example/in/door"
SECRETS = {"webchat": "whsec_" + base64.b64encode(b"k" * 24).decode(), "whatsapp": "app-secret", "sms": "auth-token", "social": "app-secret"}


def webchat(body: bytes, secret: str, at: datetime = NOW) -> dict[str, str]:
    key, sent = base64.b64decode(secret.removeprefix("whsec_")), str(int(at.timestamp()))
    digest = hmac.new(key, f"msg_1.{sent}.".encode() + body, hashlib.sha256).digest()
    return {"webhook-id": "msg_1", "webhook-timestamp": sent, "webhook-signature": "v1,other v1," + base64.b64encode(digest).decode()}


def meta(body: bytes, secret: str) -> dict[str, str]:
    return {"x-hub-signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def twilio(body: bytes, secret: str) -> dict[str, str]:
    from urllib.parse import parse_qsl

    fields = "".join(name + value for name, value in sorted(parse_qsl(body.decode(), keep_blank_values=True)))
    return {"x-twilio-signature": base64.b64encode(hmac.new(secret.encode(), (URL + fields).encode(), hashlib.sha1).digest()).decode()}


class Sample(NamedTuple):
    """A message of somebody, one without any, and how they are signed."""

    sign: Callable[[bytes, str], dict[str, str]]
    body: bytes
    silent: bytes | None
    found: tuple[str, str, str]


def whatsapp(messages: list[dict[str, Any]]) -> bytes:
    return json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": "messages", "value": {"messages": messages}}]}]}).encode()


def messenger(events: list[dict[str, Any]]) -> bytes:
    return json.dumps({"object": "page", "entry": [{"id": "1", "messaging": events}]}).encode()


SAMPLES = {
    "webchat": Sample(
        webchat, json.dumps({"id": "m1", "conversation_id": "c1", "visitor": "email:Anna@example.com", "text": "سلام"}).encode(), None,
        ("m1", "email:anna@example.com", "chat"),
    ),
    "whatsapp": Sample(
        meta, whatsapp([{"from": "989121234567", "id": "wamid.1", "timestamp": "1798804800", "type": "text", "text": {"body": "hi"}}]),
        whatsapp([{"from": "989121234567", "id": "wamid.2", "type": "image", "image": {"id": "1"}}]), ("wamid.1", "phone:+989121234567", "chat"),
    ),
    "sms": Sample(
        twilio, urlencode({"MessageSid": "SM1", "From": "+989121234567", "To": "+491", "Body": "hello & bye"}).encode(),
        urlencode({"MessageSid": "SM2", "From": "+989121234567", "Body": ""}).encode(), ("SM1", "phone:+989121234567", "sms"),
    ),
    "social": Sample(
        meta, messenger([{"sender": {"id": "77"}, "timestamp": 1798804800000, "message": {"mid": "m_1", "text": "nice"}}]),
        messenger([{"sender": {"id": "77"}, "message": {"mid": "m_2", "text": "ours", "is_echo": True}}, {"sender": {"id": "77"}, "read": {}}]),
        ("m_1", "ext:facebook:77", "social"),
    ),
}


def delivery(headers: dict[str, str], body: bytes) -> Delivery:
    return Delivery(headers, body, URL, NOW)


def test_every_adapter_has_a_sample() -> None:
    assert set(SAMPLES) == set(ADAPTERS) == set(SECRETS)


@pytest.mark.parametrize("provider", sorted(ADAPTERS))
def test_the_contract_of_an_adapter(provider: str) -> None:
    """U13: signed is signed, anything changed is not; a message is read the same each time; what is none is left out."""
    adapter, sample, secret = ADAPTERS[provider], SAMPLES[provider], SECRETS[provider]
    headers = sample.sign(sample.body, secret)
    assert adapter.is_signed(delivery(headers, sample.body), secret)
    other = base64.b64encode(b"other-secret-of-24-bytes").decode()
    for bad in (delivery({}, sample.body), delivery(headers, sample.body.replace(b"1", b"2", 1)), delivery(dict.fromkeys(headers, "x"), sample.body)):
        assert not adapter.is_signed(bad, secret)
    assert not adapter.is_signed(delivery(headers, sample.body), other)
    messages = adapter.read(delivery(headers, sample.body))
    assert messages == adapter.read(delivery(headers, sample.body))
    assert [(message.id, message.customer, message.kind) for message in messages] == [sample.found]
    assert messages[0].fields["text"]
    if sample.silent is not None:
        assert adapter.read(delivery({}, sample.silent)) == []


@pytest.mark.parametrize("provider", ["webchat", "whatsapp", "social"])
@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"[" * 5000])
def test_what_cannot_be_read_says_so(provider: str, body: bytes) -> None:
    with pytest.raises(BadDelivery):
        ADAPTERS[provider].read(delivery({}, body))


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
    st.sampled_from(["entry", "changes", "value", "messages", "messaging", "sender", "message", "text", "id", "from", "mid", "timestamp"]), inner, max_size=4
), max_leaves=12)


@given(st.dictionaries(st.sampled_from(["entry", "object", "visitor", "text"]), JSON, max_size=3), st.sampled_from(sorted(ADAPTERS)))
def test_nothing_a_provider_sends_breaks_an_adapter(body: dict[str, Any], provider: str) -> None:
    try:
        found = ADAPTERS[provider].read(delivery({}, json.dumps(body).encode()))
    except BadDelivery:
        return
    assert all(isinstance(message.fields["text"], str) for message in found)


def test_old_signatures_are_refused() -> None:
    sample, secret = SAMPLES["webchat"], SECRETS["webchat"]
    old = webchat(sample.body, secret, datetime(2027, 1, 1, 11, 54, tzinfo=UTC))
    assert not ADAPTERS["webchat"].is_signed(delivery(old, sample.body), secret)
    assert inbound_messages.TOLERANCE == 300
