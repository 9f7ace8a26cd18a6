"""The wrapper around every fact on the log: CloudEvents 1.0 in binary mode, `ce_*` headers."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

#: Header with the position in the topic a record was derived from; a reader skips what is not above its own.
ORIGIN: Final = "ecrm_origin"

Headers = tuple[tuple[str, bytes], ...]


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """Who told what about whom, when, and because of what."""

    id: str
    type: str
    source: str
    subject: str = ""
    time: datetime | None = None
    correlation: str = ""
    causation: str = ""
    traceparent: str = ""

    def headers(self) -> Headers:
        """CloudEvents binary mode, without the attributes that are empty."""
        pairs = [
            ("ce_specversion", b"1.0"),
            ("ce_id", self.id.encode()),
            ("ce_type", self.type.encode()),
            ("ce_source", self.source.encode()),
        ]
        if self.subject:
            pairs.append(("ce_subject", self.subject.encode()))
        if self.time is not None:
            pairs.append(("ce_time", self.time.isoformat().encode()))
        for name, value in (
            ("ce_correlation", self.correlation),
            ("ce_causation", self.causation),
            ("traceparent", self.traceparent),
        ):
            if value:
                pairs.append((name, value.encode()))
        return tuple(pairs)


def header(headers: Headers, name: str) -> bytes | None:
    """The first value of a header, or None."""
    for key, value in headers:
        if key == name:
            return value
    return None


def read_envelope(headers: Headers) -> Envelope:
    """The envelope of a record. Raises ValueError when a required attribute is missing."""
    found = {name: value.decode() for name, value in headers}
    try:
        time = found.get("ce_time")
        return Envelope(
            id=found["ce_id"],
            type=found["ce_type"],
            source=found["ce_source"],
            subject=found.get("ce_subject", ""),
            time=datetime.fromisoformat(time) if time else None,
            correlation=found.get("ce_correlation", ""),
            causation=found.get("ce_causation", ""),
            traceparent=found.get("traceparent", ""),
        )
    except KeyError as missing:
        raise ValueError(f"the record has no header {missing.args[0]}") from None
