"""ETags: only if it still is what I read (`If-Match`), only if it is not what I have (`If-None-Match`)."""

from __future__ import annotations

import re
from typing import Annotated, Final

from fastapi import Header, Query
from pydantic import AwareDatetime

from chassis.errors import Invalid

IfMatch = Annotated[str | None, Header(description='Only if the ETag still is this one, for example `"7"`; else 412.', max_length=1000)]
AsOf = Annotated[AwareDatetime | None, Query(description="As it was known at that time.")]
IfNoneMatch = Annotated[str | None, Header(description="304 without a body if the ETag still is this one.", max_length=1000)]

_TAG: Final = re.compile(r'(W/)?"([!#-~\x80-\xff]*)"')


def etag(version: int) -> str:
    return f'"{version}"'


def versions(if_match: str | None) -> frozenset[int] | None:
    """The versions that a change may be made to; None: any. A weak tag is none of them. Raises Invalid."""
    if if_match is None or if_match.strip() == "*":
        return None
    return frozenset(int(tag) for weak, tag in _tags(if_match) if not weak and tag.isdecimal() and len(tag) < 10)


def unchanged(if_none_match: str | None, version: int) -> bool:
    """Whether the caller has this version already. Raises Invalid."""
    if if_none_match is None:
        return False
    return if_none_match.strip() == "*" or any(tag == str(version) for _, tag in _tags(if_none_match))


def _tags(header: str) -> list[tuple[str, str]]:
    parts = [part.strip() for part in header.split(",")]
    found = [_TAG.fullmatch(part) for part in parts if part]
    if not found or None in found:
        raise Invalid("request.bad_condition", 'If-Match and If-None-Match take ETags as they were answered, for example "7".')
    return [(match[1] or "", match[2]) for match in found if match is not None]
