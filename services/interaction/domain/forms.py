"""Rules of forms: what a definition must have, what a visitor's answers mean, and what a submission is as events."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from hashlib import blake2b, sha256
from typing import Any, Final

import msgspec

from contracts import cards
from contracts.collected import Stamp, canonical
from services.interaction.domain.collecting import identities

#: The source of what visitors submit: nobody has shown that the address is theirs, so it counts as a browser's word.
SOURCE: Final = "forms"

TEXTS: Final = frozenset({"text", "textarea", "email", "phone", "number", "date"})
CHOICES: Final = frozenset({"select", "radio"})
LONGEST: Final = {"text": 300, "textarea": 5000, "email": 254, "phone": 40, "number": 30, "date": 10}

_DIGITS: Final = {ord(digit): str(value) for digits in ("۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩") for value, digit in enumerate(digits)} | {ord("٫"): "."}
_NUMBER: Final = re.compile(r"-?\d{1,15}(\.\d{1,6})?")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

Words = dict[str, str]


class Option(msgspec.Struct, frozen=True):
    """A choice and what it is called in each language."""

    value: str
    label: Words


class Field(msgspec.Struct, frozen=True, omit_defaults=True):
    """A question. `trait`: under which name the answer becomes a trait of the person."""

    name: str
    type: str
    label: Words
    help: Words = {}
    required: bool = False
    options: list[Option] = []
    trait: str | None = None


class Consent(msgspec.Struct, frozen=True, omit_defaults=True):
    """A permission that is asked for; `version` is that of its text, kept as evidence."""

    purpose: str
    channel: str
    text: Words
    version: int = 1
    required: bool = False

    @property
    def name(self) -> str:
        return f"consent.{self.purpose}.{self.channel}"


class Lead(msgspec.Struct, frozen=True, omit_defaults=True):
    """What lead a submission opens."""

    source: str
    campaign: str | None = None
    score: int = 0


class Form(msgspec.Struct, frozen=True, omit_defaults=True):
    """A form and its landing page; texts by language, `intro` and `thanks` in Markdown."""

    title: Words
    fields: list[Field]
    button: Words = {}
    intro: Words = {}
    thanks: Words = {}
    consents: list[Consent] = []
    lead: Lead | None = None

    @property
    def languages(self) -> list[str]:
        return sorted(self.title)


class BadForm(ValueError):
    """Why a definition makes no form; `pointer` says where."""

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(message)
        self.pointer = pointer


def check(form: Form) -> None:
    """Every text in every language of the title, names once, choices where there is something to choose, and somebody can be recognised."""
    languages = set(form.title)
    names: set[str] = set()
    for index, field in enumerate(form.fields):
        at = f"/fields/{index}"
        if field.name in names:
            raise BadForm(f"{at}/name", "another field has this name")
        names.add(field.name)
        if set(field.label) != languages:
            raise BadForm(f"{at}/label", "a label is needed in each language of the title")
        if (field.type in CHOICES) != bool(field.options):
            raise BadForm(f"{at}/options", "choices belong to select and radio, and to them alone")
        if any(set(option.label) != languages for option in field.options) or len({option.value for option in field.options}) < len(field.options):
            raise BadForm(f"{at}/options", "each choice has a value of its own and a label in each language of the title")
    for index, consent in enumerate(form.consents):
        if set(consent.text) != languages:
            raise BadForm(f"/consents/{index}/text", "the text is needed in each language of the title")
    if len({consent.name for consent in form.consents}) < len(form.consents):
        raise BadForm("/consents", "a purpose is asked for once on each channel")
    if not any(field.required and field.type in {"email", "phone"} for field in form.fields):
        raise BadForm("/fields", "a required field of the type email or phone recognises the person")


def read_answers(form: Form, sent: Mapping[str, Sequence[str]]) -> tuple[dict[str, Any], list[Consent], dict[str, str]]:
    """(answers, given consents, faults by the name of the field). Unknown fields are left out, an empty answer is none."""
    answers: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for field in form.fields:
        text = "\n".join(sent.get(field.name, ())[:1]).replace("\r\n", "\n").strip()
        if field.type == "checkbox":
            if field.required and not text:
                faults[field.name] = "required"
            answers[field.name] = bool(text)
        elif not text:
            if field.required:
                faults[field.name] = "required"
        else:
            value, fault = _read(field, text)
            if fault is not None:
                faults[field.name] = fault
            else:
                answers[field.name] = value
    given = [consent for consent in form.consents if any(sent.get(consent.name, ()))]
    faults |= {consent.name: "required" for consent in form.consents if consent.required and consent not in given}
    return answers, given, faults


def _read(field: Field, text: str) -> tuple[Any, str | None]:
    if field.type in CHOICES:
        return (text, None) if any(option.value == text for option in field.options) else (None, "choice")
    if len(text) > LONGEST[field.type]:
        return None, "too_long"
    if _CONTROL.search(text) or (field.type != "textarea" and "\n" in text):
        return None, "characters"
    plain = text.translate(_DIGITS)
    if cards.find_number(plain, name=field.type) is not None:
        return None, "card"
    if field.type == "email":
        return (text, None) if identities.email_key(text) else (None, "email")
    if field.type == "phone":
        key = identities.phone_key(re.sub(r"^00", "+", plain), None)
        return (key.removeprefix("phone:"), None) if key else (None, "phone")
    if field.type == "number":
        if not _NUMBER.fullmatch(plain):
            return None, "number"
        return (float(plain) if "." in plain else int(plain)), None
    if field.type == "date":
        try:
            return date.fromisoformat(plain).isoformat(), None
        except ValueError:
            return None, "date"
    return text, None


def identity_of(form: Form, answers: Mapping[str, Any]) -> str:
    """The identity key of the person: the first address, else the first number."""
    for kind, read in (("email", identities.email_key), ("phone", lambda value: f"phone:{value}")):
        for field in form.fields:
            if field.type == kind and field.name in answers and (key := read(answers[field.name])):
                return key
    raise ValueError("a checked form has an address or a number")


def traits_of(form: Form, answers: Mapping[str, Any], *, language: str) -> dict[str, Any]:
    """What the answers say about the person."""
    told: dict[str, Any] = {"language": language}
    for field in form.fields:
        name = field.trait or (field.type if field.type in {"email", "phone"} else None)
        if name is not None and field.name in answers:
            told[name] = answers[field.name]
    return told


def submission_id(*, slug: str, nonce: str, answers: Mapping[str, Any], consents: Sequence[Consent]) -> str:
    """The same for the same answers to the same page: sent twice it is stored once; corrected it is another submission."""
    content = msgspec.json.encode([slug, nonce, answers, [consent.name for consent in consents]], order="sorted")
    return "form:" + blake2b(content, digest_size=16).hexdigest()


def touchpoint(
    form: Form, *, slug: str, version: int, submission: str, language: str, answers: Mapping[str, Any], consents: Sequence[Consent],
    campaign: str | None, customer: str,
) -> dict[str, Any]:
    """The submission as a touch point: everything that follows from it is in it."""
    body: dict[str, Any] = {
        "id": submission, "kind": "form", "customer": customer, "initiator": "customer", "form": slug, "form_version": version,
        "language": language, "answers": dict(answers),
        "consents": [
            {
                "purpose": each.purpose, "channel": each.channel, "version": each.version, "language": language,
                "text_sha256": sha256(each.text[language].encode()).hexdigest(),
            }
            for each in consents
        ],
    }
    if campaign:
        body["campaign_id"] = campaign
    if form.lead is not None:
        traits = traits_of(form, answers, language=language)
        contact = {name: str(traits[name])[:300] for name in ("name", "email", "phone", "company") if traits.get(name)}
        body["lead"] = {
            "title": form.title[language], "source": form.lead.source, "campaign": campaign or form.lead.campaign, "score": form.lead.score,
            "language": language, "contact": contact,
        }
    return body


def identify(*, submission: str, traits: Mapping[str, Any], customer: str, new_id: str, now: datetime) -> tuple[bytes, Stamp]:
    """The traits of a submission, as an SDK's `identify` would tell them."""
    message = f"{submission}:traits"
    stamp = Stamp(
        id=message, form="sdk", type="identify", source=SOURCE, authority="browser", receipt_id=new_id, received_at=now, timestamp=now,
        keys=[customer],
    )
    return canonical({"type": "identify", "messageId": message, "traits": dict(traits)}), stamp
