"""Figures of a proof, kept as JSON beside what the machine was: build/proof/<name>.json."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parents[2]
FULL = os.environ.get("SCALE") == "full"


def machine() -> dict[str, Any]:
    """What a figure depends on beside the code; without names."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    return {
        "cores": os.cpu_count(), "memory_gib": round(psutil.virtual_memory().total / 2**30, 1), "system": platform.system(), "kernel": platform.release(),
        "python": platform.python_version(), "load": [round(part, 1) for part in os.getloadavg()], "commit": commit or "unknown",
    }


def keep(name: str, figures: dict[str, Any]) -> Path:
    """Write the figures of one run; the newest stays."""
    folder = ROOT / "build" / "proof"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"name": name, "scale": "full" if FULL else "small", **figures, "machine": machine()}, indent=1, default=str) + "\n")
    return path
