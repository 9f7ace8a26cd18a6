"""Values in one spelling, for comparing: finer than what search folds, and names by their sound."""

from __future__ import annotations

import re
from typing import Final

from services.customer.domain import contact

_LETTERS: Final = str.maketrans({"ٱ": "ا", "ء": None, "ؤ": "و", "ئ": "ی", "أ": "ا", "إ": "ا", "آ": "ا", "ة": "ه", "'": None, "’": None, "`": None})
_TWIN_YE: Final = re.compile("ی{2,}")
_SIGNS: Final = re.compile(r"[\W_]+")
_NO_DIGITS: Final = re.compile(r"\D+")
_PERSIAN: Final = re.compile("[\u0600-\u06ff]")

#: Words before a name that are no part of it.
TITLES: Final = frozenset(
    "mr mrs ms miss dr prof professor sir madam eng haj haji hajj seyed seyyed sayed sayyed syed sayyid seyedeh seyyedeh sayyedeh "
    "آقای اقای خانم دکتر مهندس استاد حاج حاجی سید سیده".split()
)

_PERSIAN_SOUNDS: Final = str.maketrans(
    {
        **dict.fromkeys("اعوی", ""), "ه": "h", "ح": "h", "ب": "b", "پ": "p", "ت": "t", "ط": "t", "ث": "s", "س": "s", "ص": "s", "ج": "j", "چ": "c", "خ": "x",
        "د": "d", "ذ": "z", "ز": "z", "ض": "z", "ظ": "z", "ر": "r", "ژ": "z", "ش": "$", "غ": "q", "ق": "q", "ف": "f", "ک": "k", "گ": "g",
        "ل": "l", "م": "m", "ن": "n",
    }
)
_LATIN_DIGRAPHS: Final = (("sch", "$"), ("sh", "$"), ("kh", "X"), ("gh", "q"), ("zh", "z"), ("ch", "C"), ("ph", "f"), ("th", "t"), ("ck", "k"), ("tz", "z"))
_LATIN_SOUNDS: Final = str.maketrans({**dict.fromkeys("aeiouvwy", ""), "c": "k", "C": "c", "X": "x", "x": "ks"})
_REPEATED: Final = re.compile(r"(.)\1+")


def plain(text: str) -> str:
    """Folded (case, accents, vowel signs, digits, one ی ک ه), one spelling of hamza and double ye, words of letters and digits alone."""
    folded = contact.folded(text)
    if not folded.isascii():
        folded = _TWIN_YE.sub("ی", folded.translate(_LETTERS))
    elif folded.isalnum():
        return folded
    return _SIGNS.sub(" ", folded.replace("'", "")).strip()


def name(text: str) -> str:
    """A name without titles before it, and without spaces: `علی رضا` and `علی‌رضا` are one name."""
    words = text.split()
    if len(words) > 1:
        words = [word for word in words if word not in TITLES] or words
    return "".join(words)


def sound(text: str) -> str:
    """The consonants of a name, alike for its Latin and Persian spelling: محمد, Mohammad and Muhammad are `mhmd`.

    Weak letters (vowels, w, v, y, ع, و, ی, an h at the end) are left out, since the two scripts write them differently.
    """
    compact = _REPEATED.sub(r"\1", name(text))
    if _PERSIAN.search(compact):
        sounds = compact.translate(_PERSIAN_SOUNDS)
    else:
        sounds = compact
        for written, heard in _LATIN_DIGRAPHS:
            sounds = sounds.replace(written, heard)
        sounds = sounds.translate(_LATIN_SOUNDS)
    return sounds.rstrip("h") or compact[:1]


def persian(text: str) -> bool:
    """Whether a text has letters of the Arabic script."""
    return _PERSIAN.search(text) is not None


def digits(text: str) -> str:
    return _NO_DIGITS.sub("", text)


def date(text: str) -> str:
    """Year, month, day in eight digits where a text is a date in a usual order; else its digits (an error in it stays to be compared)."""
    parts = [part for part in _NO_DIGITS.split(text) if part]
    if len(parts) >= 3 and len(parts[0]) == 4:
        return parts[0] + parts[1].zfill(2)[:2] + parts[2].zfill(2)[:2]
    if len(parts) >= 3 and len(parts[2]) == 4:
        return parts[2] + parts[1].zfill(2)[:2] + parts[0].zfill(2)[:2]
    return digits(text)[:8]


def like_date(text: str) -> bool:
    """Whether a text, as `plain` leaves it, looks like a day of the last or next hundred years, Gregorian or Jalali."""
    found = date(text)
    if len(found) != 8 or len(text) > 40 or (text.isdecimal() and len(text) != 8):
        return False
    year, month, day = int(found[:4]), int(found[4:6]), int(found[6:])
    return (1850 <= year <= 2150 or 1230 <= year <= 1530) and ((month <= 12 and day <= 31) or (day <= 12 and month <= 31))


def name_parts(full: str) -> tuple[str, str]:
    """A full name as given and family name: the last word is the family name, a comma says that it comes first."""
    family, comma, given = full.partition(",")
    if comma and given.strip():
        return given.strip(), family.strip()
    words = [word for word in full.split() if plain(word) not in TITLES] or full.split()
    return (" ".join(words[:-1]), words[-1]) if len(words) > 1 else ("", full)
