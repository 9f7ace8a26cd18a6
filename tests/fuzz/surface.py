"""What the platform can be asked: its operations, values that answers have shown, and requests that its pages give as examples."""

from __future__ import annotations

import json
import re
import shlex
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final
from urllib.parse import quote

ROOT: Final = Path(__file__).resolve().parents[2]
METHODS: Final = ("post", "put", "get", "patch", "delete")
#: What names a thing in an answer, the best first.
NAMING: Final = ("id", "slug", "name", "key", "kind", "sha256", "address")
MOST_VALUES: Final = 30


@dataclass(frozen=True)
class Operation:
    """One method at one path of the description."""

    method: str
    template: str

    @property
    def label(self) -> str:
        return f"{self.method.upper()} {self.template}"

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"\{(\w+)\}", self.template)

    def matches(self, path: str) -> bool:
        return re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", self.template), path) is not None


@dataclass(frozen=True)
class Asked:
    """A request to be sent; `raw` is the body as bytes."""

    operation: Operation
    path: str
    raw: bytes
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


def operations(document: dict[str, Any]) -> list[Operation]:
    """All of them: what makes things before what reads, changes and removes them."""
    found = [Operation(method, path) for path, item in document["paths"].items() for method in METHODS if method in item]
    return sorted(found, key=lambda one: (one.method == "delete", one.template.count("{"), METHODS.index(one.method), one.template))


@dataclass
class Pool:
    """Values seen in answers, by the collection they belong to and by the name of their field."""

    chance: Random
    avoided: frozenset[str] = frozenset()
    _of: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def learn(self, operation: Operation, answer: Any) -> None:
        """What a good answer names."""
        collection = operation.template.rpartition("/{")[0] if operation.template.endswith("}") else operation.template
        for one in [answer, *(answer.get("data") or [])] if isinstance(answer, dict) and isinstance(answer.get("data", []), list) else [answer]:
            if isinstance(one, dict):
                names = [one[name] for name in NAMING if isinstance(one.get(name), str | int)]
                if names:
                    self._add(collection, str(names[0]))
        self._harvest(answer)

    def _harvest(self, value: Any) -> None:
        if isinstance(value, dict):
            for name, inner in value.items():
                if name.endswith(("_id", "sha256")) and isinstance(inner, str):
                    self._add(name, inner)
                self._harvest(inner)
        elif isinstance(value, list):
            for inner in value[:20]:
                self._harvest(inner)

    def _add(self, name: str, value: str) -> None:
        known = self._of[name]
        if value and value not in known and value not in self.avoided:
            known.append(value)
            del known[:-MOST_VALUES]

    def any(self, *names: str) -> str | None:
        """A known value under the first name that has one."""
        for name in names:
            if known := self._of.get(name):
                return self.chance.choice(known)
        return None

    def path(self, operation: Operation, generated: dict[str, Any]) -> str:
        """The template with known values, else with generated ones."""
        path, template = "", operation.template
        for part in re.split(r"(\{\w+\})", template):
            if part.startswith("{"):
                name = part[1:-1]
                collection = template[: template.index(part)].rstrip("/")
                value = self.any(collection, name, *(key for key in (f"/api/v1/{name.removesuffix('_id')}s",) if name.endswith("_id")))
                path += quote(str(value if value is not None else generated.get(name) or "unknown"), safe="")
            else:
                path += part
        return path

    def body(self, value: Any, name: str = "") -> Any:
        """A body in which fields that name something name something known."""
        if isinstance(value, dict):
            return {key: self.body(inner, key) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.body(inner, name.removesuffix("s") if name.endswith("_ids") else name) for inner in value]
        if isinstance(value, str) and (name.endswith("_id") or value.startswith("$")):
            known = self.any(name, f"/api/v1/{name.removesuffix('_id')}s", *(("customer_id", "/api/v1/customers") if value == "$ID" else ()))
            return known if known is not None and self.chance.random() < 0.9 else value
        return value


def pages() -> list[Path]:
    return sorted([*ROOT.glob("docs/*.md"), *ROOT.glob("docs/*/*.md"), *ROOT.glob("services/*/README.md"), ROOT / "gateway/README.md", ROOT / "README.md"])


def examples(known: list[Operation]) -> dict[Operation, list[tuple[str, str]]]:
    """The requests with a body, or with parameters, that pages give as examples: operation -> (body, query)."""
    found: dict[Operation, list[tuple[str, str]]] = defaultdict(list)
    for page in pages():
        for method, path, query, body in _commands(page.read_text(encoding="utf-8")):
            for operation in known:
                if operation.method == method and operation.matches(path):
                    found[operation].append((body, query))
                    break
    return found


def _commands(text: str) -> Iterator[tuple[str, str, str, str]]:
    for block in re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        joined = block.replace("\\\n", " ")
        for begin in [place.start() for place in re.finditer(r"\bcurl ", joined)]:
            words = _words(joined[begin:])
            words = [re.sub(r"^\$(H|URL/api/v1|\{URL\}/api/v1)/", "/api/v1/", word) for word in words]
            url = next((word for word in words if word.startswith("/api/v1/")), "")
            if not url:
                continue
            data = next((words[place + 1] for place, word in enumerate(words[:-1]) if word in {"-d", "--data"}), "")
            method = next((words[place + 1] for place, word in enumerate(words[:-1]) if word == "-X"), "POST" if data else "GET")
            path, _, query = url.partition("?")
            if not data or _readable(data):
                yield method.lower(), path, query, data


def _words(text: str) -> list[str]:
    """The words of the first command of the text."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars="|;&)")
    lexer.whitespace_split = True
    lexer.commenters = ""
    words: list[str] = []
    line = 1
    try:
        for word in lexer:
            if re.fullmatch(r"[|;&)]+", word) or (words and lexer.lineno > line and word == "curl"):
                break
            words.append(word)
    except ValueError:
        pass
    return words


def _readable(data: str) -> bool:
    try:
        json.loads(data)
    except ValueError:
        return False
    return True
