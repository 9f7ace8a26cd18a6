"""Who a token stands for: our own people and those of the identity provider."""

from __future__ import annotations

import base64
import hashlib
import json
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import KeySet, OKPKey

from chassis import sealing
from chassis.clock import Clock
from chassis.identity import Caller
from chassis.ids import new_text_id
from gateway.domain import roles
from gateway.domain.people import Person
from gateway.domain.roles import Role
from gateway.outbound.issuers import Issuer

#: What may sign a token from outside. `EdDSA` and `Ed25519` are two names of one thing.
ALGORITHMS: Final = ["EdDSA", "Ed25519", "ES256", "RS256"]
HEADERS: Final = frozenset({"alg", "kid", "typ", "x5t", "x5t#S256"})
LEEWAY: Final = 30
REMEMBERED: Final = 4096
LONGEST_TOKEN: Final = 8192


class Proven(NamedTuple):
    """A token that was checked: whom it names, which roles it gives (None: ask the directory), until when (seconds since the epoch)."""

    subject: str
    roles: tuple[str, ...] | None
    expires: float


class NotProven(Exception):
    """A token that proves nothing; the reason is for the log only."""


class Directory:
    """People and roles as this process knows them, and the tokens it has checked."""

    def __init__(
        self, *, own_issuer: str, audience: str, secret: bytes, key_number: int, clock: Clock, issuer: Issuer | None = None, roles_claim: str = "roles",
        role_names: Mapping[str, str] | None = None, longest: float = 600.0,
    ) -> None:
        """`longest`: seconds that a token of the identity provider may live; it cannot be taken back."""
        self.own_issuer = own_issuer
        self.audience = audience
        self.roles: dict[str, Role] = dict(roles.BUILT_IN)
        self._clock = clock
        self._people: dict[str, Person] = {}
        self._issuer = issuer
        self._claim = roles_claim.split(".")
        self._role_names = dict(role_names or {})
        self._longest = longest
        self._proven: dict[bytes, Proven] = {}
        self._signing = _key(secret, key_number)
        self._own = [_key(secret, number) for number in range(max(1, key_number - 1), key_number + 1)]

    def take(self, people: Sequence[Person], own_roles: Sequence[Role]) -> None:
        """What the database says now."""
        self._people = {str(person.id): person for person in people}
        self.roles = {**{role.name: role for role in own_roles}, **roles.BUILT_IN}

    def jwks(self) -> dict[str, Any]:
        """The public keys of the built-in issuer: the one that signs and the one before."""
        return {"keys": [{**key.as_dict(private=False), "use": "sig", "alg": "EdDSA"} for key in self._own]}

    def token(self, person: Person, *, seconds: int) -> str:
        """A token of the built-in issuer."""
        now = int(self._clock.timestamp())
        claims = {
            "iss": self.own_issuer, "sub": str(person.id), "aud": self.audience, "iat": now, "nbf": now, "exp": now + seconds, "jti": new_text_id(),
        }
        return jwt.encode({"alg": "Ed25519", "kid": str(self._signing.kid), "typ": "JWT"}, claims, self._signing, algorithms=["Ed25519"])

    async def caller(self, token: str) -> Caller:
        """Whom a token stands for, with the rights his roles give now. Raises NotProven."""
        proven = await self._checked(token)
        if proven.roles is None:
            person = self._people.get(proven.subject)
            if person is None or person.disabled:
                raise NotProven("nobody")
            given: Sequence[str] = person.roles
        else:
            given = proven.roles
        scopes, hides = roles.together(given, self.roles)
        return Caller(subject=proven.subject, kind="person", scopes=scopes, hides=hides)

    def name_of(self, subject: str) -> str:
        """How somebody is called here; people of the provider have no name here."""
        person = self._people.get(subject)
        return person.name if person is not None else subject.removeprefix("oidc:")

    def still(self, caller: Caller) -> bool:
        """Whether somebody who came in may go on: for answers without end. People of the provider until their token ends."""
        person = self._people.get(caller.subject)
        if person is None:
            return ":" in caller.subject
        return not person.disabled and roles.together(person.roles, self.roles) == (caller.scopes, caller.hides)

    async def _checked(self, token: str) -> Proven:
        mark = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
        known = self._proven.get(mark)
        if known is None:
            known = await self._check(token)
            if len(self._proven) >= REMEMBERED:
                self._proven.clear()
            self._proven[mark] = known
        if self._clock.timestamp() > known.expires + LEEWAY:
            raise NotProven("expired")
        return known

    async def _check(self, token: str) -> Proven:
        if len(token) > LONGEST_TOKEN:
            raise NotProven("too long")
        try:
            header, told = (_part(part) for part in token.split(".")[:2])
            if set(header) - HEADERS or header.get("alg") not in ALGORITHMS or header.get("typ", "JWT").lower() not in {"jwt", "at+jwt"}:
                raise NotProven("header")
            own = told["iss"] == self.own_issuer
            if own:
                keys: KeySet | None = KeySet([key for key in self._own if key.kid == header["kid"]])
            elif self._issuer is not None and told["iss"] == self._issuer.issuer:
                keys = await self._issuer.keys(str(header.get("kid")))
            else:
                raise NotProven("issuer")
            if keys is None or not keys.keys:
                raise NotProven("keys")
            with warnings.catch_warnings():  # RFC 9864 prefers the other name of Ed25519; providers still use this one
                warnings.simplefilter("ignore", SecurityWarning)
                claims = jwt.decode(token, keys, algorithms=["Ed25519"] if own else ALGORITHMS).claims
            return self._proven_by(claims, own=own)
        except (JoseError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise NotProven(type(error).__name__) from None

    def _proven_by(self, claims: Mapping[str, Any], *, own: bool) -> Proven:
        now = self._clock.timestamp()
        audience = claims["aud"]
        if self.audience not in (audience if isinstance(audience, list) else [audience]):
            raise NotProven("audience")
        expires, issued = _number(claims["exp"]), _number(claims["iat"])
        if not _number(claims.get("nbf", issued)) - LEEWAY <= now <= expires + LEEWAY or issued - LEEWAY > now:
            raise NotProven("time")
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not subject.isprintable():
            raise NotProven("subject")
        if own:
            return Proven(str(UUID(subject)), None, expires)
        if expires - issued > self._longest:
            raise NotProven("lives too long")
        given: Any = claims
        for part in self._claim:
            given = given.get(part, []) if isinstance(given, Mapping) else []
        named = [given] if isinstance(given, str) else [one for one in given if isinstance(one, str)] if isinstance(given, list) else []
        return Proven(f"oidc:{subject}", tuple(self._role_names.get(name, name) for name in named), expires)


def looks_like_token(text: str) -> bool:
    """Whether it is shaped like a JWT."""
    return text.count(".") == 2 and text.startswith("eyJ")


def _key(secret: bytes, number: int) -> OKPKey:
    private = Ed25519PrivateKey.from_private_bytes(sealing.derived(secret, f"people/{number}"))
    parts = {
        "d": private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()), "x": private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw),
    }
    encoded = {name: base64.urlsafe_b64encode(value).decode().rstrip("=") for name, value in parts.items()}
    return OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "kid": f"people-{number}", **encoded})


def _part(text: str) -> dict[str, Any]:
    found = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    if not isinstance(found, dict):
        raise NotProven("form")
    return found


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotProven("time")
    return float(value)
