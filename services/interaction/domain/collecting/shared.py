"""What a batch shares: `context`, `integrations` and `sentAt`, measured once and counted in every event."""

from __future__ import annotations

import ipaddress
from typing import Any, Final, NamedTuple

import msgspec

from services.interaction.domain.collecting import moments, walking
from services.interaction.domain.collecting.bodies import UNREADABLE, Body

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.encode

CLEAN: Final = (False, False, False)
NOTHING: Final[dict[str, Any]] = {}


class Shared(NamedTuple):
    """The shared parts. `code` is a structural fault, `late` (nul, number, card) the others; both count for every event of the batch."""

    context: dict[str, Any] = NOTHING
    integrations: dict[str, Any] = NOTHING
    raw_context: msgspec.Raw | None = None
    raw_integrations: msgspec.Raw | None = None
    size: int = 0
    depth: int = 0
    values: int = 0
    code: str = ""
    late: tuple[bool, bool, bool] = CLEAN
    bad_context: bool = False
    sent_at: Any = None
    sound: bool = True  # nothing in the shared parts is refused


def read_shared(body: Body, *, ip_rule: str) -> Shared:
    """Decode and measure the shared parts; most requests have none."""
    sent_at = moments.read_moment(body.sent_at) or body.sent_at
    if not body.context and not body.integrations:
        return Shared(sent_at=sent_at)
    try:
        context = _decode(body.context) if body.context else None
        integrations = _decode(body.integrations) if body.integrations else None
    except UnicodeDecodeError:
        return Shared(code="invalid_utf8", sound=False)
    except RecursionError:
        return Shared(code="too_deep", sound=False)
    except UNREADABLE:
        return Shared(code="number_out_of_range", sound=False)
    bad_context = context is not None and type(context) is not dict and context != []
    parts = {"context": context, "integrations": integrations}
    shape = walking.walk(parts, careful=walking.needs_care(body.context) or walking.needs_care(body.integrations))
    context = context if type(context) is dict else {}
    integrations = integrations if type(integrations) is dict else {}
    shortened = shorten_ip(context, ip_rule)
    raw_context = (_encode(context) if shortened else body.context) if context else b""
    late = (shape.nul, shape.number, shape.card)
    return Shared(
        context=context,
        integrations=integrations,
        raw_context=msgspec.Raw(raw_context) if raw_context else None,
        raw_integrations=msgspec.Raw(body.integrations) if integrations else None,
        size=len(body.context) + len(body.integrations),
        depth=shape.depth,
        values=shape.values,
        code=shape.code,
        late=late,
        bad_context=bad_context,
        sent_at=sent_at,
        sound=not shape.code and late == CLEAN,
    )


def shorten_ip(holder: dict[str, Any], rule: str) -> bool:
    """Apply the source's rule (`keep`, `truncate`, `drop`) to `ip` and `request_ip` of an object, in place; whether it changed."""
    if rule == "keep":
        return False
    changed = False
    for name in ("ip", "request_ip"):
        if name in holder:
            short = allowed_ip(holder[name], rule)
            changed = True
            if short is None:
                del holder[name]
            else:
                holder[name] = short
    return changed


def allowed_ip(value: Any, rule: str) -> str | None:
    """An address as the source may keep it: whole, as its /24 or /48, or not at all."""
    if type(value) is not str or rule == "drop" or len(value) > 64:
        return None
    if rule == "keep":
        return value or None
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return None
    return str(ipaddress.ip_network((address, 24 if address.version == 4 else 48), strict=False).network_address)
