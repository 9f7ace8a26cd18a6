"""Executes statements in a ClickHouse engine inside this process (chdb). Stdin {"setup": […], "queries": […]}, stdout {"setup": [faults], "answers": […]}."""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any


def main() -> None:
    asked = json.load(sys.stdin)
    opened = importlib.import_module("chdb.session").Session()  # only its own environment has it
    faults = [answer["error"] for answer in (execute(opened, sql) for sql in asked["setup"]) if "error" in answer]
    json.dump({"setup": faults, "answers": [execute(opened, sql) for sql in asked["queries"]]}, sys.stdout)


def execute(opened: Any, sql: str) -> dict[str, Any]:
    try:
        found = str(opened.query(sql, "JSONCompactEachRow"))
    except Exception as error:  # what the engine says is the answer
        return {"error": str(error)[:600]}
    return {"rows": [json.loads(line) for line in found.splitlines() if line.strip()]}


if __name__ == "__main__":
    main()
