"""Settings: the only place that reads the environment. Secrets may also come from the file named by `…_FILE`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

PREFIX = "ECRM_"


class SettingsError(Exception):
    """A setting is missing or wrong; the message names the variable and what it takes."""


class PlatformSettings(BaseModel):
    """Knobs that all processes share: `ECRM_<NAME>`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    public_url: str = Field("http://127.0.0.1:8080", description="Under which address people and SDKs reach the gateway.")
    mail_domain: str = Field("", description="Domain whose mail comes to the interaction service: answers to and bounces of our messages go there.")
    private_networks: str = Field(
        "", description="Networks in your own house that webhooks may call, separated by commas, for example `10.1.0.0/16`; empty: public addresses only."
    )
    log_level: str = Field("info", description="debug, info, warning or error.")
    log_format: str = Field("json", description="json, or text for people.")
    identity_secret: SecretStr = Field(description="32 bytes in hex: keys the hashes of identities. Never change it.")
    link_secret: SecretStr = Field(description="32 bytes in hex: seals the links in messages. Never change it.")
    trusted_keys: str = Field(description="JWKS with the public keys of gateway and services, JSON or a file name.")
    signing_key: SecretStr = Field(description="This process's private Ed25519 key (JWK, JSON).")


class ServiceSettings(BaseModel):
    """Knobs that every service has: `ECRM_<SERVICE>_<NAME>`. A service adds its own by inheriting."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    database_url: str = Field(description="PostgreSQL URL of the role that owns no tables.")
    owner_database_url: str = Field("", description="PostgreSQL URL of the owner, for `ecrm migrate` only.")
    database_connections: int = Field(8, ge=2, le=200, description="Connections of the pool.")


S = TypeVar("S", bound=BaseModel)


def read(model: type[S], *, prefix: str = PREFIX, environment: Mapping[str, str] | None = None, **given: Any) -> S:
    """Fill a settings model from the environment; `given` wins. Raises SettingsError with all faults at once."""
    found = os.environ if environment is None else environment  # noqa: TID251 - the one place
    values: dict[str, Any] = {}
    for name in model.model_fields:
        variable = prefix + name.upper()
        if variable in found:
            values[name] = found[variable]
        elif variable + "_FILE" in found:
            values[name] = _from_file(variable, found[variable + "_FILE"])
    values.update(given)
    try:
        return model(**values)
    except ValidationError as error:
        faults = [f"{prefix}{'_'.join(str(part) for part in fault['loc']).upper()}: {fault['msg']}" for fault in error.errors()]
        raise SettingsError("settings cannot be used:\n  " + "\n  ".join(faults)) from None


def variable(name: str, default: str = "") -> str:
    """One variable of the environment, or what the file holds that `NAME_FILE` names; for the launcher."""
    found = os.environ  # noqa: TID251 - the one place
    if name not in found and f"{name}_FILE" in found:
        return _from_file(name, found[f"{name}_FILE"])
    return found.get(name, default)


def environment() -> dict[str, str]:
    """A copy of the environment, for child processes."""
    return dict(os.environ)  # noqa: TID251 - the one place


def _from_file(variable: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{variable}_FILE: cannot read {path}: {error.strerror}") from None
