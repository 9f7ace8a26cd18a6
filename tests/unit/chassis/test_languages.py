"""Accept-Language, as browsers send it and as nobody should."""

from __future__ import annotations

import pytest

from chassis import languages


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("fa-IR,fa;q=0.9,en;q=0.8", ["fa", "fa", "en"]), ("en;q=0.2, fa;q=0.7", ["fa", "en"]), ("", []), ("*", []), ("en;q=much, fa", ["fa"]),
        ("xx-none, de", ["de"]), ("," * 5000, []), ("de-CH-1996", ["de"]),
    ],
)
def test_the_most_wanted_comes_first(header: str, found: list[str]) -> None:
    assert languages.wanted(header) == found
