"""A value that comes back from a file of text is the value that is there."""

from __future__ import annotations

from typing import Any

import pytest

from services.customer.domain import exporting, importing


@pytest.mark.parametrize("value", ["gold", "7", 7, 7.5, True, False, ["a", 1], {"city": "York", "area": 2}])
def test_what_an_export_writes_says_the_same(value: Any) -> None:
    assert importing.says_the_same(value, exporting.texts({"x": value}, ["x"])["x"])


@pytest.mark.parametrize(("have", "told"), [(7, "8"), (True, "True"), ("7", 7), (["a"], '["b"]'), ("gold", "Gold"), (None, "")])
def test_another_value_is_another_value(have: Any, told: Any) -> None:
    assert not importing.says_the_same(have, told)
