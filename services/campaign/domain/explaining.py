"""The smallest change that would turn a decision round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from services.campaign.domain.entities import Recipient


class Finding(NamedTuple):
    """One condition and whether it holds; None: it could not be found out. `evidence`: what it was decided on. `remedy`: what would turn it."""

    check: str
    holds: bool | None
    detail: str
    evidence: Mapping[str, Any] = {}
    remedy: Sequence[str] = ()


class Past(NamedTuple):
    """Somebody at an earlier moment: the profile (None: not known yet), scores, and what each was made of since when it had its value."""

    at: datetime
    recipient: Recipient | None
    scores: Mapping[str, str]
    parts: Mapping[str, Any] | None


def smallest_flip(rule: Any, clauses: Mapping[str, bool], *, want: bool, pointer: str = "") -> list[str] | None:
    """The fewest clauses (pointers) of a rule that must change for it to be `want`; [] when it is already; None: nothing known could.

    `clauses`: pointer of each leaf -> whether it holds.
    """
    if isinstance(rule, Mapping):
        if isinstance(rule.get("not"), Mapping):
            return smallest_flip(rule["not"], clauses, want=not want, pointer=f"{pointer}/not")
        for key, all_needed in (("all", want), ("any", not want)):
            if isinstance(rule.get(key), list):
                parts = [smallest_flip(part, clauses, want=want, pointer=f"{pointer}/{key}/{number}") for number, part in enumerate(rule[key])]
                return _together(parts) if all_needed else _cheapest(parts)
    if pointer in clauses:
        return [] if clauses[pointer] is want else [pointer]
    below = [_unknown(one, clauses, want) for one in clauses if one.startswith(pointer + "/")]
    return _cheapest([one for one in below if one is not None]) if below else None


def _unknown(pointer: str, clauses: Mapping[str, bool], want: bool) -> list[str] | None:
    """A part of a rule that stands elsewhere (another segment's): one of its clauses stands for it."""
    return [] if clauses[pointer] is want else [pointer]


def _together(parts: Sequence[list[str] | None]) -> list[str] | None:
    known = [part for part in parts if part is not None]
    return [pointer for part in known for pointer in part] if len(known) == len(parts) else None


def _cheapest(parts: Sequence[list[str] | None]) -> list[str] | None:
    known = [part for part in parts if part is not None]
    return min(known, key=len) if known else None


def would_change(findings: Sequence[Finding], *, receives: bool | None) -> list[dict[str, Any]]:
    """Who gets it not: everything that stands in the way, with its remedy; what the ledger says, where nothing else does. Who gets it: the condition that is the least to turn."""
    if receives:
        standing = [each for each in findings if each.holds and each.remedy]
        if standing:
            return [_change(min(standing, key=lambda each: len(each.remedy)))]
        # Nothing that holds today could be turned: it has gone out, whatever happened since.
        return [_change(each) for each in findings if each.check == "ledger"]
    against = [each for each in findings if each.holds is False]
    return [_change(each) for each in against if each.check != "ledger"] or [_change(each) for each in against]


def _change(finding: Finding) -> dict[str, Any]:
    return {"check": finding.check, "now": finding.holds, "changes": list(finding.remedy) or [f"{finding.check}: {finding.detail}"]}
