"""JSON Schemas (2020-12) of what may be collected: the six messages, the batch, and the reserved types of touch points and orders."""

from __future__ import annotations

from typing import Any, Final

from contracts import collected

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]

TEXT: Final[Schema] = {"type": "string", "minLength": 1}
ANY_TEXT: Final[Schema] = {"type": "string"}
BOOLEAN: Final[Schema] = {"type": "boolean"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
SECONDS: Final[Schema] = {"type": "number", "minimum": 0}
TEXTS: Final[Schema] = {"type": "array", "items": TEXT}
DATE: Final[Schema] = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
MOMENT: Final[Schema] = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}([T ].+)?$"}
CURRENCY: Final[Schema] = {"type": "string", "pattern": "^[A-Z]{3}$"}
#: Money as a number or, beyond 15 digits, as decimal text.
AMOUNT: Final[Schema] = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^-?\d{1,18}(\.\d{1,9})?$"}]}
IDENTITY: Final[Schema] = {"type": "string", "pattern": r"^(user|anon|email|phone):.+|^ext:[^:]+:.+", "maxLength": 600}
DIRECTION: Final[Schema] = {"enum": ["inbound", "outbound"]}
OPEN: Final[Schema] = {"type": "object"}

_SHARED: Final[Schema] = {
    "initiator": {"enum": ["company", "customer"], "description": "who started the contact"},
    "customer": IDENTITY,
    "occurred_at": MOMENT,
    "employee_id": TEXT,
    "conversation_id": TEXT,
    "case_id": TEXT,
    "campaign_id": TEXT,
    "in_reply_to": TEXT,
    "language": {"type": "string", "pattern": "^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$"},
    "outcome": ANY_TEXT,
    "summary": ANY_TEXT,
    "cost": {
        "type": "object", "required": ["amount_minor", "currency"],
        "properties": {"amount_minor": {"type": "integer"}, "currency": CURRENCY},
    },
    "attachments": {
        "type": "array",
        "items": {
            "type": "object", "required": ["name", "media_type", "size"],
            "properties": {
                "name": TEXT, "media_type": TEXT, "size": COUNT, "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"}, "url": TEXT,
                "data": False, "data_base64": False, "content": False,
            },
        },
    },
    "sensitive": BOOLEAN,
}


def _touchpoint(
    kind: str, required: str, named: Schema | None = None, *, either: tuple[str, ...] = (), **properties: Schema
) -> Schema:
    schema: Schema = {
        "title": f"Touch point: {kind}", "type": "object", "required": ["initiator", *required.split()],
        "properties": {**_SHARED, **(named or {}), **properties},
    }
    if either:
        schema["anyOf"] = [{"required": [name]} for name in either]
    return schema


#: A contact between two customers, told once on either's timeline: `role` says which of the two this one is.
_BETWEEN: Final[Schema] = {"other": IDENTITY, "role": {"enum": ["author", "recipient"]}, "text": TEXT, "product_id": TEXT, "exchange": TEXT}

_TOUCHPOINTS: Final[dict[str, Schema]] = {
    "call": _touchpoint(
        "call", "answered duration_s", answered=BOOLEAN, duration_s=SECONDS, phone=TEXT, queue=ANY_TEXT, recording_url=TEXT, transcript=ANY_TEXT,
    ),
    "email": _touchpoint(
        "email", "direction from to rfc_message_id", {"from": TEXT}, direction=DIRECTION, to={**TEXTS, "minItems": 1}, rfc_message_id=TEXT,
        subject=ANY_TEXT, text=ANY_TEXT, references=TEXTS,
    ),
    "fax": _touchpoint("fax", "direction number pages", direction=DIRECTION, number=TEXT, pages=COUNT, text=ANY_TEXT),
    "letter": _touchpoint(
        "letter", "direction letter_date", direction=DIRECTION, letter_date=DATE, tracking_no=TEXT, address={}, text=ANY_TEXT,
    ),
    "face_to_face": _touchpoint(
        "face_to_face", "place duration_s", place=TEXT, duration_s=SECONDS, purpose={"enum": ["visit", "branch", "fair"]},
        attendees={"type": "array"},
    ),
    "chat": _touchpoint(
        "chat", "direction conversation_id", either=("text", "attachments"), direction=DIRECTION, text=ANY_TEXT, page_url=TEXT,
    ),
    "sms": _touchpoint(
        "sms", "direction phone text", direction=DIRECTION, phone=TEXT, text=ANY_TEXT, provider_message_id=TEXT, segments=COUNT,
    ),
    "social": _touchpoint(
        "social", "direction network handle visibility", either=("text", "post_url"), direction=DIRECTION, network=TEXT, handle=TEXT,
        visibility={"enum": ["public", "private"]}, text=ANY_TEXT, post_url=TEXT, parent_url=TEXT,
    ),
    "partner": _touchpoint(
        "partner", "partner_id action", partner_id=TEXT, action={"enum": ["referral", "sale", "service", "other"]}, order_id=TEXT, commission={},
    ),
    "salesperson": _touchpoint(
        "salesperson", "employee_id action", action={"enum": ["visit", "demo", "offer", "knowledge", "handover"]},
        learned={"type": "object", "properties": {"traits": OPEN}}, next_step=ANY_TEXT,
    ),
    "survey": _touchpoint(
        "survey", "survey_id question_id answer", survey_id=TEXT, question_id=TEXT, answer={"type": ["string", "number", "array"]},
        scale={"enum": ["nps", "csat", "ces"]}, min={"type": "number"}, max={"type": "number"},
    ),
    "case_note": _touchpoint(
        "case_note", "case_id note visibility", note=TEXT, visibility={"enum": ["internal", "customer"]}, status=TEXT, priority={},
    ),
    "meeting": _touchpoint(
        "meeting", "duration_s", duration_s=SECONDS, place=ANY_TEXT, subject=ANY_TEXT, attendees={"type": "array"}, task_id=TEXT, notes=ANY_TEXT,
    ),
    "form": _touchpoint("form", "form answers", form=TEXT, form_version=COUNT, answers=OPEN, consents={"type": "array"}, lead=OPEN),
    "lead": _touchpoint("lead", "lead_id source", lead_id=TEXT, source=TEXT, campaign=ANY_TEXT, title=ANY_TEXT),
    "room_post": _touchpoint("room_post", "room post_id text", room=TEXT, post_id=TEXT, thread=TEXT, text=TEXT),
    "board_post": _touchpoint("board_post", "room post_id text", room=TEXT, post_id=TEXT, thread=TEXT, text=TEXT),
    "bid": _touchpoint(
        "bid", "auction_id amount_minor currency", auction_id=TEXT, amount_minor=COUNT, currency=CURRENCY, won=BOOLEAN, agent_id=TEXT,
    ),
    "question": _touchpoint("question", "other role text", **_BETWEEN),
    "answer": _touchpoint("answer", "other role text in_reply_to", **_BETWEEN),
    "recommendation": _touchpoint("recommendation", "other role text", **_BETWEEN),
    "website": _touchpoint("website", "direction", direction=DIRECTION, page_url=TEXT, subject=ANY_TEXT, text=ANY_TEXT),
    "other": _touchpoint("other", "direction", direction=DIRECTION, subject=ANY_TEXT, text=ANY_TEXT),
    "call_centre": _touchpoint(
        "call_centre", "direction", direction=DIRECTION, phone=TEXT, queue=ANY_TEXT, agent=ANY_TEXT, duration_s=SECONDS, subject=ANY_TEXT,
        text=ANY_TEXT,
    ),
    "marketer": _touchpoint("marketer", "direction", direction=DIRECTION, subject=ANY_TEXT, text=ANY_TEXT),
    "internal_system": _touchpoint("internal_system", "direction system", direction=DIRECTION, system=TEXT, subject=ANY_TEXT, text=ANY_TEXT),
    "in_person": _touchpoint("in_person", "place", place=TEXT, duration_s=SECONDS, subject=ANY_TEXT, text=ANY_TEXT),
    "catalogue": _touchpoint("catalogue", "direction", direction=DIRECTION, catalogue=ANY_TEXT, order_id=TEXT, subject=ANY_TEXT, text=ANY_TEXT),
    "telemarketing": _touchpoint(
        "telemarketing", "direction phone", direction=DIRECTION, phone=TEXT, answered=BOOLEAN, duration_s=SECONDS, subject=ANY_TEXT, text=ANY_TEXT,
    ),
    "direct_mail": _touchpoint(
        "direct_mail", "direction letter_date", direction=DIRECTION, letter_date=DATE, address={}, subject=ANY_TEXT, text=ANY_TEXT,
    ),
    "fax_order": _touchpoint("fax_order", "direction number", direction=DIRECTION, number=TEXT, pages=COUNT, order_id=TEXT, text=ANY_TEXT),
    "web_shop": _touchpoint("web_shop", "direction", direction=DIRECTION, shop=ANY_TEXT, order_id=TEXT, page_url=TEXT, subject=ANY_TEXT, text=ANY_TEXT),
}

_LINE: Final[Schema] = {
    "type": "object", "anyOf": [{"required": ["product_id"]}, {"required": ["sku"]}],
    "properties": {
        "product_id": TEXT, "sku": TEXT, "name": ANY_TEXT, "category": ANY_TEXT, "brand": ANY_TEXT, "variant": ANY_TEXT, "url": ANY_TEXT,
        "image_url": ANY_TEXT, "price": AMOUNT, "discount": AMOUNT, "quantity": {"type": "number", "minimum": 0},
    },
}
_ORDER: Final[Schema] = {
    "order_id": {"type": "string", "minLength": 1, "maxLength": 256}, "customer": IDENTITY, "currency": CURRENCY, "total": AMOUNT,
    "subtotal": AMOUNT, "revenue": AMOUNT, "shipping": AMOUNT, "tax": AMOUNT, "discount": AMOUNT, "coupon": ANY_TEXT, "affiliation": ANY_TEXT,
    "products": {"type": "array", "items": _LINE}, "shipped_at": MOMENT, "promised_on": DATE, "delivered_at": MOMENT, "refund_id": TEXT,
}


def _order(word: str, required: str, *, any_of: list[list[str]] | None = None) -> Schema:
    schema: Schema = {"title": f"Order {word}", "type": "object", "required": required.split(), "properties": _ORDER}
    if any_of:
        schema["anyOf"] = [{"required": names} for names in any_of]
    return schema


_ORDERS: Final[dict[str, Schema]] = {
    "completed": _order("completed", "order_id currency", any_of=[["total"], ["subtotal"], ["revenue"], ["products"]]),
    "updated": _order("updated", "order_id"),
    "refunded": _order("refunded", "", any_of=[["order_id"], ["total"]]),
    "cancelled": _order("cancelled", "order_id"),
    "shipped": _order("shipped", "order_id shipped_at"),
    "delivered": _order("delivered", "order_id delivered_at"),
}

_ID: Final[Schema] = {"type": ["string", "number", "object", "null"], "description": "null, empty and blank count as absent"}
_PART: Final[Schema] = {"anyOf": [{"type": ["object", "null"]}, {"type": "array", "maxItems": 0}]}
_MESSAGE: Final[Schema] = {
    "type": {"enum": sorted(collected.MESSAGE_TYPES)}, "userId": _ID, "anonymousId": _ID, "messageId": {}, "context": _PART, "integrations": {},
    "timestamp": {}, "originalTimestamp": {}, "sentAt": {},
}
_EITHER_ID: Final = [{"required": ["userId"]}, {"required": ["anonymousId"]}]


def _message(kind: str, *, required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    schema: Schema = {"title": kind, "type": "object", "required": list(required), "properties": {**_MESSAGE, **properties}}
    if kind != "alias":
        schema["anyOf"] = _EITHER_ID
    return schema


_MESSAGES: Final[dict[str, Schema]] = {
    "identify": _message("identify", traits=_PART),
    "track": _message("track", required=("event",), event={"type": "string", "minLength": 1, "maxLength": 256}, properties=_PART),
    "page": _message("page", name=ANY_TEXT, category={}, properties=_PART),
    "screen": _message("screen", name=ANY_TEXT, category={}, properties=_PART),
    "group": _message("group", required=("groupId",), groupId=_ID, traits=_PART),
    "alias": _message("alias", required=("userId", "previousId"), previousId=_ID),
}
_BATCH: Final[Schema] = {
    "title": "batch", "type": "object", "required": ["batch"],
    "properties": {
        "batch": {"type": "array", "minItems": 1, "maxItems": 2500, "items": OPEN},
        "context": OPEN, "integrations": {}, "sentAt": {}, "writeKey": ANY_TEXT,
    },
}

#: The data of the reserved types, by wire name.
RESERVED: Final[dict[str, Schema]] = {
    **{f"ecrm.touchpoint.{kind}.v1": schema for kind, schema in _TOUCHPOINTS.items()},
    **{f"ecrm.order.{word}.v1": schema for word, schema in _ORDERS.items()},
}

TOUCHPOINT_KINDS: Final = tuple(_TOUCHPOINTS)

_ALL: Final[dict[str, Schema]] = {**_MESSAGES, "batch": _BATCH, **RESERVED}

NAMES: Final = tuple(_ALL)


def schema_of(name: str) -> Schema | None:
    """The published schema of a type (`track`, `batch`, `ecrm.touchpoint.call.v1` …), or None."""
    schema = _ALL.get(name)
    return None if schema is None else {"$schema": DIALECT, "$id": f"/schemas/{name}", **schema}
