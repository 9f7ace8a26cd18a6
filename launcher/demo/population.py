"""The seeded shop: people with Persian and English names, their visits, orders, refunds and consents over some months.

Everything is drawn from one seed, so the same seed gives the same events. Buying follows the shape of the BG/NBD model (Fader, Hardie
and Lee 2005): a gamma-distributed rate of orders, and after each order a beta-distributed chance of leaving.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

ENGLISH: Final = (
    ("Alice", "Ben", "Clara", "Daniel", "Emma", "Frank", "Grace", "Henry", "Iris", "Jack", "Kate", "Liam", "Mia", "Noah", "Olivia", "Peter"),
    ("Baker", "Carter", "Dixon", "Evans", "Foster", "Green", "Hughes", "Jones", "King", "Lewis", "Moore", "Parker", "Reed", "Scott", "Turner"),
)
PERSIAN: Final = (
    ("آرش", "بهار", "پریسا", "تینا", "جمشید", "داریوش", "رؤیا", "زهرا", "سارا", "شیرین", "علی", "کیان", "لیلا", "مریم", "نیما", "هانیه"),
    ("احمدی", "بهرامی", "تهرانی", "جعفری", "حسینی", "خسروی", "رضایی", "سلطانی", "شریفی", "صادقی", "کاظمی", "کریمی", "محمدی", "نوری", "یزدانی"),
)
LATIN: Final = {
    "آرش": "arash", "بهار": "bahar", "پریسا": "parisa", "تینا": "tina", "جمشید": "jamshid", "داریوش": "dariush", "رؤیا": "roya", "زهرا": "zahra",
    "سارا": "sara", "شیرین": "shirin", "علی": "ali", "کیان": "kian", "لیلا": "leila", "مریم": "maryam", "نیما": "nima", "هانیه": "hanieh",
}
CITIES: Final = {"fa": ("تهران", "اصفهان", "شیراز", "تبریز", "مشهد"), "en": ("London", "Leeds", "Bristol", "York", "Bath")}
PRODUCTS: Final = (
    ("rug-small", "Kilim rug, small", "rugs", 89.00), ("rug-large", "Kilim rug, large", "rugs", 349.00), ("saffron", "Saffron, 5 g", "pantry", 24.50),
    ("pistachio", "Pistachios, 1 kg", "pantry", 31.90), ("tea", "Black tea, 500 g", "pantry", 12.40), ("cup-set", "Tea cups, set of 6", "table", 42.00),
    ("samovar", "Samovar, brass", "table", 185.00), ("cushion", "Cushion, velvet", "home", 27.00), ("lamp", "Lantern, glass", "home", 58.00),
)
CURRENCY: Final = "EUR"


@dataclass
class Person:
    """One of the shop's people; visitors never tell their name."""

    number: int
    language: str
    name: str
    email: str
    city: str
    birthday: str
    source: str
    joined: datetime
    visitor: bool
    marketing: bool
    orders: list[datetime] = field(default_factory=list)

    @property
    def user_id(self) -> str:
        return f"shop-{self.number}"

    @property
    def anonymous_id(self) -> str:
        return f"browser-{self.number}"


@dataclass(frozen=True)
class Shop:
    """A drawn shop: `anchor` is the day on which the story ends."""

    seed: int
    anchor: datetime
    months: int
    people: list[Person]

    @property
    def tag(self) -> str:
        return f"demo-{self.seed}-{self.anchor:%Y%m%d}"

    @property
    def known(self) -> list[Person]:
        return [person for person in self.people if not person.visitor]

    @property
    def order_count(self) -> int:
        return sum(len(person.orders) for person in self.people)


def draw(*, customers: int, months: int, seed: int, anchor: datetime) -> Shop:
    """`customers` people who tell their name, and a fifth more who only look."""
    chance = random.Random(seed)  # noqa: S311 - a story, not a secret
    people = [_person(number, chance, months, anchor, visitor=number >= customers) for number in range(customers + customers // 5)]
    return Shop(seed, anchor, months, people)


def _person(number: int, chance: random.Random, months: int, anchor: datetime, *, visitor: bool) -> Person:
    language = "fa" if chance.random() < 0.45 else "en"
    given, family = (chance.choice(names) for names in (PERSIAN if language == "fa" else ENGLISH))
    latin = LATIN.get(given, given.lower())
    joined = anchor - timedelta(days=chance.uniform(10, months * 30.4))
    person = Person(
        number=number, language=language, name=f"{given} {family}", email=f"{latin}.{number}@shop.example", city=chance.choice(CITIES[language]),
        birthday=f"{chance.randint(1955, 2006)}-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}",
        source=chance.choice(("search", "search", "instagram", "friend", "fair")), joined=joined, visitor=visitor, marketing=chance.random() < 0.72,
    )
    rate, leaving = chance.gammavariate(0.9, 0.012), chance.betavariate(0.8, 2.4)
    if visitor or chance.random() < 0.22:
        return person
    moment = joined + timedelta(minutes=chance.uniform(5, 90))
    while moment < anchor - timedelta(hours=2):
        person.orders.append(moment)
        if chance.random() < leaving:
            break
        moment += timedelta(days=max(0.2, chance.expovariate(max(rate, 1e-4))))
    return person


def events(shop: Shop) -> Iterator[dict[str, Any]]:
    """What the shop's web site would have sent, person by person, each in order of time."""
    for person in shop.people:
        chance = random.Random(f"{shop.seed}/{person.number}")  # noqa: S311
        for number, event in enumerate(_of(person, chance, shop)):
            event["messageId"] = f"{shop.tag}-{person.number}-{number}"
            event["originalTimestamp"] = event.pop("at").isoformat().replace("+00:00", "Z")
            yield event


def _of(person: Person, chance: random.Random, shop: Shop) -> Iterator[dict[str, Any]]:
    visit = person.joined
    context = {"locale": "fa-IR" if person.language == "fa" else "en-GB", "campaign": {"source": person.source}}
    anonymous = {"anonymousId": person.anonymous_id, "context": context}
    yield {**anonymous, "type": "page", "name": "Home", "properties": {"path": "/", "referrer": f"https://{person.source}.example/"}, "at": visit}
    for step in range(chance.randint(1, 3)):
        product = chance.choice(PRODUCTS)
        yield {**anonymous, "type": "track", "event": "Product Viewed", "properties": _product(product), "at": visit + timedelta(seconds=40 + 70 * step)}
    if person.visitor:
        return
    yield {
        **anonymous, "type": "identify", "userId": person.user_id, "at": visit + timedelta(minutes=4),
        "traits": {"email": person.email, "name": person.name, "language": person.language, "city": person.city, "birthday": person.birthday,
                   "acquired_by": person.source},
    }
    for number, moment in enumerate(person.orders):
        yield from _order(person, number, moment, chance, shop)


def _order(person: Person, number: int, moment: datetime, chance: random.Random, shop: Shop) -> Iterator[dict[str, Any]]:
    known = {"userId": person.user_id, "anonymousId": person.anonymous_id}
    chosen = chance.sample(PRODUCTS, chance.choice((1, 1, 2, 3)))
    lines = [{**_product(product), "quantity": chance.choice((1, 1, 1, 2))} for product in chosen]
    total = round(sum(line["price"] * line["quantity"] for line in lines), 2)
    order_id = f"{shop.tag}-o{person.number}-{number}"
    for line in lines:
        yield {**known, "type": "track", "event": "Product Added", "properties": line, "at": moment - timedelta(minutes=3)}
    yield {
        **known, "type": "track", "event": "Order Completed", "at": moment,
        "properties": {"order_id": order_id, "total": round(total + 4.90, 2), "revenue": total, "shipping": 4.90, "currency": CURRENCY, "products": lines},
    }
    delivered = moment + timedelta(days=chance.randint(2, 6))
    if delivered < shop.anchor:
        yield {**known, "type": "track", "event": "Order Delivered", "at": delivered,
               "properties": {"order_id": order_id, "delivered_at": delivered.isoformat().replace("+00:00", "Z")}}
        if chance.random() < 0.04 and delivered + timedelta(days=5) < shop.anchor:
            yield {**known, "type": "track", "event": "Order Refunded", "at": delivered + timedelta(days=5), "properties": {"order_id": order_id}}


def _product(product: tuple[str, str, str, float]) -> dict[str, Any]:
    code, name, category, price = product
    return {"product_id": code, "name": name, "category": category, "price": price, "currency": CURRENCY}
