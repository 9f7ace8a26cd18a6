"""Identity texts in one spelling."""

from __future__ import annotations

from contracts import identity
from services.customer.domain import contact


def normal_identity(text: str, *, region: str | None) -> identity.IdentityKey:
    """An identity as it is stored: `kind:value`, addresses and numbers in their one spelling. Raises BadIdentity, BadContact."""
    key = identity.parse_identity(text)
    if key.kind == "email":
        return identity.identity_key("email", contact.normal_email(key.value))
    if key.kind == "phone":
        return identity.identity_key("phone", contact.normal_phone(key.value, region=region))
    return key


def keys_of(text: str, *, region: str | None) -> list[str]:
    """The identities that a searched text may be: as it stands, or as a user id, e-mail address or telephone number."""
    found = []
    for candidate in (text, f"user:{text}", f"email:{text}", f"phone:{text}"):
        try:
            found.append(str(normal_identity(candidate, region=region)))
        except ValueError:
            continue
    return found
