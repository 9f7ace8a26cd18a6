"""Definitions as files: `KIND.json` where there is one document, else `KIND/NAME.json`; sorted, so that version control shows what changed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from launcher.definitions.kinds import KINDS, Body

#: kind -> name -> definition; the name of a single document is "".
Definitions = dict[str, dict[str, Body]]


class BadFolder(Exception):
    """The message says which file, and what to do."""


def write(folder: Path, definitions: Mapping[str, Mapping[str, Body]]) -> int:
    """Make the files of these kinds what these definitions say; files of definitions that are gone go, too. Returns how many there are."""
    count = 0
    for kind in KINDS:
        if kind.name not in definitions:
            continue
        given = definitions[kind.name]
        wanted = {_path(folder, kind.name, name if kind.key else None): body for name, body in given.items()}
        if len(wanted) != len(given):
            raise BadFolder(f"Two {kind.name} have names that make one file name: {sorted(given)}. Rename one.")
        for path, body in wanted.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(body, ensure_ascii=False, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        if kind.key is not None:
            for old in (folder / kind.name).glob("*.json"):
                if old not in wanted:
                    old.unlink()
        count += len(wanted)
    return count


def read(folder: Path) -> Definitions:
    """What the files say. Raises BadFolder."""
    if not folder.is_dir():
        raise BadFolder(f"There is no folder {folder}. `ecrm definitions pull {folder}` makes one.")
    known = {kind.name for kind in KINDS}
    for path in sorted(folder.rglob("*.json")):
        if path.relative_to(folder).parts[0].removesuffix(".json") not in known:
            raise BadFolder(f"{path}: no kind of definition. Known are: {', '.join(sorted(known))}.")
    found: Definitions = {}
    for kind in KINDS:
        if kind.key is None:
            path = folder / f"{kind.name}.json"
            if path.exists():
                found[kind.name] = {"": _load(path)}
            continue
        for path in sorted((folder / kind.name).glob("*.json")):
            body = _load(path)
            name = body.get(kind.key)
            if not isinstance(name, str) or not name:
                raise BadFolder(f'{path}: "{kind.key}" is missing: it says which of the {kind.name} this is.')
            if name in found.setdefault(kind.name, {}):
                raise BadFolder(f"{path}: {kind.name} has another file for {name}.")
            found[kind.name][name] = body
    return found


def _load(path: Path) -> Body:
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise BadFolder(f"{path}: no JSON ({error}).") from None
    if not isinstance(body, dict):
        raise BadFolder(f"{path}: a definition is a JSON object.")
    return body


def _path(folder: Path, kind: str, name: str | None) -> Path:
    if name is None:
        return folder / f"{kind}.json"
    return folder / kind / (re.sub(r"[^\w.-]+", "-", name).strip("-.") + ".json")
