"""A plugin of pytest: keeps every warehouse that tests close, with the statements they have asked it (`RECORDED` names the folder)."""

from __future__ import annotations

import os
import pickle
import shutil
from pathlib import Path
from typing import Any

from services.analytics.store.warehouse import Warehouse

_asked: dict[int, dict[tuple[str, bytes], None]] = {}
_cursor, _close = Warehouse._cursor, Warehouse._close


class Recorded:
    """A cursor that remembers what was executed without error."""

    def __init__(self, cursor: Any, asked: dict[tuple[str, bytes], None]) -> None:
        self._cursor, self._asked = cursor, asked

    def execute(self, sql: str, *parameters: Any) -> Recorded:
        self._cursor.execute(sql, *parameters)
        self._asked[sql, pickle.dumps(parameters[0] if parameters else None)] = None
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def __enter__(self) -> Recorded:
        return self

    def __exit__(self, *raised: object) -> None:
        self._cursor.close()


def _recorded_cursor(self: Warehouse) -> Any:
    return Recorded(_cursor(self), _asked.setdefault(id(self), {}))


def _recorded_close(self: Warehouse) -> None:
    _close(self)
    asked = _asked.pop(id(self), {})
    if self._closing and asked and self._path != ":memory:":
        folder = Path(os.environ["RECORDED"])
        kept = folder / str(len(list(folder.iterdir())))
        kept.mkdir()
        shutil.copy(self._path, kept / "facts.duckdb")
        (kept / "asked.pickle").write_bytes(pickle.dumps(list(asked)))


Warehouse._cursor = _recorded_cursor  # type: ignore[method-assign]
Warehouse._close = _recorded_close  # type: ignore[method-assign]
