"""Secrets and process keys of one deployment: made once, kept in files with mode 0600."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

from chassis import settings
from chassis.identity import new_signing_key, public_part
from chassis.settings import PlatformSettings
from gateway.domain import keys
from launcher import roster
from launcher.embedded_postgres import rights


class AlreadyMade(Exception):
    """The folder holds secrets; new ones would lock a deployment out of its own data."""


def load_or_create(data: Path) -> dict[str, Any]:
    """The secrets of `data/secrets.json`, made on the first start."""
    path = data / "secrets.json"
    if path.exists():
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found
    made = new_secrets()
    write_private(path, json.dumps(made, indent=2))
    return made


def new_secrets() -> dict[str, Any]:
    """Secrets of a new deployment."""
    return {
        "identity_secret": secrets.token_hex(32),
        "link_secret": secrets.token_hex(32),
        "signing_keys": {name: new_signing_key(name) for name in roster.PROCESSES},
    }


def write_files(folder: Path, *, database_host: str = "postgres") -> list[str]:
    """One file for each secret of a deployment of several processes, and the SQL that makes its databases; the names.

    Raises AlreadyMade, and writes nothing, when the folder holds any of them.
    """
    found = new_secrets()
    passwords = {f"{name}_{role}": secrets.token_urlsafe(24) for name in roster.ALL for role in ("owner", "app")}
    files = {f"signing_key_{name}": platform_values(found, name)["signing_key"] for name in roster.PROCESSES}
    files |= {name: value for name, value in platform_values(found, "gateway").items() if name != "signing_key"}
    for name in roster.ALL:
        for role, file in (("app", f"{name}_database_url"), ("owner", f"{name}_owner_database_url")):
            files[file] = f"postgresql://{name}_{role}:{passwords[f'{name}_{role}']}@{database_host}/{name}"
    files |= {
        "admin_key": keys.new_key(keys.API).text, "source_key": keys.new_key(keys.SOURCE).text, "smtp_url": "",
        "postgres_password": secrets.token_urlsafe(24), "roles.sql": roles_sql(passwords),
    }
    known = sorted(name for name in files if (folder / name).exists())
    if known:
        raise AlreadyMade(f"{folder} holds {known[0]} already. Secrets are made once: use them, or choose another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    for name, text in files.items():
        write_private(folder / name, text)
    return sorted(files)


def roles_sql(passwords: dict[str, str]) -> str:
    """For psql as the superuser: each database with its owner, who makes tables, and the role that works with their rows."""
    lines: list[str] = []
    for name in roster.ALL:
        lines += [f"CREATE ROLE \"{role}\" LOGIN PASSWORD '{passwords[role]}';" for role in (f"{name}_owner", f"{name}_app")]
        lines += [
            f"ALTER ROLE \"{name}_app\" SET idle_in_transaction_session_timeout = '10s';",
            f'CREATE DATABASE "{name}" OWNER "{name}_owner";', f"\\connect {name}", *rights(name),
        ]
    return "\n".join(lines) + "\n"


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
        if settings.variable(f"ECRM_{name.upper()}"):
            del values[name]
    return settings.read(PlatformSettings, **values, **given)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    draft = path.with_name(path.name + ".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
