"""How long it takes to find who answers a case, with many open cases and employees; prints, asserts nothing.

    python -m tests.bench.interaction_assignment        10,000 open cases, 200 employees, 300 assignments, about a minute

Employees have skills, languages, calendars in three time zones and room; each new case asks for a skill and a language. Measured is one pass
of routing from the due case to the commit, with its explanation, history and fact; beside it the CPU time of this process and of its database.
"""

from __future__ import annotations

import json
import random
import statistics
import time
import uuid
from datetime import timedelta
from typing import Any, Final

import psutil
from rich.console import Console
from rich.table import Table

from chassis import ids
from launcher.embedded_postgres import PrivateCluster
from services.interaction import commands
from tests.bench import alone
from tests.support.platform import TestPlatform, started

SKILLS: Final = ("billing", "returns", "technics", "delivery", "contracts")
LANGUAGES: Final = ("en", "fa", "de", "fr")
ZONES: Final = ("Asia/Tehran", "Europe/Berlin", "America/New_York")
ROUNDS: Final = 300
WEEK: Final = {day: [["00:00", "12:00"], ["12:00", "24:00"]] for day in "monday tuesday wednesday thursday friday saturday sunday".split()}

screen = Console(width=110)


async def fill(platform: TestPlatform, *, employees: int, cases: int, seed: int = 7) -> None:
    """Teams, people and open cases, most of them in somebody's hands and the rest in queues."""
    service, draw = platform["interaction"].service, random.Random(seed)
    now = service.clock.now()
    teams, calendars, people = [ids.new_id() for _ in range(8)], [ids.new_id() for _ in ZONES], [ids.new_id() for _ in range(employees)]
    room = cases // employees + 20
    async with service.transaction() as tx:
        for number, calendar in enumerate(calendars):
            await tx.db.execute(
                "INSERT INTO calendar VALUES ($1, $2, $3, $4, $5, 1, $6)", calendar, f"Calendar {number}", ZONES[number], json.dumps(WEEK),
                json.dumps([{"jalali": f"01-{day:02}"} for day in range(1, 5)]), now,
            )
        for number, team in enumerate(teams):
            way = ("least_busy", "round_robin", "capacity")[number % 3]
            await tx.db.execute("INSERT INTO team VALUES ($1, $2, $3, NULL, NULL, 1, $4)", team, f"Team {number}", way, now)
        for number, person in enumerate(people):
            skills = {skill: draw.randint(1, 5) for skill in draw.sample(SKILLS, 3)}
            await tx.db.execute(
                "INSERT INTO employee (id, name, email, skills, languages, capacity, calendar_id, active, version, created_at, changed_at) "
                "VALUES ($1, $2, $3, $4, $5, $6, $7, true, 1, $8, $8)",
                person, f"Person {number}", f"p{number}@company.example", json.dumps(skills), draw.sample(LANGUAGES, 2), room, calendars[number % 3], now,
            )
            await tx.db.execute("INSERT INTO team_member SELECT unnest($1::uuid[]), $2", sorted({teams[number % 8], teams[(number + 1) % 8]}), person)
        rows = [
            (
                ids.new_id(), teams[number % 8], people[number % employees] if number % 10 else None, now - timedelta(minutes=number),
                now + timedelta(hours=1), f"Case {number}", draw.choice(LANGUAGES), uuid.uuid4().bytes,
            )
            for number in range(cases)
        ]
        await tx.db.executemany(
            "INSERT INTO support_case (id, status, kind, priority, subject, channel, language, skills, tags, identity, team_id, employee_id, opened_at, "
            "opened_by, changed_at, responsible_at, route_at, version) "
            "VALUES ($1, 'open', 'service', 'normal', $6, 'email', $7, '{}', '{}', $8, $2, $3, $4, 'bench', $4, $4, $5, 1)",
            rows,
        )
    await service.database.fetch_value("ANALYZE support_case")


async def assign(platform: TestPlatform, rounds: int, *, seed: int = 11) -> list[float]:
    """Seconds from the due case to the commit, for one new case after the other."""
    service, draw = platform["interaction"].service, random.Random(seed)
    teams = [row["id"] for row in await _rows(platform, "SELECT id FROM team WHERE name LIKE 'Team %'")]
    took = []
    for number in range(rounds):
        case_id = ids.new_id()
        async with service.transaction() as tx:
            await tx.db.execute(
                "INSERT INTO support_case (id, status, kind, priority, subject, channel, language, skills, tags, identity, team_id, opened_at, opened_by, "
                "changed_at, route_at, version) VALUES ($1, 'open', 'service', 'high', 'New', 'call', $2, $3, '{}', $4, $5, now(), 'bench', now(), now(), 1)",
                case_id, draw.choice(LANGUAGES), [f"{draw.choice(SKILLS)}:2"], uuid.uuid4().bytes, teams[number % len(teams)],
            )
        began = time.perf_counter()
        await commands.cases.assign_waiting(service, only=case_id)
        took.append(time.perf_counter() - began)
    return took


async def _rows(platform: TestPlatform, statement: str) -> list[Any]:
    async with platform["interaction"].service.read() as db:
        return list(await db.fetch(statement))


async def measure(cluster: PrivateCluster) -> dict[str, Any]:
    async with started(cluster, "interaction", read=False) as platform:
        await fill(platform, employees=200, cases=10_000)
        await assign(platform, 20, seed=1)
        backends = [psutil.Process(row["pid"]) for row in await _rows(platform, "SELECT pid FROM pg_stat_activity WHERE datname = current_database()")]
        cpu, theirs = time.process_time(), _seconds(backends)
        took = await assign(platform, ROUNDS)
        cpu, theirs = time.process_time() - cpu, _seconds(backends) - theirs
        database = platform["interaction"].service.database
        found = await database.fetch_value("SELECT count(*) FROM support_case WHERE opened_by = 'bench' AND subject = 'New' AND employee_id IS NOT NULL")
    return {"took_ms": [1000 * each for each in took], "cpu_ms": 1000 * cpu / ROUNDS, "database_cpu_ms": 1000 * theirs / ROUNDS, "found": found}


def _seconds(processes: list[psutil.Process]) -> float:
    return sum(sum(each.cpu_times()[:2]) for each in processes if each.is_running())


def show(result: dict[str, Any]) -> None:
    took = sorted(result["took_ms"])
    table = Table("assignments", "p50 ms", "p95 ms", "worst ms", "CPU ms each", "in the database", "somebody found", title="10,000 open cases, 200 employees")
    table.add_row(
        str(len(took)), f"{statistics.median(took):.1f}", f"{took[int(0.95 * len(took))]:.1f}", f"{took[-1]:.1f}", f"{result['cpu_ms']:.1f}", f"{result['database_cpu_ms']:.1f}",
        f"{result['found']}/{len(took) + 20}",
    )
    screen.print(table)


if __name__ == "__main__":
    alone.run("interaction-assignment", measure, show)
