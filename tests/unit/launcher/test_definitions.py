"""Names instead of ids (U50)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.definitions.references import Unresolved, named, references, resolved

IDS = {"segments/a": "01a2", "templates/b c": "01b3"}
NAMES = {given: name for name, given in IDS.items()}
VALUES = st.recursive(
    st.one_of(st.sampled_from(sorted(NAMES)), st.text(max_size=5), st.integers(), st.none(), st.booleans()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)), max_leaves=12,
)


@given(VALUES)
def test_there_and_back(value: object) -> None:
    """U50: what is pulled and applied again is what it was, wherever in it ids stand."""
    files = named(value, NAMES)
    assert resolved(files, IDS) == value
    assert set(references(files)) <= set(IDS)


def test_what_names_nothing_is_told() -> None:
    """U50: a name that nothing has is an error that says the name."""
    with pytest.raises(Unresolved, match="segments/gone"):
        resolved({"rule": [{"$ref": "segments/gone"}]}, IDS)
