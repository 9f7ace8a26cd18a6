"""How a process shows itself to the brokers, and how it knows them: SCRAM-SHA-512 and TLS, each only if asked for."""

from __future__ import annotations

import ssl
from typing import Any, Final


class Access:
    """`authority` names a PEM file whose authorities alone are trusted; empty: those of the system. Raises OSError (ssl.SSLError is one)."""

    def __init__(self, *, user: str = "", password: str = "", tls: bool = False, authority: str = "") -> None:
        self._user = user
        self._password = password
        self._trust = ssl.create_default_context(cafile=authority or None) if tls else None

    def options(self) -> dict[str, Any]:
        """Keyword arguments that every client of the library takes."""
        protocol = ("SASL_" if self._user else "") + ("SSL" if self._trust else "PLAINTEXT")
        found: dict[str, Any] = {"security_protocol": protocol}
        if self._trust:
            found["ssl_context"] = self._trust
        if self._user:
            found |= {"sasl_mechanism": "SCRAM-SHA-512", "sasl_plain_username": self._user, "sasl_plain_password": self._password}
        return found


OPEN: Final = Access()
