"""An audit's folder: one file of lines for each kind of record, each line with a running hash over all before it, and a signed manifest.

A line is `{"hash":…,"record":…}` in canonical JSON; `hash` is SHA-256(hash before ‖ canonical record), the first after 32 zero bytes.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import msgspec

from services.consent.domain import chain, proofs, verifying
from services.consent.domain.verifying import Exported, Fault, Found

FILES: Final = ("keys", "chain", "roots", "permits", "messages")
MANIFEST: Final = "manifest.json"


class Writer:
    """One file, line by line."""

    def __init__(self, folder: Path, name: str) -> None:
        self.records = 0
        self.hash = chain.START
        self._file = (folder / f"{name}.jsonl").open("xb")

    def write(self, records: Iterable[Any]) -> None:
        for record in records:
            self.hash = chain.running_hash(self.hash, chain.canonical(record))
            self._file.write(chain.canonical({"hash": self.hash.hex(), "record": record}) + b"\n")
            self.records += 1

    def close(self) -> dict[str, Any]:
        """What the manifest says of it."""
        self._file.close()
        return {"records": self.records, "hash": self.hash.hex()}


def verify(folder: Path, *, trusted: frozenset[bytes] | None = None) -> Found:
    """Everything in an exported folder. Raises Fault."""
    found = {name: _read(folder, name) for name in FILES}
    keys = verifying.verify_keys([record for record, _ in found["keys"]], trusted)
    manifest = _manifest(folder, keys)
    keys_, links, roots, permits, messages = ([record for record, _ in found[name]] for name in FILES)
    exported = Exported(keys_, links, roots, permits, messages, manifest["at_us"])
    try:
        holds = verifying.verify(exported, trusted=trusted)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, msgspec.ValidationError) as error:
        raise Fault("export", 0, f"a record cannot be read ({type(error).__name__})") from None
    for name in FILES:
        told = manifest["files"].get(name, {})
        records = found[name]
        last = records[-1][1] if records else chain.START.hex()
        if told.get("records") != len(records) or told.get("hash") != last:
            raise Fault(name, min(len(records), told.get("records", 0)) + 1, f"the manifest tells of {told.get('records')} records, not of these")
    return holds


def read_trusted(path: Path | None) -> frozenset[bytes] | None:
    """Public keys from a JWK set. Raises Fault."""
    if path is None:
        return None
    try:
        listed = json.loads(path.read_text(encoding="utf-8"))["keys"]
        return frozenset(base64.urlsafe_b64decode(key["x"] + "=" * (-len(key["x"]) % 4)) for key in listed)
    except (OSError, ValueError, KeyError, TypeError, binascii.Error):
        raise Fault(str(path), 0, "this is no JWK set of public keys") from None


def _read(folder: Path, name: str) -> list[tuple[dict[str, Any], str]]:
    """Records with their running hash. Raises Fault at the first line that was touched."""
    found: list[tuple[dict[str, Any], str]] = []
    previous = chain.START
    try:
        lines = (folder / f"{name}.jsonl").read_bytes().split(b"\n")
    except OSError:
        raise Fault(name, 0, "the file is missing") from None
    if lines.pop() != b"":
        raise Fault(name, len(lines) + 1, "the last line is cut off")
    for number, line in enumerate(lines, 1):
        try:
            told = msgspec.json.decode(line)
            record, written = told["record"], told["hash"]
        except (ValueError, KeyError, TypeError):
            raise Fault(name, number, "it cannot be read") from None
        previous = chain.running_hash(previous, chain.canonical(record))
        if written != previous.hex() or chain.canonical(told) != line or not isinstance(record, dict):
            raise Fault(name, number, "it is not what was exported, or not where it was")
        found.append((record, written))
    return found


def _manifest(folder: Path, keys: dict[str, bytes]) -> dict[str, Any]:
    try:
        raw = (folder / MANIFEST).read_bytes()
        told = msgspec.json.decode(raw)
        manifest: dict[str, Any] = told["manifest"]
        key, signature = keys.get(told["kid"]), bytes.fromhex(told["signature"])
        signed = chain.manifest_bytes(manifest)
        good = chain.canonical(told) == raw and set(manifest["files"]) == set(FILES) and isinstance(manifest["at_us"], int)
        good = good and signature.hex() == told["signature"]  # one way of writing it, so that no byte can change unseen
    except (OSError, ValueError, KeyError, TypeError):
        raise Fault("manifest", 0, "it is missing or cannot be read") from None
    if key is None or not good or not proofs.verify(key, signed, signature):
        raise Fault("manifest", 0, "its signature is not good")
    return manifest
