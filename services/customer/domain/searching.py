"""What search looks through, and how a searched word meets a stored one. Plain text rules, no I/O.

The search text of a customer is a list of *terms* divided by blanks: words of names, e-mail addresses and their pieces, ends of
telephone numbers, and `trait=value` for every simple trait.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from rapidfuzz import fuzz
from rapidfuzz.distance import DamerauLevenshtein

from services.customer.domain import contact, traits

MAX_WORDS: Final = 40
MAX_TRAITS: Final = 30
MAX_TERM: Final = 80
#: A telephone number is found by its end: by this many last digits, and whole.
PHONE_ENDS: Final = (4, 7, 10)
SEARCHED_WORDS: Final = 8

_WORDS: Final = re.compile(r"[^\W_]+")
_PHONE: Final = re.compile(r"\+?[\d\s().\-/]{4,}")
_NAMES: Final = ("given_name", "family_name", "name", "username", "company", "title")


class Wanted(NamedTuple):
    """A search taken apart: words, any of them may be misspelt; terms, which must be there as they are."""

    words: tuple[str, ...]
    terms: tuple[str, ...]

    @property
    def empty(self) -> bool:
        return not self.words and not self.terms


def search_text(profile: Mapping[str, Any], words: Sequence[str] | None = None) -> str | None:
    """The terms of a customer, folded; None when there is nothing to find. `words`: the vocabulary where it is at hand already."""
    terms = dict.fromkeys(vocabulary(profile) if words is None else words)
    email, phone = traits.text_of(profile, "email"), traits.text_of(profile, "phone")
    terms.update(dict.fromkeys(email_terms(email) if email else ()))
    terms.update(dict.fromkeys(phone_terms(phone) if phone else ()))
    simple = (trait_term(name, value) for name, value in profile.items() if name not in {"email", "phone"})
    terms.update(dict.fromkeys([term for term in simple if term is not None][:MAX_TRAITS]))
    return " ".join(terms) or None


def vocabulary(profile: Mapping[str, Any]) -> list[str]:
    """The words of a customer's names and address: what begun and misspelt words are compared with."""
    named = [text for name in _NAMES if (text := traits.text_of(profile, name))]
    address = profile.get("address")
    if isinstance(address, Mapping) and (city := traits.text_of(address, "city")):
        named.append(city)
    words = [word for text in named for word in words_of(text)]
    if email := traits.text_of(profile, "email"):
        words += [word for word in words_of(email.rpartition("@")[0]) if word.isalpha()]
    return list(dict.fromkeys(words))[:MAX_WORDS]


def words_of(text: str) -> list[str]:
    """Folded runs of letters and digits."""
    return [word[:MAX_TERM] for word in _WORDS.findall(contact.folded(text))]


def email_terms(address: str) -> list[str]:
    """The address, its domain, and the pieces before the @."""
    whole = contact.folded(address).replace(" ", "")
    local, _, domain = whole.rpartition("@")
    return [whole[:254], *([domain[:MAX_TERM]] if domain else []), *words_of(local)]


def phone_terms(number: str) -> list[str]:
    """The digits, and their ends."""
    digits = "".join(sign for sign in contact.latin_digits(number) if sign.isdecimal())
    return [digits, *(digits[-length:] for length in PHONE_ENDS if length < len(digits))] if digits else []


def trait_term(name: str, value: Any) -> str | None:
    """`name=value` of a simple trait, None for what is no text, number or yes/no, or too long to look for."""
    match value:
        case bool():
            shown = "true" if value else "false"
        case int() | float():
            shown = f"{value:g}" if isinstance(value, float) else str(value)
        case str():
            shown = contact.folded(value).replace(" ", "_")
        case _:
            return None
    term = f"{_named(name)}={shown}"
    return term if shown and len(term) <= MAX_TERM else None


@lru_cache(maxsize=10_000)
def _named(trait: str) -> str:
    return contact.folded(trait).replace(" ", "_")


def wanted(text: str) -> Wanted:
    """Take a search apart. A telephone number is one term however it is grouped; an e-mail address, too."""
    stripped = contact.latin_digits(text).strip()
    if _PHONE.fullmatch(stripped):
        digits = "".join(sign for sign in stripped if sign.isdecimal()).lstrip("0")
        if len(digits) >= min(PHONE_ENDS):
            return Wanted((), (_phone_end(digits),))
    words: list[str] = []
    terms: list[str] = []
    for piece in contact.folded(text).split():
        if "@" in piece and len(piece) > 3:
            terms.append(piece)
        elif "." in piece.strip(".") and not words_of(piece)[0].isdecimal():
            terms.append(piece.strip("."))
        else:
            words.extend(words_of(piece))
    return Wanted(tuple(dict.fromkeys(words))[:SEARCHED_WORDS], tuple(dict.fromkeys(terms))[:SEARCHED_WORDS])


def loosened(searched: Wanted) -> Wanted:
    """The same with addresses as their words, so that they may be misspelt."""
    pieces = [word for term in searched.terms for word in words_of(term.partition("@")[0])]
    return Wanted(tuple(dict.fromkeys((*searched.words, *pieces)))[:SEARCHED_WORDS], ())


def _phone_end(digits: str) -> str:
    """The longest kept end that is not longer than what was typed."""
    return digits if len(digits) > max(PHONE_ENDS) else digits[-max(length for length in PHONE_ENDS if length <= len(digits)):]


def misspellings(word: str) -> int:
    """How many signs of a word may be wrong, missing, too many or swapped."""
    return 0 if len(word) < 3 else 1 if len(word) < 6 else 2


def similar(word: str, candidates: Iterable[str]) -> list[str]:
    """Of some words those that are this one with few misspellings (Damerau 1964), the nearest first."""
    limit = misspellings(word)
    near = [(DamerauLevenshtein.distance(word, candidate, score_cutoff=limit), candidate) for candidate in candidates]
    return [candidate for distance, candidate in sorted(near) if distance <= limit]


def likeness(words: Sequence[str], text: str) -> float:
    """How well a search text answers the searched words, 0..1: each word by the term it is most like; whole words before parts."""
    if not words:
        return 1.0
    terms = [term for term in text.split(" ") if "=" not in term]
    return sum(max((_alike(word, term) for term in terms), default=0.0) for word in words) / len(words)


def _alike(word: str, term: str) -> float:
    if word == term:
        return 1.0
    if term.startswith(word):
        return 0.9 + 0.05 * len(word) / len(term)
    return 0.8 * fuzz.ratio(word, term) / 100
