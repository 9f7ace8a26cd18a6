"""The version of the whole platform; the same as in pyproject.toml and in the chart."""

from __future__ import annotations

from typing import Final

VERSION: Final = "0.1.0"
