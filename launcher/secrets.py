"""Secrets and process keys of one deployment: made once, kept in the data directory with mode 0600."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

from chassis import settings
from chassis.identity import new_signing_key, public_part
from chassis.settings import PlatformSettings
from launcher import roster


def load_or_create(data: Path) -> dict[str, Any]:
    """The secrets of `data/secrets.json`, made on the first start."""
    path = data / "secrets.json"
    if path.exists():
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found
    made = {
        "identity_secret": secrets.token_hex(32),
        "link_secret": secrets.token_hex(32),
        "signing_keys": {name: new_signing_key(name) for name in roster.PROCESSES},
    }
    write_private(path, json.dumps(made, indent=2))
    return made


def platform_values(found: dict[str, Any], process: str) -> dict[str, str]:
    """The values of PlatformSettings that come from the secrets, for one process."""
    return {
        "identity_secret": found["identity_secret"],
        "link_secret": found["link_secret"],
        "signing_key": json.dumps(found["signing_keys"][process]),
        "trusted_keys": json.dumps({"keys": [public_part(key) for key in found["signing_keys"].values()]}),
    }


def platform_settings(found: dict[str, Any] | None, process: str, **given: Any) -> PlatformSettings:
    """From the environment where it says so, else from the deployment's secrets. Raises SettingsError."""
    values: dict[str, Any] = platform_values(found, process) if found else {}
    for name in list(values):
        if settings.variable(f"ECRM_{name.upper()}") or settings.variable(f"ECRM_{name.upper()}_FILE"):
            del values[name]
    return settings.read(PlatformSettings, **values, **given)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    draft = path.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
