"""Made-up people for the duplicate finder, with the truth: Persian and English, households, twins, slips of the pen, other scripts, gaps.

The same seed gives the same people. Nobody in it is real.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

_GIVEN: Final = (
    "محمد:Mohammad:Muhammad علی:Ali:Aly رضا:Reza:Riza حسین:Hossein:Husain مهدی:Mehdi:Mahdi امیر:Amir:Ameer حسن:Hassan:Hasan سعید:Saeed:Saeid مریم:Maryam:Mariam "
    "فاطمه:Fatemeh:Fateme زهرا:Zahra:Zahraa نرگس:Narges:Nargess سارا:Sara:Sarah لیلا:Leila:Layla نیما:Nima:Neema کاوه:Kaveh:Kave بهرام:Bahram:Bahraam "
    "شیرین:Shirin:Shireen پریسا:Parisa:Pareesa جواد:Javad:Jawad یوسف:Yousef:Yusuf داوود:Davoud:Davood نوید:Navid:Naveed آرش:Arash:Aarash فرهاد:Farhad:Farhaad "
    "مینا:Mina:Meena هما:Homa:Huma ژاله:Zhaleh:Jaleh قاسم:Ghasem:Qasem صادق:Sadegh:Sadeq خسرو:Khosro:Khosrow بابک:Babak:Baabak کامران:Kamran:Kamraan"
).split()
_FAMILY: Final = (
    "احمد:Ahmad کریم:Karim رحیم:Rahim حسین:Hossein موسو:Mousav جعفر:Jafar صادق:Sadegh قاسم:Ghasem شریف:Sharif نور:Nour اکبر:Akbar اصغر:Asghar باقر:Bagher "
    "تقو:Taghav رضا:Reza هاشم:Hashem ابراهیم:Ebrahim اسماعیل:Esmaeil یعقوب:Yaghoub خلیل:Khalil جلیل:Jalil منصور:Mansour ناصر:Naser طاهر:Taher فلاح:Fallah "
    "بهرام:Bahram فرهاد:Farhad کیان:Kian پرویز:Parviz جمشید:Jamshid داریوش:Dariush سهراب:Sohrab رستم:Rostam مهر:Mehr شیر:Shir گل:Gol صفا:Safa وفا:Vafa"
).split()
_ENDINGS: Final = ("ی:i", "زاده:zadeh", "پور:pour", "نژاد:nejad", "فر:far", "یان:ian", "لو:lou", "دوست:doust")
_PLACES: Final = (":", ":", ":", " تهرانی: Tehrani", " اصفهانی: Esfahani", " شیرازی: Shirazi", " تبریزی: Tabrizi", " کرمانی: Kermani", " یزدی: Yazdi", " قمی: Ghomi", " گیلانی: Gilani")
_ENGLISH_GIVEN: Final = (
    "James Mary John Patricia Robert Jennifer Michael Linda William Elizabeth David Barbara Richard Susan Joseph Jessica Thomas Karen Charles Nancy Daniel Lisa "
    "Matthew Betty Anthony Margaret Mark Sandra Paul Ashley Steven Dorothy Andrew Kimberly Kenneth Emily George Donna Joshua Michelle Kevin Carol Brian Amanda"
).split()
_ENGLISH_FAMILY: Final = (
    "Smith Johnson Williams Brown Jones Miller Davis Wilson Anderson Taylor Moore Martin Lee Thompson White Harris Clark Lewis Robinson Walker Young Allen King "
    "Wright Scott Hill Green Adams Nelson Baker Hall Campbell Mitchell Carter Roberts Ashworth Bramley Colthurst Dunmore Eddington Fairclough Garside Hartnell "
    "Inglewood Jessop Kettlewell Langford Marchbanks Northcote Oakeshott Pemberton Quigley Ravenscroft Satterthwaite Thistlewood Underhill Vickers Wolstenholme"
).split()
_STREETS: Final = ("آزادی", "انقلاب", "ولیعصر", "شریعتی", "فرصت", "حافظ", "سعدی", "فردوسی", "بهار", "کوهسنگی", "چهارباغ", "زند", "معلم", "دانشگاه", "گلستان", "لاله")
_ENGLISH_STREETS: Final = ("High Street", "Station Road", "Church Lane", "Mill Road", "Park Avenue", "Victoria Street", "Green Lane", "Kings Road", "Queen Street", "Manor Close")
_CITIES: Final = ("تهران:Tehran", "مشهد:Mashhad", "اصفهان:Esfahan", "شیراز:Shiraz", "تبریز:Tabriz", "قم:Ghom", "رشت:Rasht", "یزد:Yazd")
_ENGLISH_CITIES: Final = ("London", "Leeds", "York", "Bristol", "Bath", "Derby", "Oxford", "Exeter")
_LETTERS: Final = {False: "abcdefghijklmnoprstuvz", True: "ابپتجچحخدرزسشفقکگلمنوهی"}


class Record(NamedTuple):
    """One registration: whose it is in truth, and the traits as somebody typed them."""

    person: int
    traits: dict[str, Any]


class _Person(NamedTuple):
    given: tuple[str, ...]
    family: tuple[str, ...]
    birthday: tuple[int, int, int]
    national: str
    phone: str
    home: dict[str, str]
    female: bool


def records(count: int, *, seed: int = 7, repeated: float = 0.15) -> Iterator[Record]:
    """`count` registrations, about `repeated` of them by people who registered before; families live together."""
    draw = random.Random(seed)
    made, number = 0, 0
    while made < count:
        for person in _household(draw):
            number += 1
            times = 1 + (draw.random() < repeated) + (draw.random() < repeated / 8)
            for again in range(times):
                if made < count:
                    yield Record(number, _typed(draw, person, again=again))
                    made += 1


def _household(draw: random.Random) -> list[_Person]:
    english = draw.random() < 0.3
    family = (draw.choice(_ENGLISH_FAMILY) + draw.choice(("", "", "", "son", "ton", "ley", "man", "by", "ford")),) if english else _family(draw)
    home, phone = _home(draw, english), f"+98912{draw.randrange(10**7):07d}"
    size = draw.choice((1, 1, 1, 2, 2, 3, 4))
    people: list[_Person] = []
    for place in range(size):
        given = (draw.choice(_ENGLISH_GIVEN),) if english else tuple(draw.choice(_GIVEN).split(":"))
        day = (draw.randrange(1940, 2006), draw.randrange(1, 13), draw.randrange(1, 29))
        if place == 3 and draw.random() < 0.3:
            day = people[2].birthday  # twins
        if place == 2 and draw.random() < 0.08:
            given = people[0].given  # named after the father
        own = phone if draw.random() < 0.4 else f"+98935{draw.randrange(10**7):07d}"
        people.append(_Person(given, family, day, f"{draw.randrange(10**10):010d}", own, home, draw.random() < 0.5))
    return people


def _family(draw: random.Random) -> tuple[str, ...]:
    parts = [draw.choice(_FAMILY).split(":"), draw.choice(_ENDINGS).split(":"), draw.choice(_PLACES).split(":")]
    return tuple("".join(part[script] for part in parts) for script in range(2))


def _home(draw: random.Random, english: bool) -> dict[str, str]:
    number = str(draw.randrange(1, 300))
    if english:
        city = draw.randrange(len(_ENGLISH_CITIES))
        return {"street": f"{number} {draw.choice(_ENGLISH_STREETS)}", "city": _ENGLISH_CITIES[city], "postcode": f"{city + 1}{draw.randrange(9000):04d}"}
    city = draw.randrange(len(_CITIES))
    street = f"خیابان {draw.choice(_STREETS)} کوچه {draw.randrange(1, 60)} پلاک {number}"
    return {"street": street, "city": _CITIES[city].split(":")[0], "postcode": f"{city + 1}{draw.randrange(10**5):05d}"}


def _typed(draw: random.Random, person: _Person, *, again: int) -> dict[str, Any]:
    """One registration; a repeated one comes with other spellings, slips and gaps."""
    latin = len(person.given) > 1 and again > 0 and draw.random() < 0.3
    given = person.given[draw.randrange(1, len(person.given))] if latin else person.given[0]
    family = person.family[1] if latin and len(person.family) > 1 else person.family[0]
    year, month, day = person.birthday
    told: dict[str, Any] = {
        "given_name": given, "family_name": family, "birthday": f"{year:04d}-{month:02d}-{day:02d}", "phone": person.phone,
        "email": f"{(person.given[-1] + '.' + person.family[-1]).lower().replace(' ', '')}{person.national[:3]}@{draw.choice(('example.com', 'example.org'))}",
        "national_id": person.national, "gender": "f" if person.female else "m", "address": dict(person.home),
        "plan": draw.choice(("free", "free", "pro")), "orders_count": draw.randrange(12), "last_seen": f"2026-{draw.randrange(1, 9):02d}-{draw.randrange(1, 29):02d}",
    }
    for name, gap in (("national_id", 0.6), ("birthday", 0.25), ("phone", 0.3), ("email", 0.4), ("gender", 0.3), ("address", 0.3), ("last_seen", 0.5)):
        if draw.random() < gap:
            del told[name]
    return _slipped(draw, told) if again else told


def _slipped(draw: random.Random, told: dict[str, Any]) -> dict[str, Any]:
    for name in ("given_name", "family_name", "national_id", "email"):
        if name in told and draw.random() < 0.15:
            told[name] = _typo(draw, told[name])
    if "birthday" in told and draw.random() < 0.15:
        year, month, day = told["birthday"].split("-")
        told["birthday"] = f"{year}-{day}-{month}" if int(day) <= 12 and draw.random() < 0.5 else f"{year}-{month}-{(int(day) + 9) % 28 + 1:02d}"
    if "address" in told and draw.random() < 0.25:
        told["address"] = _home(draw, told["given_name"].isascii())  # moved
    elif "address" in told and draw.random() < 0.3:
        told["address"]["street"] = _typo(draw, told["address"]["street"])
    if "phone" in told and draw.random() < 0.2:
        told["phone"] = f"+98919{draw.randrange(10**7):07d}"
    if draw.random() < 0.05:
        told["given_name"], told["family_name"] = told["family_name"], told["given_name"]
    if draw.random() < 0.1 and not told["given_name"].isascii():
        told["given_name"] = "سید " + told["given_name"].replace("ی", "ي").replace("ک", "ك")
    return told


def _typo(draw: random.Random, text: str) -> str:
    place = draw.randrange(max(1, len(text) - 1))
    other = draw.choice(_LETTERS[not text.isascii()]) if not text[place].isdigit() else str(draw.randrange(10))
    match draw.randrange(4):
        case 0:
            return text[:place] + text[place + 1 :]
        case 1:
            return text[:place] + other + text[place:]
        case 2:
            return text[:place] + other + text[place + 1 :]
        case _:
            return text[:place] + text[place + 1 : place + 2] + text[place : place + 1] + text[place + 2 :]
