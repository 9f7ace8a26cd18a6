"""Who asks, with which scopes: short-lived internal tokens (EdDSA), made by the gateway and by services, checked by services."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey

from chassis.clock import Clock
from chassis.errors import Refusal
from chassis.ids import new_text_id

LIFETIME: Final = 60
LEEWAY: Final = 5
REMEMBERED: Final = 4096
ALGORITHMS: Final = ["Ed25519"]


class Unauthenticated(Refusal):
    """No token, or one that proves nothing. One body for every cause."""

    kind = "unauthenticated"

    def __init__(self, *, detail: str = "") -> None:
        super().__init__(
            "auth.required", "A valid key is needed: send the header `Authorization: Bearer KEY`.", detail=detail
        )


@dataclass(frozen=True)
class Caller:
    """The verified asker. `kind`: key (an API key), person, source, service, anonymous. `hides`: fields he does not see (chassis/field_rights.py)."""

    subject: str
    kind: str = "anonymous"
    scopes: frozenset[str] = field(default_factory=frozenset)
    source_id: str | None = None
    hides: frozenset[str] = field(default_factory=frozenset)

    def may(self, *scopes: str) -> bool:
        """Whether the caller has one of the scopes; `admin` has all. A write scope includes reading."""
        if "admin" in self.scopes:
            return True
        return any(scope in self.scopes or _stronger(scope) & self.scopes for scope in scopes)


def _stronger(scope: str) -> frozenset[str]:
    area, _, right = scope.partition(":")
    return frozenset({f"{area}:write"}) if right == "read" else frozenset()


ANONYMOUS: Final = Caller(subject="")


class Tokens:
    """Makes tokens in the name of this process and checks those of trusted ones."""

    def __init__(self, *, issuer: str, signing_key: str, trusted_keys: str, clock: Clock) -> None:
        self._issuer = issuer
        self._key = OKPKey.import_key(json.loads(signing_key))
        self._trusted = key_sets(json.loads(trusted_keys)["keys"])
        self._clock = clock
        self._verified: dict[tuple[str, str], tuple[float, Caller]] = {}

    def mint(self, audience: str, caller: Caller) -> str:
        """A token for one audience, valid for 60 s."""
        now = int(self._clock.timestamp())
        claims: dict[str, Any] = {
            "iss": self._issuer, "sub": caller.subject, "aud": audience, "iat": now, "nbf": now - LEEWAY, "exp": now + LIFETIME,
            "jti": new_text_id(), "kind": caller.kind, "scope": " ".join(sorted(caller.scopes)),
        }
        if caller.source_id is not None:
            claims["source"] = caller.source_id
        if caller.hides:
            claims["hide"] = sorted(caller.hides)
        return jwt.encode({"alg": "Ed25519", "kid": self._issuer, "typ": "JWT"}, claims, self._key, algorithms=ALGORITHMS)

    def verify(self, token: str, audience: str) -> Caller:
        """The caller a token speaks for. Raises Unauthenticated. A signature is checked once, its time always."""
        known = self._verified.get((token, audience))
        if known is not None and self._clock.timestamp() <= known[0]:
            return known[1]
        caller, expires = self._check(token, audience)
        if len(self._verified) >= REMEMBERED:
            self._verified.clear()
        self._verified[token, audience] = (expires, caller)
        return caller

    def attest(self, claims: dict[str, Any], *, purpose: str) -> str:
        """A statement signed by this process, without end (JWS); it opens nothing."""
        header = {"alg": "Ed25519", "kid": self._issuer, "typ": f"{purpose}+jws"}
        return jwt.encode(header, {**claims, "iss": self._issuer}, self._key, algorithms=ALGORITHMS)

    def attested(self, text: str, *, purpose: str) -> dict[str, Any]:
        """What was attested for a purpose by any process that is trusted. Raises Unauthenticated."""
        return attested(text, self._trusted, purpose=purpose)

    def public_keys(self) -> list[dict[str, Any]]:
        """The keys of all processes that are trusted, as JWKs, by name."""
        return [dict(keys.keys[0].as_dict(private=False)) for _, keys in sorted(self._trusted.items())]

    def _check(self, token: str, audience: str) -> tuple[Caller, float]:
        try:
            header = json.loads(_unpadded(token.split(".", 1)[0]))
            if not isinstance(header, dict) or set(header) - {"alg", "kid", "typ"}:
                raise Unauthenticated(detail="header")
            keys = self._trusted[header["kid"]]
            decoded = jwt.decode(token, keys, algorithms=ALGORITHMS)
            claims = decoded.claims
            now = self._clock.timestamp()
            if claims["iss"] != header["kid"] or claims["aud"] != audience:
                raise Unauthenticated(detail="issuer or audience")
            if not claims["nbf"] - LEEWAY <= now <= claims["exp"] + LEEWAY or claims["exp"] - claims["iat"] > LIFETIME:
                raise Unauthenticated(detail="time")
            caller = Caller(
                subject=str(claims["sub"]), kind=str(claims["kind"]), scopes=frozenset(str(claims["scope"]).split()),
                source_id=claims.get("source"), hides=frozenset(claims.get("hide", ())),
            )
            return caller, float(claims["exp"]) + LEEWAY
        except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise Unauthenticated(detail=type(error).__name__) from None


def key_sets(keys: Iterable[Mapping[str, Any]]) -> dict[str, KeySet]:
    """Public keys (JWKs) by the name of their process. Raises ValueError, KeyError, JoseError."""
    return {str(key["kid"]): KeySet([OKPKey.import_key(dict(key))]) for key in keys}


def attested(text: str, trusted: Mapping[str, KeySet], *, purpose: str) -> dict[str, Any]:
    """What was attested for a purpose by one of these. Raises Unauthenticated."""
    try:
        header = json.loads(_unpadded(text.split(".", 1)[0]))
        if header["typ"] != f"{purpose}+jws":
            raise Unauthenticated(detail="purpose")
        return dict(jwt.decode(text, trusted[header["kid"]], algorithms=ALGORITHMS).claims)
    except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unauthenticated(detail=type(error).__name__) from None


def new_signing_key(issuer: str) -> dict[str, Any]:
    """A fresh private key as JWK, named after its issuer."""
    key = OKPKey.generate_key("Ed25519", parameters={"kid": issuer})
    return dict(key.as_dict(private=True))


def public_part(key: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in key.items() if name != "d"}


def _unpadded(text: str) -> bytes:
    import base64

    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
