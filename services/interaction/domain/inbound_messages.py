"""Adapters of other providers behind one port: is it signed, and what did customers write. Plain rules, no I/O."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, Protocol
from urllib.parse import parse_qsl

import msgspec

from services.interaction.domain.collecting import identities

#: A signed time may be this old or early, in seconds.
TOLERANCE: Final = 300

_json = msgspec.json.Decoder(dict[str, Any]).decode


class Delivery(NamedTuple):
    """What a provider sent: header names in lower case, the address it was sent to."""

    headers: Mapping[str, str]
    body: bytes
    url: str
    now: datetime


class Message(NamedTuple):
    """What a customer wrote. `id` is unique for the provider; `fields` are those of the touch point `kind`."""

    id: str
    customer: str
    kind: str
    at: datetime
    fields: dict[str, Any]


class BadDelivery(ValueError):
    """A signed body that cannot be read."""


class Adapter(Protocol):
    """The port. `read` leaves out what is no message of a customer (receipts, typing, our own echoes)."""

    def is_signed(self, delivery: Delivery, secret: str) -> bool: ...

    def read(self, delivery: Delivery) -> list[Message]: ...


class WebChat:
    """Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`; the secret is `whsec_` and base64."""

    def is_signed(self, delivery: Delivery, secret: str) -> bool:
        headers = delivery.headers
        try:
            key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
            sent = int(headers.get("webhook-timestamp", ""))
        except (binascii.Error, ValueError):
            return False
        if abs(delivery.now.timestamp() - sent) > TOLERANCE:
            return False
        content = f"{headers.get('webhook-id', '')}.{sent}.".encode() + delivery.body
        wanted = "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
        return any(_equal(one, wanted) for one in headers.get("webhook-signature", "").split(" "))

    def read(self, delivery: Delivery) -> list[Message]:
        body = _object(delivery.body)
        customer = identities.customer_key(body.get("visitor"))
        text, conversation, message = body.get("text"), body.get("conversation_id"), body.get("id")
        if customer is None or not isinstance(text, str) or not text or not isinstance(conversation, str) or not isinstance(message, str):
            raise BadDelivery
        fields = {"direction": "inbound", "conversation_id": conversation, "text": text}
        return [Message(message, customer, "chat", _moment(body.get("sent_at")) or delivery.now, fields)]


class _Meta:
    """`x-hub-signature-256`: SHA-256 of the body under the app's secret."""

    def is_signed(self, delivery: Delivery, secret: str) -> bool:
        wanted = "sha256=" + hmac.new(secret.encode(), delivery.body, hashlib.sha256).hexdigest()
        return _equal(delivery.headers.get("x-hub-signature-256", ""), wanted)


class WhatsApp(_Meta):
    """The Cloud API: text messages of people, recognised by their number."""

    def read(self, delivery: Delivery) -> list[Message]:
        found = []
        for entry in _list(_object(delivery.body).get("entry")):
            for change in _list(entry.get("changes")):
                value = change.get("value")
                for message in _list(value.get("messages") if isinstance(value, dict) else None):
                    text = message.get("text")
                    key = identities.phone_key("+" + str(message.get("from", "")).lstrip("+"), None)
                    body = text.get("body") if isinstance(text, dict) else None
                    if message.get("type") == "text" and key and isinstance(body, str) and body and isinstance(message.get("id"), str):
                        fields = {"direction": "inbound", "conversation_id": f"whatsapp:{key.removeprefix('phone:')}", "text": body}
                        found.append(Message(message["id"], key, "chat", _epoch(message.get("timestamp")) or delivery.now, fields))
        return found


class Sms:
    """Twilio's way: a form, `x-twilio-signature` is SHA-1 over the address and the sorted fields."""

    def is_signed(self, delivery: Delivery, secret: str) -> bool:
        fields = "".join(name + value for name, value in sorted(_form(delivery.body).items()))
        digest = hmac.new(secret.encode(), (delivery.url + fields).encode(), hashlib.sha1).digest()
        return _equal(delivery.headers.get("x-twilio-signature", ""), base64.b64encode(digest).decode())

    def read(self, delivery: Delivery) -> list[Message]:
        form = _form(delivery.body)
        key = identities.phone_key(form.get("From", ""), None)
        if key is None or not form.get("MessageSid"):
            raise BadDelivery
        if not form.get("Body"):
            return []
        fields = {
            "direction": "inbound", "phone": key.removeprefix("phone:"), "text": form["Body"], "provider_message_id": form["MessageSid"],
        }
        return [Message(form["MessageSid"], key, "sms", delivery.now, fields)]


class Social(_Meta):
    """Messenger's way: messages to a page, the sender is known by an id of that network alone."""

    def read(self, delivery: Delivery) -> list[Message]:
        body = _object(delivery.body)
        network = {"page": "facebook"}.get(str(body.get("object")), str(body.get("object") or "social"))
        found = []
        for entry in _list(body.get("entry")):
            for event in _list(entry.get("messaging")):
                sender, message = event.get("sender"), event.get("message")
                if not isinstance(sender, dict) or not isinstance(message, dict) or message.get("is_echo"):
                    continue
                who, text = str(sender.get("id") or ""), message.get("text")
                key = identities.customer_key(f"ext:{network}:{who}")
                if key and isinstance(text, str) and text and isinstance(message.get("mid"), str):
                    fields = {"direction": "inbound", "network": network, "handle": who, "visibility": "private", "text": text}
                    found.append(Message(message["mid"], key, "social", _epoch(event.get("timestamp"), thousand=True) or delivery.now, fields))
        return found


ADAPTERS: Final[Mapping[str, Adapter]] = {"webchat": WebChat(), "whatsapp": WhatsApp(), "sms": Sms(), "social": Social()}


def _equal(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _object(body: bytes) -> dict[str, Any]:
    try:
        return _json(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise BadDelivery from None


def _list(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=200))
    except ValueError:
        return {}


def _moment(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _epoch(value: Any, *, thousand: bool = False) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(value) / (1000 if thousand else 1), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
