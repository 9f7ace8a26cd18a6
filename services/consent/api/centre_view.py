"""What the page of the preference centre shows, in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from babel import Locale, UnknownLocaleError

from services.consent.api.showing import day, number, text_in
from services.consent.api.texts import TEXTS
from services.consent.domain.statements import ANY, DOUBLE_OPT_IN, GRANTED, Entry
from services.consent.queries import Centre, ConsentOf, PreferencesLink, Standing
from services.consent.queries.centre import Person, Request

#: Always offered, so that a person can add them; others appear when there is a value.
OFFERED: Final = ("given_name", "family_name", "email", "phone")
#: The customer service's name for what a person hid, and what cannot be: by these people are recognised and reached.
HIDDEN: Final = "hidden_fields"
REACHED_BY: Final = frozenset({"email", "phone"})
LABELS: Final = {"email": "email_address", "phone": "phone_number", "language": "trait_language"}
MOST_TRAITS: Final = 200
#: Where a link to confirm is sent.
MAILED: Final = "email"
#: Channels a person may prefer, by what campaigns call them.
CHANNELS: Final = ("email", "sms", "phone", "post")


def values(centre: Centre, link: PreferencesLink, language: str, *, days: int) -> dict[str, Any]:
    """Everything the template asks for. `shown`: what stands there as allowed."""
    texts = TEXTS[language]
    consent = centre.consent
    channels = list(dict.fromkeys(one.channel for one in consent.standings if one.purpose.stoppable))
    channels.sort(key=lambda channel: channel == "data")  # ways of reaching somebody first
    return {
        "shown": sorted((one.purpose.purpose, one.channel) for one in consent.standings if _ticked(one)),
        "purposes": _purposes(consent, link, language), "stops": _stops(consent, language), "stopped": ANY in consent.stops,
        "stoppable": [(code, texts.get(code, code)) for code in channels if code not in consent.stops] if ANY not in consent.stops else [],
        "person": centre.person, "away": centre.away, "traits": _traits(centre.person, language) if centre.person else [],
        **(_preferences(centre.person, language) if centre.person else {}), "days": number(days, language),
        "requests": [_request(one, language) for one in centre.requests],
        "history": [_line(entry, consent, language) for entry in consent.entries if entry.state in ("granted", "withdrawn", "expired", "pending")],
    }


def fixed(standing: Standing, consent: ConsentOf, link_channel: str) -> str | None:
    """Why a tick cannot be changed here (the key of a text), or None.

    What a stop covers is lifted with the stop. A purpose with double opt-in is granted here on the channel whose link was opened: that is the
    proof; by e-mail also after a confirmation, whose link is sent; refused it is on any.
    """
    if consent.restriction is not None:
        return "covered"
    if standing.purpose.stoppable and (ANY in consent.stops or standing.channel in consent.stops):
        return "covered"
    if standing.purpose.basis == DOUBLE_OPT_IN and not _ticked(standing) and standing.channel not in (link_channel, MAILED):
        return "needs_confirmation"
    return None


def hiding(person: Person, wanted: list[str]) -> list[str] | None:
    """All that is hidden from now on: what was ticked, and what stays hidden without a line on the page; None: as before."""
    offered = {trait["name"] for trait in _rows(person) if trait["hidable"]}
    before = hidden(person)
    after = sorted((set(wanted) & offered) | (before - offered))
    return None if set(after) == before else after


def hidden(person: Person) -> set[str]:
    """What the person hid."""
    return set(person.profile["traits"].get(HIDDEN) or ())


def corrections(person: Person, told: Mapping[str, str]) -> dict[str, Any]:
    """Traits whose text differs from what is known; emptied ones are taken away."""
    known = {trait["name"]: trait for trait in _rows(person)}
    found: dict[str, Any] = {}
    for field, text in told.items():
        name = field.removeprefix("trait.")
        if not field.startswith("trait.") or name not in known or not known[name]["editable"]:
            continue
        text = text.strip()[:500]
        if text == known[name]["value"]:
            continue
        value: Any = text or None
        if text and isinstance(known[name]["raw"], (int, float)):
            try:
                value = json.loads(text)
            except ValueError:
                value = text
        found[name] = value
    return found


def _ticked(standing: Standing) -> bool:
    """What the person sees as allowed: by themselves, stops aside."""
    if standing.refusal in ("stopped", "restricted"):
        return standing.said.state == GRANTED if standing.said else standing.purpose.basis == "opt_out"
    return standing.refusal is None


def _purposes(consent: ConsentOf, link: PreferencesLink, language: str) -> list[dict[str, Any]]:
    texts = TEXTS[language]
    found: dict[str, dict[str, Any]] = {}
    for one in consent.standings:
        purpose = one.purpose
        shown = found.setdefault(
            purpose.purpose,
            {
                "name": purpose.purpose, "title": text_in(purpose.title, language, purpose.purpose), "wording": text_in(purpose.wording, language),
                "consequences": text_in(purpose.consequences, language), "ticks": [],
            },
        )
        reason = fixed(one, consent, link.channel)
        shown["ticks"].append(
            {"channel": one.channel, "label": texts.get(one.channel, one.channel), "allowed": _ticked(one), "fixed": texts[reason] if reason else None}
        )
    return list(found.values())


def _stops(consent: ConsentOf, language: str) -> list[dict[str, str]]:
    texts = TEXTS[language]
    restricted = consent.restriction
    lines = [{"channel": "", "text": texts["restricted"].replace("{date}", day(restricted.at, language))}] if restricted else []
    return lines + [
        {
            "channel": channel,
            "text": texts["stopped" if channel == ANY else "stopped_channel"].replace("{date}", day(said.at, language)).replace(
                "{channel}", texts.get(channel, channel)
            ),
        }
        for channel, said in sorted(consent.stops.items())
    ]


def _preferences(person: Person, language: str) -> dict[str, Any]:
    texts = TEXTS[language]
    chosen, own = person.preferences["channels"].get(ANY, ""), person.preferences.get("language") or ""
    codes = list(dict.fromkeys([*CHANNELS, *([chosen] if chosen else [])]))
    languages = list(dict.fromkeys([*TEXTS, *([own] if own else [])]))
    return {
        "channels": [("", texts["any"]), *((code, texts.get(code, code)) for code in codes)], "chosen_channel": chosen,
        "message_languages": [("", texts["any"]), *((code, _language_name(code)) for code in languages)], "chosen_language": own,
    }


def _language_name(code: str) -> str:
    try:
        return Locale.parse(code, sep="-").get_display_name() or code
    except (ValueError, UnknownLocaleError):
        return code


def _traits(person: Person, language: str) -> list[dict[str, Any]]:
    texts = TEXTS[language]
    found = []
    for row in _rows(person):
        title = (person.meanings.get(row["name"], {}).get("title") or "").strip()
        label = texts.get(LABELS.get(row["name"], row["name"])) or title or row["name"]
        found.append({**row, "label": label, "origin": _origin(person, row["name"], language)})
    return found


def _rows(person: Person) -> list[dict[str, Any]]:
    """Names and values, those that everybody may correct first."""
    traits = {name: value for name, value in person.profile["traits"].items() if name != HIDDEN}
    hid = hidden(person)
    for name in ("email", "phone"):
        if name not in traits and person.profile.get(name):
            traits[name] = person.profile[name]
    names = [*OFFERED, *sorted(name for name in traits if name not in OFFERED)][:MOST_TRAITS]
    rows = []
    for name in names:
        raw = traits.get(name, "")
        editable = isinstance(raw, (str, int, float)) and not isinstance(raw, bool)
        shown = str(raw) if editable else json.dumps(raw, ensure_ascii=False)
        rows.append({
            "name": name, "raw": raw, "value": shown, "editable": editable and name not in ("account", "owner"), "hidden": name in hid,
            "hidable": name in traits and name not in REACHED_BY and name != "account",
        })
    return rows


def _origin(person: Person, name: str, language: str) -> str:
    """From whom, since when, and what for."""
    texts = TEXTS[language]
    told = (person.profile.get("provenance") or {}).get(name)
    parts = []
    if told:
        source = str(told.get("source", ""))
        own = "told_by_you" if source in {"api:person", "person"} else "our_systems" if source.startswith("api:") else None
        parts.append(texts[own] if own else texts["from"].replace("{source}", source))
        if told.get("set_at"):
            parts.append(day(datetime.fromisoformat(told["set_at"]), language))
    purpose = person.meanings.get(name, {}).get("purpose")
    if purpose:
        parts.append(str(purpose))
    return " · ".join(parts)


def _request(request: Request, language: str) -> str:
    texts = TEXTS[language]
    said = texts["received"].replace("{date}", day(request.asked_at, language)).replace("{due}", day(request.due_at, language))
    if request.closed_at is not None:
        said = texts["answered"].replace("{date}", day(request.closed_at, language))
    return f"{texts.get(request.kind, request.kind)}: {said}"


def _line(entry: Entry, consent: ConsentOf, language: str) -> str:
    texts = TEXTS[language]
    titles = {one.purpose.purpose: text_in(one.purpose.title, language, one.purpose.purpose) for one in consent.standings}
    what = texts["everything"] if entry.purpose == ANY else titles.get(entry.purpose, entry.purpose)
    how = texts["everywhere"] if entry.channel == ANY else texts.get(entry.channel, entry.channel)
    return f"{day(entry.said_at, language)}: {what}{texts['and']}{how} – {texts[entry.state]}"
