"""Finding articles: folded words of English and Persian, begun, inside others or misspelt."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from rapidfuzz.distance import DamerauLevenshtein

STATES: Final = ("draft", "published", "archived")
#: How much a word counts by where it stands.
TITLE, TAG, BODY = 8, 5, 1
MAX_TERM: Final = 60
MAX_TERMS: Final = 3000
SEARCHED_WORDS: Final = 12

_WORDS: Final = re.compile(r"[^\W_]+")
_LETTERS: Final = {
    ord("ي"): "ی", ord("ى"): "ی", ord("ك"): "ک", ord("ة"): "ه", ord("ۀ"): "ه", ord("ە"): "ه", ord("أ"): "ا", ord("إ"): "ا", ord("آ"): "ا", ord("ؤ"): "و",
    ord("ـ"): None, ord("\u200c"): None, ord("\u200d"): None, ord("\u200e"): None, ord("\u200f"): None, ord("\ufeff"): None,
}
_DIGITS: Final = {ord(digit): str(value) for digits in ("۰۱۲۳۴۵۶۷۸۹", "٠١٢٣٤٥٦٧٨٩") for value, digit in enumerate(digits)}
#: Words that say nothing of an article.
_STOP: Final = frozenset(
    "a an and are as at be but by can do for from has have how i if in is it my not of on or our so that the this to was we what when where which who why "
    "will with you your و در به از که این آن را با برای است می یا تا هم ما شما من چه چگونه چطور".split()
)


def folded(text: str) -> str:
    """One spelling: Persian letters and digits for Arabic ones, no joiners, no marks over letters, no case."""
    plain = text.translate(_LETTERS).translate(_DIGITS)
    parts = unicodedata.normalize("NFKD", plain.casefold())
    return "".join(sign for sign in parts if not unicodedata.combining(sign))


def words_of(text: str) -> list[str]:
    """Folded words in their order, without those that say nothing."""
    return [word[:MAX_TERM] for word in _WORDS.findall(folded(text)) if word not in _STOP]


def weights(*, title: str, body: str, tags: Sequence[str]) -> dict[str, int]:
    """Word -> how much it counts; a word that comes often in the body counts a little more, up to five times."""
    found: dict[str, int] = {}
    for text, weight, most in ((title, TITLE, TITLE), (" ".join(tags), TAG, TITLE + TAG), (body, BODY, TITLE + TAG + 5 * BODY)):
        for word in words_of(text):
            found[word] = min(found.get(word, 0) + weight, most)
    return dict(sorted(found.items(), key=lambda each: -each[1])[:MAX_TERMS])


def wanted(text: str) -> list[str]:
    """The words that are looked for; stop words count when there is nothing else."""
    words = words_of(text) or [word[:MAX_TERM] for word in _WORDS.findall(folded(text))]
    return list(dict.fromkeys(words))[:SEARCHED_WORDS]


def misspellings(word: str) -> int:
    """How many signs may be wrong, missing, too many or swapped."""
    return 0 if len(word) < 4 else 1 if len(word) < 7 else 2


def near(word: str, vocabulary: Iterable[str]) -> dict[str, float]:
    """Words of a vocabulary that a searched word may mean -> how surely: the same, one that begins so, has it inside, or is spelt nearly so."""
    found: dict[str, float] = {}
    limit = misspellings(word)
    for other in vocabulary:
        if other == word:
            found[other] = 1.0
        elif other.startswith(word) and len(word) > 1:
            found[other] = 0.8
        elif len(word) > 3 and word in other:
            found[other] = 0.6
        elif limit and (distance := DamerauLevenshtein.distance(word, other, score_cutoff=limit)) <= limit:
            found[other] = 0.7 - 0.2 * distance
    return found


def rank(searched: Sequence[Mapping[str, float]], articles: Mapping[str, Mapping[str, int]]) -> list[tuple[float, str]]:
    """Articles by how well they answer: each searched word by the best of its meanings; who has more of the words comes first."""
    rated = []
    for key, terms in articles.items():
        scores = [max((sure * terms[term] for term, sure in meanings.items() if term in terms), default=0.0) for meanings in searched]
        met = sum(1 for score in scores if score)
        if met:
            rated.append((met * 1000 + sum(scores), key))
    return sorted(rated, key=lambda each: (-each[0], each[1]))
