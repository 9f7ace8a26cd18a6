"""Surveys, panels and focus groups: what is asked, whether an answer fits, and what was answered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

#: Of a question with a free text only this many different answers are counted by themselves.
SHOWN: Final = 20


class Question(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`trait`: the answer becomes this trait of the person."""

    question_id: str
    text: str
    kind: str = "text"
    choices: list[str] = []
    least: float | None = None
    most: float | None = None
    trait: str | None = None


class Wave(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A time at which the same questions are asked; days as ISO text, both included."""

    wave: str
    opens_on: str | None = None
    closes_on: str | None = None


def fault(question: Question, answer: Any) -> str | None:
    """What is wrong with an answer, or None."""
    match question.kind:
        case "choice":
            return None if answer in question.choices else "is none of the choices"
        case "choices":
            fits = isinstance(answer, list) and answer and all(each in question.choices for each in answer)
            return None if fits else "is no list of the choices"
        case "number":
            if isinstance(answer, bool) or not isinstance(answer, (int, float)):
                return "is no number"
            low = question.least is not None and answer < question.least
            high = question.most is not None and answer > question.most
            return "lies outside the scale" if low or high else None
        case _:
            return None if isinstance(answer, str) and answer.strip() and len(answer) <= 5000 else "is no text of at most 5,000 characters"


def open_on(wave: Wave, day: str) -> bool:
    """Whether it takes answers on a day."""
    return (wave.opens_on is None or wave.opens_on <= day) and (wave.closes_on is None or day <= wave.closes_on)


def results(questions: Iterable[Question], answers: Iterable[tuple[str, str, Any]]) -> list[dict[str, Any]]:
    """Of (wave, question, answer): for each wave and question how many answered what, and the mean of numbers."""
    found: dict[tuple[str, str], list[Any]] = {}
    for wave, question_id, answer in answers:
        found.setdefault((wave, question_id), []).append(answer)
    known = {question.question_id: question for question in questions}
    return [_result(wave, question_id, listed, known.get(question_id)) for (wave, question_id), listed in sorted(found.items())]


def _result(wave: str, question_id: str, listed: list[Any], question: Question | None) -> dict[str, Any]:
    counted = Counter(str(each) for answer in listed for each in (answer if isinstance(answer, list) else [answer]))
    numbers = [each for each in listed if isinstance(each, (int, float)) and not isinstance(each, bool)]
    shown: Mapping[str, int] = dict(counted.most_common(SHOWN))
    return {
        "wave": wave, "question_id": question_id, "text": question.text if question else None, "answers": len(listed), "counts": shown,
        "mean": round(sum(numbers) / len(numbers), 4) if numbers else None,
    }
