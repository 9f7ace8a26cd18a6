"""The definitions of a running platform: read, compared, written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from launcher.definitions import shapes
from launcher.definitions.folder import Definitions
from launcher.definitions.kinds import KINDS, Body, Kind
from launcher.definitions.references import REFERENCE, Unresolved, named, references, resolved
from launcher.remote import Api, RemoteError


class Ambiguous(Exception):
    """Two definitions have one name."""


class Outcome(NamedTuple):
    """What became of one definition: `state` is same, made, changed or refused; `words` say what changed, or why not."""

    kind: str
    name: str
    state: str
    words: str = ""


class Installation:
    """Reads all definitions once, then compares and writes."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._description: Mapping[str, Any] = {}
        self._rows: dict[str, dict[str, Body]] = {}  # kind -> name -> the answer
        self._ids: dict[str, str] = {}  # kind/name -> id
        self.definitions: Definitions = {}

    async def read(self, kinds: frozenset[str] = frozenset()) -> Installation:
        """Raises RemoteError, Ambiguous."""
        self._description = await self._api.ask("GET", "/openapi.json")
        chosen = [kind for kind in KINDS if not kinds or kind.name in kinds]
        for kind in (kind for kind in KINDS if kind in chosen or kind.referred):
            self._rows[kind.name] = await self._all(kind)
            if kind.referred:
                self._ids |= {f"{kind.name}/{name}": row["id"] for name, row in self._rows[kind.name].items()}
        names = {given: name for name, given in self._ids.items()}
        for kind in chosen:
            fields = shapes.writable(self._description, kind)
            self.definitions[kind.name] = {
                name: named(shapes.cut(row, fields), names) for name, row in self._rows[kind.name].items()
            }
        return self

    def compare(self, wanted: Definitions) -> list[Outcome]:
        """What `apply` would do."""
        found = []
        for kind in KINDS:
            for name, body in wanted.get(kind.name, {}).items():
                there = self.definitions.get(kind.name, {}).get(name)
                if there is None:
                    found.append(Outcome(kind.name, name, "made"))
                    continue
                different = sorted(field for field, value in body.items() if not _says(there.get(field), value))
                found.append(Outcome(kind.name, name, "changed" if different else "same", ", ".join(different)))
        return found

    async def apply(self, wanted: Definitions) -> list[Outcome]:
        """Make and change what differs, what is named before what names it; one that is refused does not hold up the others."""
        outcomes = []
        todo = {(one.kind, one.name): one for one in self.compare(wanted)}
        for kind in KINDS:
            waiting = {name: body for name, body in wanted.get(kind.name, {}).items() if todo[kind.name, name].state != "same"}
            outcomes += [one for one in todo.values() if one.kind == kind.name and one.state == "same"]
            while waiting:
                among = {f"{kind.name}/{name}" for name in waiting}
                ready = [name for name, body in waiting.items() if not (set(references(body)) - {f"{kind.name}/{name}"}) & among]
                for name in ready or list(waiting):  # a circle: the platform says what it thinks of it
                    outcomes.append(await self._put(kind, name, waiting.pop(name), todo[kind.name, name]))
        return outcomes

    async def _put(self, kind: Kind, name: str, body: Body, planned: Outcome) -> Outcome:
        try:
            given = {**resolved(body, self._ids), **dict(kind.said)}
            if planned.state == "made" and kind.made_by == "POST":
                row = await self._api.ask("POST", kind.path, given)
                if kind.referred:
                    self._ids[f"{kind.name}/{name}"] = row["id"]
            else:
                fields = shapes.changing(self._description, kind)
                row = self._rows[kind.name].get(name, {kind.addressed_by: name})
                await self._api.ask("PUT", _quoted(kind, row), {field: value for field, value in given.items() if field in fields})
        except Unresolved as missing:
            return planned._replace(state="refused", words=f"it names {missing}, which is neither there nor among the files")
        except RemoteError as error:
            return planned._replace(state="refused", words=str(error))
        return planned

    async def _all(self, kind: Kind) -> dict[str, Body]:
        if kind.key is None:
            found = await self._api.ask("GET", kind.path)
            return {"": found[kind.within] if kind.within else found}
        fields, rows, token = shapes.writable(self._description, kind), dict[str, Body](), ""
        while True:
            page = await self._api.ask("GET", kind.path + (f"?page_token={quote(token)}" if token else ""))
            for row in page["data"]:
                if kind.own is not None and not row[kind.own]:
                    continue
                whole = row if fields <= row.keys() else {**row, **await self._api.ask("GET", _quoted(kind, row))}
                if whole[kind.key] in rows:
                    raise Ambiguous(f"Two {kind.name} are called {whole[kind.key]}: files need one name each. Rename one of them first.")
                rows[str(whole[kind.key])] = whole
            token = page.get("next_page_token") or ""
            if not token:
                return rows


def _quoted(kind: Kind, row: Body) -> str:
    if kind.key is None:
        return kind.path
    return f"{kind.path}/{quote(str(row[kind.addressed_by]), safe='')}"


def _says(there: Any, wanted: Any) -> bool:
    """Whether a definition says what a file says; what the file leaves out is as the platform has it."""
    if isinstance(wanted, Mapping) and isinstance(there, Mapping) and REFERENCE not in wanted:
        return all(_says(there.get(name), value) for name, value in wanted.items())
    if isinstance(wanted, list) and isinstance(there, list):
        return len(there) == len(wanted) and all(_says(*pair) for pair in zip(there, wanted, strict=True))
    return bool(there == wanted)
