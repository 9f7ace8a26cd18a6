"""U50: definitions as files: from one installation into version control, and from there to another, where they have other ids."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.upright import ROOT, Upright, upright

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

MAIL = "<mjml><mj-body><mj-section><mj-column><mj-text>Hi {{ customer.name }} {{ unsubscribe_url }}</mj-text></mj-column></mj-section></mj-body></mjml>"
WRITTEN: dict[str, dict[str, Any]] = {
    "traits/shoe.json": {"name": "shoe", "schema": {"type": "integer"}, "title": "Shoe size"},
    "purposes/vip.json": {
        "purpose": "vip", "basis": "opt_in", "legal_basis": "consent", "channels": ["email"], "title": {"en": "First to know", "fa": "پیش از همه"},
        "wording": {"en": "We tell you first.", "fa": "نخست به شما می‌گوییم."},
    },
    "calendars/tehran.json": {"name": "Tehran", "time_zone": "Asia/Tehran", "hours": {"saturday": [["09:00", "17:00"]]}},
    "canned-replies/hi.json": {"name": "hi", "texts": {"en": "Hello", "fa": "سلام"}},
    "templates/hello.json": {"name": "Hello", "format": "mjml", "locales": {"en": {"subject": "Hi", "body": MAIL}}},
    # Read before the one it names.
    "segments/a.json": {"name": "Not buyers", "rule": {"not": {"segment": {"$ref": "segments/Buyers"}}}},
    "segments/b.json": {"name": "Buyers", "rule": {"orders": {"measure": "count", "op": "gte", "value": 1}}},
    "pressure.json": {"time_zone": "Asia/Tehran", "quiet_days": [{"name": "Nowruz", "jalali": "01-01", "days": 4}]},
    "programmes/club.json": {
        "name": "Club", "purpose": "marketing", "settings": {"kind": "loyalty", "earn": [{"points": 1, "per_minor": 100, "currency": "EUR"}]},
    },
    "journeys/basket.json": {
        "name": "Basket", "definition": {
            "entry": {"segment": {"id": {"$ref": "segments/Buyers"}, "on": "entered"}}, "start": "mail", "reentry": "after_exit",
            "steps": {"mail": {"type": "message", "template_id": {"$ref": "templates/Hello"}}},
        },
    },
    "roles/careful.json": {"name": "careful", "description": "", "scopes": ["customers:read"], "hides": ["contact"]},
}


def definitions(up: Upright, word: str, folder: Path, *, code: int = 0) -> str:
    command = [sys.executable, "-m", "launcher", "definitions", word, str(folder), "--data", str(up.data), "--url", up.url]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False, env={"PATH": "", "COLUMNS": "400"})
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def write(folder: Path, files: dict[str, dict[str, Any]]) -> Path:
    for name, body in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(body), encoding="utf-8")
    return folder


def contents(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in folder.rglob("*.json")}


def test_from_files_to_one_installation_to_another(tmp_path: Path) -> None:
    written, pulled, again = write(tmp_path / "written", WRITTEN), tmp_path / "pulled", tmp_path / "again"
    with upright() as first:
        said = definitions(first, "diff", written, code=3)
        assert said.count("made") == len(WRITTEN) - 1, said
        assert definitions(first, "apply", written).count("made") == len(WRITTEN) - 1
        assert "Nothing to do" in definitions(first, "apply", written)
        definitions(first, "pull", pulled)
        assert "as the files say" in definitions(first, "diff", pulled)
        segment = next(one for one in first.ask("GET", "/api/v1/segments")["data"] if one["name"] == "Buyers")

        changed = write(tmp_path / "changed", {"canned-replies/hi.json": {"name": "hi", "texts": {"en": "Good day"}}})
        assert "texts" in definitions(first, "diff", changed, code=3)
        definitions(first, "apply", changed)
        assert first.ask("GET", "/api/v1/canned-replies/hi")["texts"] == {"en": "Good day"}
        definitions(first, "apply", written)

        bad = write(tmp_path / "bad", {
            "journeys/a.json": {"name": "Broken", "definition": {}},
            "journeys/b.json": {"name": "Lost", "definition": {"start": {"$ref": "templates/Nowhere"}}},
            "canned-replies/c.json": {"name": "good", "texts": {"en": "Good beside bad"}},
        })
        said = definitions(first, "apply", bad, code=3)
        assert said.count("refused") == 2, said
        assert "/entry" in said, said
        assert "names templates/Nowhere" in said
        assert first.ask("GET", "/api/v1/canned-replies/good")["texts"] == {"en": "Good beside bad"}
        first.ask("POST", "/api/v1/templates", WRITTEN["templates/hello.json"], expect=201)
        assert "Two templates are called Hello" in definitions(first, "pull", again, code=1)
    with upright() as second:
        definitions(second, "apply", pulled)
        definitions(second, "pull", again)
        assert contents(again) == contents(pulled)
        other = next(one for one in second.ask("GET", "/api/v1/segments")["data"] if one["name"] == "Buyers")
        assert other["id"] != segment["id"]
        assert second.ask("GET", "/api/v1/journeys")["data"][0]["name"] == "Basket"
    for name, files, said in (
        ("kind", {"wishes/a.json": {"name": "x"}}, "no kind of definition"), ("name", {"segments/a.json": {"rule": {}}}, '"name" is missing'),
        ("twice", {"segments/a.json": {"name": "x"}, "segments/b.json": {"name": "x"}}, "another file for x"),
    ):
        assert said in definitions(second, "apply", write(tmp_path / name, files), code=1).replace("\n", " ")
    (tmp_path / "kind" / "wishes" / "a.json").unlink()
    (tmp_path / "kind" / "pressure.json").write_text("{", encoding="utf-8")
    assert "no JSON" in definitions(second, "apply", tmp_path / "kind", code=1)
    assert "There is no folder" in definitions(second, "apply", tmp_path / "nowhere", code=1)
    definitions(second, "apply", written, code=2)  # no key: its folder is gone
