"""The gateway's audit log in a folder that proves itself: `entries.jsonl`, `anchors.txt`, `keys.json` and the signed `summary.jws`.

An entry's line is `{"body":…,"hash":…,"seq":…}`, keys in order, no spaces. The summary fixes where the log ends, its anchors and its keys, and each anchor
fixes the chain up to its place, so no line can be changed, taken out, put in or moved unseen.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from joserfc.errors import JoseError

from chassis import identity
from chassis.identity import Unauthenticated
from gateway.domain import auditing as rules
from gateway.domain.auditing import Sealed
from launcher.auditing.exporting import Ask
from launcher.remote import Api
from services.consent.domain.verifying import Fault

ENTRIES, ANCHORS, KEYS, SUMMARY = "entries.jsonl", "anchors.txt", "keys.json", "summary.jws"
PURPOSE, EXPORT = "audit", "audit-export"
_START: Final = Sealed(0, "", rules.START)


class Found(NamedTuple):
    """What holds: so many entries, vouched for by so many signed heads."""

    entries: int
    anchors: int
    at: str


def is_access_log(folder: Path) -> bool:
    """Whether this is an export of the gateway's log rather than of the consent ledger."""
    return (folder / SUMMARY).exists()


async def export(url: str, key: str, folder: Path) -> Found:
    """Write the folder. Raises RemoteError, OSError (also when it holds files already)."""
    async with Api(url, key, patience=30.0) as api:
        return await bring(api.ask, folder)


async def bring(ask: Ask, folder: Path) -> Found:
    """The same with whatever asks: `await ask(method, path, body)` answers JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    began = await ask("POST", "/api/v1/audit/export", None)
    claims = _claims(began["attested"])
    await _pages(ask, folder / ENTRIES, "/api/v1/audit/entries", most=claims["entries"])
    await _pages(ask, folder / ANCHORS, "/api/v1/audit/anchors", most=claims["anchors"])
    (folder / KEYS).write_text(_lines(began["keys"]), encoding="utf-8")
    (folder / SUMMARY).write_text(began["attested"], encoding="ascii")
    return Found(claims["entries"], claims["anchors"], claims["at"])


async def _pages(ask: Ask, file: Path, path: str, *, most: int) -> None:
    """The log goes on while it is read, and reading is entered too: what came after the summary is left out."""
    token, written = "", 0
    with file.open("x", encoding="utf-8") as target:
        while written < most:
            page = await ask("GET", path + (f"?page_token={quote(token)}" if token else ""), None)
            for record in page["data"][: most - written]:
                target.write((record if isinstance(record, str) else _line(record)) + "\n")
                written += 1
            token = page["next_page_token"] or ""
            if not token:
                break


def verify(folder: Path, *, trusted: frozenset[bytes] | None = None) -> Found:
    """Everything in an exported folder, from its files alone. Raises Fault at the first place that does not hold."""
    texts = {name: _read(folder, name) for name in (ENTRIES, ANCHORS, KEYS, SUMMARY)}
    keys = _keys(texts[KEYS], trusted)
    summary = _attested(texts[SUMMARY], keys, EXPORT, SUMMARY, 0)
    anchors = _split(texts[ANCHORS], ANCHORS)
    if summary["keys_hash"] != rules.digest_of(_split(texts[KEYS], KEYS)):
        raise Fault(KEYS, 0, "these are not the keys that were exported")
    if (summary["anchors"], summary["anchors_hash"]) != (len(anchors), rules.digest_of(anchors)):
        raise Fault(ANCHORS, 0, "these are not the anchors that were exported")
    claimed = {int(claims["seq"]): str(claims["head"]) for claims in (_attested(one, keys, PURPOSE, ANCHORS, place) for place, one in enumerate(anchors, 1))}
    last = _chain(texts[ENTRIES], claimed)
    if (last.seq, last.hash.hex() if last.seq else "") != (summary["entries"], summary["head"]):
        raise Fault(ENTRIES, last.seq + 1, f"the log ended at entry {summary['entries']} when it was exported, not here")
    if late := [seq for seq in claimed if seq > last.seq]:
        raise Fault(ANCHORS, 0, f"entry {min(late)} was anchored and is not there")
    return Found(last.seq, len(anchors), str(summary["at"]))


def _chain(text: str, claimed: Mapping[int, str]) -> Sealed:
    """The last entry of a chain that holds and is what was anchored."""
    last = _START
    for place, line in enumerate(_split(text, ENTRIES), 1):
        try:
            told = json.loads(line)
            entry = Sealed(told["seq"], told["body"], bytes.fromhex(told["hash"]))
            canonical = _line(told) == line and set(told) == {"seq", "body", "hash"} and entry.hash.hex() == told["hash"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise Fault(ENTRIES, place, "it cannot be read") from None
        if not canonical:
            raise Fault(ENTRIES, place, "it is not written as it was exported")
        if fault := rules.fault_in([entry], before=last if last.seq else None):
            raise Fault(ENTRIES, place, fault)
        if claimed.get(entry.seq, entry.hash.hex()) != entry.hash.hex():
            raise Fault(ENTRIES, place, f"entry {entry.seq} or one before it is not what was anchored")
        last = entry
    return last


def _keys(text: str, trusted: frozenset[bytes] | None) -> Mapping[str, Any]:
    try:
        listed = [json.loads(line) for line in _split(text, KEYS)]
        shown = {base64.urlsafe_b64decode(key["x"] + "=" * (-len(key["x"]) % 4)) for key in listed}
        found = identity.key_sets(listed)
    except (ValueError, KeyError, TypeError, binascii.Error, JoseError):
        raise Fault(KEYS, 0, "these are no public keys") from None
    if trusted is not None and not shown <= trusted:
        raise Fault(KEYS, 0, "there is a key that you do not trust")
    return found


def _attested(text: str, keys: Mapping[str, Any], purpose: str, name: str, place: int) -> dict[str, Any]:
    """Claims under a good signature, written in the one way there is: the last letter of a signature has bits that say nothing."""
    try:
        same = all(base64.urlsafe_b64encode(_bytes(part)).decode().rstrip("=") == part for part in text.split("."))
        claims = identity.attested(text, keys, purpose=purpose)
    except (Unauthenticated, ValueError):
        raise Fault(name, place, "its signature is not good") from None
    if not same:
        raise Fault(name, place, "it is not written as it was exported")
    return claims


def _claims(attested: str) -> dict[str, Any]:
    claims: dict[str, Any] = json.loads(_bytes(attested.split(".")[1]))
    return claims


def _bytes(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _line(record: Any) -> str:
    return json.dumps(record, sort_keys=True, separators=(",", ":"))


def _lines(records: list[Any]) -> str:
    return "".join(_line(record) + "\n" for record in records)


def _split(text: str, name: str) -> list[str]:
    lines = text.split("\n")
    if lines.pop() != "":
        raise Fault(name, len(lines) + 1, "the last line is cut off")
    return lines


def _read(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_bytes().decode("ascii" if name != ENTRIES else "utf-8")
    except (OSError, UnicodeDecodeError):
        raise Fault(name, 0, "it is missing or cannot be read") from None
