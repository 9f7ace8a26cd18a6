"""Statements that name every column of a row."""

from __future__ import annotations

from collections.abc import Sequence


def insert(table: str, columns: Sequence[str], after: str = "") -> str:
    """INSERT of one row, its values bound in the order of the columns; made once at import from our own names, never from values."""
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(f'${n + 1}' for n in range(len(columns)))}) {after}"  # noqa: S608


def update(table: str, columns: Sequence[str]) -> str:
    """UPDATE of one row by its `id` ($1); the version counts on."""
    return f"UPDATE {table} SET {', '.join(f'{name} = ${n + 2}' for n, name in enumerate(columns))}, version = version + 1 WHERE id = $1"  # noqa: S608
