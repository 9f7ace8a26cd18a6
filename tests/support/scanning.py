"""Looking for planted marks in everything a database holds: text, documents, and bytes in the forms in which text hides."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from urllib.parse import quote

from chassis.database import Connection


def forms(mark: str) -> set[str]:
    """How a mark looks as text, as escaped JSON, in a URL, in hexadecimal (of UTF-8 and UTF-16) and in base64 at each of its three phases."""
    raw = mark.encode()
    found = {mark, json.dumps(mark)[1:-1], quote(mark), raw.hex(), mark.encode("utf-16-le").hex()}
    for phase in range(3):
        whole = base64.b64encode(b"\0" * phase + raw).decode()
        found.add(whole[4 if phase else 0 : len(whole) // 4 * 4 - 4])  # what does not depend on the neighbours
    return found


async def tables_with(db: Connection, marks: Iterable[str]) -> set[str]:
    """Tables in which any of the marks stands in any form; bytes are read as hexadecimal text and as text."""
    wanted = [form for mark in marks for form in forms(mark)]
    names = await db.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    found = set()
    for row in names:
        table = row["tablename"]
        for held in await db.fetch(f'SELECT t::text AS whole FROM "{table}" t'):
            folded = held["whole"].lower()
            if any(form.lower() in folded for form in wanted):
                found.add(table)
                break
    return found
