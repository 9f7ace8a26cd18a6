"""What is handed to a channel: one message, made and permitted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from services.campaign.domain import mail


class Parcel(NamedTuple):
    """One message ready to leave. `to`: as the channel takes it; `sender` and `mail`: of an e-mail; the rest is for other channels.

    `key`: the same for every try of this message and of no other; `provider`: whom it was given to before, without a clear answer;
    `again`: it was tried before.
    """

    channel: str
    to: str
    key: str
    customer_id: str
    sender: str = ""
    mail: bytes = b""
    title: str = ""
    text: str = ""
    locale: str = ""
    data: Mapping[str, Any] = {}
    unsubscribe_url: str = ""
    origin_id: str = ""
    provider: str | None = None
    again: bool = False
    permit_id: str = ""
    purpose: str = ""

    def letter(self) -> bytes:
        """The mail with the permit it goes out under. Raises UnsafeHeader."""
        return mail.with_permit(self.mail, self.permit_id)

    def payload(self) -> bytes:
        """The message as a provider gets it; the same bytes at every try, whatever permit it goes out under."""
        return msgspec.json.encode({
            "id": self.key, "channel": self.channel, "to": self.to, "customer_id": self.customer_id, "title": self.title, "text": self.text,
            "locale": self.locale, "data": dict(self.data), "unsubscribe_url": self.unsubscribe_url, "origin_id": self.origin_id,
        })
