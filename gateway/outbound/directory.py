"""Who a token stands for: our own people and those of the identity provider."""

from __future__ import annotations

import base64
import hashlib
import hmac
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
from gateway.outbound.issuers import Endpoints, Issuer

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


class Visitor(NamedTuple):
    """Somebody whom the identity provider named for this console."""

    subject: str
    roles: tuple[str, ...]
    name: str


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
        #: Sessions that somebody ended.
        self.ended: frozenset[str] = frozenset()
        self._issuer = issuer
        self._claim = roles_claim.split(".")
        self._role_names = dict(role_names or {})
        self._longest = longest
        self._proven: dict[bytes, Proven] = {}
        self._signing = _key(secret, key_number)
        self._own = [_key(secret, number) for number in range(max(1, key_number - 1), key_number + 1)]

    def take(self, people: Sequence[Person], own_roles: Sequence[Role], ended: Sequence[str]) -> None:
        """What the database says now."""
        self.ended = frozenset(ended)
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

    def visitor_token(self, visitor: Visitor, *, seconds: int) -> str:
        """A token of ours for somebody of the provider: only ever sealed in a session."""
        now = int(self._clock.timestamp())
        claims = {"iss": self.own_issuer, "sub": visitor.subject, "aud": self.audience, "iat": now, "nbf": now, "exp": now + seconds, "roles": list(visitor.roles)}
        return jwt.encode({"alg": "Ed25519", "kid": str(self._signing.kid), "typ": "JWT"}, claims, self._signing, algorithms=["Ed25519"])

    async def provider_endpoints(self) -> Endpoints | None:
        """Where people of the provider sign in; None without a provider or while it does not answer."""
        return await self._issuer.endpoints() if self._issuer is not None else None

    async def exchanged(self, where: Endpoints, form: dict[str, str], *, secret: str) -> str | None:
        """The provider's ID token for a code, or None."""
        return await self._issuer.exchanged(where, form, secret=secret) if self._issuer is not None else None

    async def visitor(self, token: str, *, client: str, nonce: str) -> Visitor:
        """Whom an ID token names that was issued to `client` for this `nonce`. Raises NotProven."""
        try:
            claims, own = await self._claims(token)
            if own or claims.get("azp", client) != client:
                raise NotProven("issuer")
            if not hmac.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
                raise NotProven("nonce")
            proven = self._proven_by(claims, own=False, audience=client, longest=float("inf"))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise NotProven(type(error).__name__) from None
        name = next((said for said in (claims.get("name"), claims.get("preferred_username")) if isinstance(said, str) and said.isprintable()), "")
        return Visitor(proven.subject, proven.roles or (), name[:100])

    def opens(self, given: Sequence[str]) -> bool:
        """Whether roles of these names open anything."""
        return bool(roles.together(given, self.roles)[0])

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
        claims, own = await self._claims(token)
        try:
            return self._proven_by(claims, own=own, audience=self.audience, longest=self._longest)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise NotProven(type(error).__name__) from None

    async def _claims(self, token: str) -> tuple[Mapping[str, Any], bool]:
        """What a token says whose signature is right, and whether it is ours. Raises NotProven."""
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
                return jwt.decode(token, keys, algorithms=["Ed25519"] if own else ALGORITHMS).claims, own
        except (JoseError, ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise NotProven(type(error).__name__) from None

    def _proven_by(self, claims: Mapping[str, Any], *, own: bool, audience: str, longest: float) -> Proven:
        now = self._clock.timestamp()
        told = claims["aud"]
        if audience not in (told if isinstance(told, list) else [told]):
            raise NotProven("audience")
        expires, issued = _number(claims["exp"]), _number(claims["iat"])
        if not _number(claims.get("nbf", issued)) - LEEWAY <= now <= expires + LEEWAY or issued - LEEWAY > now:
            raise NotProven("time")
        subject = claims["sub"]
        if not isinstance(subject, str) or not 0 < len(subject) <= 255 or not subject.isprintable():
            raise NotProven("subject")
        if own and subject.startswith("oidc:"):
            return Proven(subject, tuple(claims["roles"]), expires)
        if own:
            return Proven(str(UUID(subject)), None, expires)
        if expires - issued > longest:
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
