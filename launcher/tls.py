"""HTTPS at the public door: who has no proxy in front gives a certificate, and the commands of this machine trust it."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

from chassis import settings
from launcher.process import CannotStart


class Certificate(NamedTuple):
    """Files in PEM form: the certificate with its chain, and its private key."""

    chain: Path
    key: Path


def certificate() -> Certificate | None:
    """What ECRM_TLS_CERT and ECRM_TLS_KEY name; None when neither is set. Raises CannotStart when they cannot be used."""
    chain, key = settings.variable("ECRM_TLS_CERT"), settings.variable("ECRM_TLS_KEY")
    if not chain and not key:
        return None
    if not chain or not key:
        raise CannotStart("Only one of ECRM_TLS_CERT and ECRM_TLS_KEY is set. HTTPS needs both: the certificate with its chain, and its private key.")
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(chain, key, password=_no_password)
    except (OSError, ssl.SSLError) as error:
        reason = error.strerror or getattr(error, "reason", "") or "unreadable"
        raise CannotStart(
            f"The certificate {chain} with the key {key} cannot be used ({reason}). Both must be PEM files of one pair, the key without a password."
        ) from None
    return Certificate(Path(chain), Path(key))


def session(**options: Any) -> aiohttp.ClientSession:
    """A client session that also trusts this machine's own certificate (ECRM_TLS_CERT), or the authority ECRM_TLS_CA names."""
    named = settings.variable("ECRM_TLS_CA") or settings.variable("ECRM_TLS_CERT")
    if named:
        trusting = ssl.create_default_context()
        trusting.load_verify_locations(named)
        options["connector"] = aiohttp.TCPConnector(ssl=trusting)
    return aiohttp.ClientSession(**options)


def _no_password() -> str:
    raise OSError(0, "the key has a password")
