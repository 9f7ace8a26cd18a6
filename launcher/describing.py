"""The platform's OpenAPI document without a platform that runs: `python -m launcher.describing FILE` (the console's client is made of it)."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from gateway.domain import describing
from launcher import roster


def document() -> dict[str, Any]:
    """As `/openapi.json` answers, but for the server's address."""
    parts: dict[str, Any] = {}
    for service in roster.ALL:
        app = FastAPI()
        for router in roster.manifest(service).routers:
            app.include_router(router)
        parts[service] = app.openapi()
    return describing.merged(parts, version="", server="/")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(document(), ensure_ascii=False), encoding="utf-8")
