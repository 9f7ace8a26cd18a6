"""What an organisation says of itself on a day: questionnaires, and what follows from the answers."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final, NamedTuple


class BadAnswer(ValueError):
    """An answer that cannot be used; `pointer` names it."""

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(message)
        self.pointer = pointer
        self.message = message


class Kind(NamedTuple):
    """A questionnaire: what it is about, its items with their wording, and whether it has a subject (a product or segment)."""

    about: str
    items: dict[str, str]
    of_subject: bool = False


ORIENTATIONS: Final = ("product", "production", "sales", "customer")
FACTORS: Final = ("markets", "business_models", "technology", "human_factors", "knowledge_management")
KNOWLEDGE: Final = ("trust", "commitment", "culture", "social")
CRITERIA: Final = ("price", "quality", "service")
#: Leadership, project management and technology in the readiness score.
WEIGHTS: Final = {"leadership": Fraction(45, 100), "project_management": Fraction(40, 100), "technology": Fraction(15, 100)}
CHECKLIST: Final = {
    "business_strategy": "the strategy names whom to win, to keep and to let go", "functions": "marketing, sales and service have agreed who does what",
    "process_reengineering": "processes were changed before they were automated", "technology": "systems, data and interfaces are in place and tested",
    "preparation": "people are trained, and customers know what changes",
}
KINDS: Final[dict[str, Kind]] = {
    "orientation": Kind(
        "which orientation the organisation has, item by item, 1 (not at all) to 5",
        {
            f"{orientation}_{number}": text for orientation, texts in {
                "product": ("decisions begin with the product's features", "development decides without customers", "quality is judged inside"),
                "production": ("decisions begin with cost and capacity", "volume is the first goal", "variety is avoided"),
                "sales": ("decisions begin with this quarter's sales", "success is what was sold", "contacts end with the sale"),
                "customer": ("decisions begin with what customers need", "success is what customers keep doing", "everybody knows the customers they serve"),
            }.items() for number, text in enumerate(texts, 1)
        },
    ),
    "readiness": Kind("the checklist before go-live: true, false, or waived by a named person with a reason", CHECKLIST),
    "readiness_score": Kind("0.45 leadership + 0.40 project management + 0.15 technology, each 0 to 100", {name: name.replace("_", " ") for name in WEIGHTS}),
    "factors": Kind("five factors, 1 to 5, and what each does to the others: `influence` is five rows of five numbers from 0 to 4", {name: name.replace("_", " ") for name in FACTORS}),
    "rivals": Kind("own and competing offers on price, quality and service, 1 to 5", {"offers": "list of name, own, price, quality, service"}, of_subject=True),
    "knowledge": Kind("trust, commitment, culture and social factors of knowledge management, 1 to 5", {name: name for name in KNOWLEDGE}),
}


def assess(kind: str, answers: dict[str, Any]) -> dict[str, Any]:
    """What follows from the answers. Raises BadAnswer."""
    return _RULES[kind](answers)


def changes(now: dict[str, Any], before: dict[str, Any] | None) -> dict[str, float]:
    """Number by number, what changed since the assessment before."""
    if before is None:
        return {}
    return {
        name: round(value - before[name], 6) for name, value in now.items()
        if _is_number(value) and _is_number(before.get(name))
    }


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _only(answers: dict[str, Any], known: set[str]) -> None:
    if unknown := sorted(set(answers) - known):
        raise BadAnswer(f"/{unknown[0]}", "is no item of this questionnaire")
    if missing := sorted(known - set(answers)):
        raise BadAnswer(f"/{missing[0]}", "is missing")


def _score(answers: dict[str, Any], item: str, least: float, most: float, at: str = "") -> float:
    value = answers.get(item)
    if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= most:
        raise BadAnswer(f"{at}/{item}", f"give a number from {least:g} to {most:g}")
    return value


def _orientation(answers: dict[str, Any]) -> dict[str, Any]:
    items = KINDS["orientation"].items
    _only(answers, set(items))
    means = {
        one: round(sum(_score(answers, item, 1, 5) for item in items if item.rpartition("_")[0] == one) / 3, 6) for one in ORIENTATIONS
    }
    others = [means[one] for one in ORIENTATIONS if one != "customer"]
    return {**means, "dominant": max(ORIENTATIONS, key=lambda one: means[one]), "maturity": round(means["customer"] - sum(others) / 3, 6)}


def _readiness(answers: dict[str, Any]) -> dict[str, Any]:
    _only(answers, set(CHECKLIST))
    waived, missing = [], []
    for item in CHECKLIST:
        given = answers[item]
        if isinstance(given, dict):
            if set(given) != {"waived_by", "reason"} or not all(isinstance(text, str) and text.strip() for text in given.values()):
                raise BadAnswer(f"/{item}", "a waiver names waived_by and reason")
            waived.append(item)
        elif given is False:
            missing.append(item)
        elif given is not True:
            raise BadAnswer(f"/{item}", "give true, false, or a waiver with waived_by and reason")
    return {"passes": not missing, "missing": missing, "waived": waived, "share": round((len(CHECKLIST) - len(missing)) / len(CHECKLIST), 6)}


def _readiness_score(answers: dict[str, Any]) -> dict[str, Any]:
    _only(answers, set(WEIGHTS))
    return {"score": float(sum(weight * Fraction(str(_score(answers, name, 0, 100))) for name, weight in WEIGHTS.items()))}


def _factors(answers: dict[str, Any]) -> dict[str, Any]:
    _only(answers, {*FACTORS, "influence"})
    matrix = answers["influence"]
    right = isinstance(matrix, list) and len(matrix) == 5 and all(
        isinstance(row, list) and len(row) == 5 and all(isinstance(cell, int) and not isinstance(cell, bool) and 0 <= cell <= 4 for cell in row) for row in matrix
    )
    if not right or any(matrix[number][number] for number in range(5)):
        raise BadAnswer("/influence", "give five rows of five whole numbers from 0 to 4, with 0 on the diagonal")
    scores = {name: _score(answers, name, 1, 5) for name in FACTORS}
    gives = {name: sum(matrix[number]) for number, name in enumerate(FACTORS)}
    takes = {name: sum(row[number] for row in matrix) for number, name in enumerate(FACTORS)}
    return {
        **scores, "mean": round(sum(scores.values()) / 5, 6), "gives": gives, "takes": takes,
        "drives": max(FACTORS, key=lambda one: gives[one] - takes[one]), "weakest": min(FACTORS, key=lambda one: scores[one]),
    }


def _rivals(answers: dict[str, Any]) -> dict[str, Any]:
    _only(answers, {"offers"})
    offers = answers["offers"]
    if not isinstance(offers, list) or not 2 <= len(offers) <= 50:
        raise BadAnswer("/offers", "give 2 to 50 offers")
    own: list[dict[str, float]] = []
    rivals: list[dict[str, float]] = []
    for number, offer in enumerate(offers):
        at = f"/offers/{number}"
        if not isinstance(offer, dict) or set(offer) != {"name", "own", *CRITERIA} or not isinstance(offer["own"], bool) or not str(offer["name"]).strip():
            raise BadAnswer(at, "an offer has name, own, price, quality and service")
        read = {name: _score(offer, name, 1, 5, at) for name in CRITERIA}
        (own if offer["own"] else rivals).append(read)
    if not own or not rivals:
        raise BadAnswer("/offers", "name at least one own offer and one of a rival")
    best = {name: max(one[name] for one in rivals) for name in CRITERIA}
    mine = {name: max(one[name] for one in own) for name in CRITERIA}
    return {
        **{f"{name}_gap": round(mine[name] - best[name], 6) for name in CRITERIA}, "own": mine, "best_rival": best,
        "gap": round(sum(mine.values()) / 3 - max(sum(one.values()) / 3 for one in rivals), 6),
    }


def _knowledge(answers: dict[str, Any]) -> dict[str, Any]:
    _only(answers, set(KNOWLEDGE))
    scores = {name: _score(answers, name, 1, 5) for name in KNOWLEDGE}
    return {**scores, "mean": round(sum(scores.values()) / len(KNOWLEDGE), 6)}


_RULES: Final[dict[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {
    "orientation": _orientation, "readiness": _readiness, "readiness_score": _readiness_score, "factors": _factors, "rivals": _rivals, "knowledge": _knowledge,
}
