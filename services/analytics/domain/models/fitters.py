"""Which function fits which kind of model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from services.analytics.domain.models import fit_lifetime
from services.analytics.domain.models.fitting import Job, Result, Say

FITTERS: Final[dict[str, Callable[[Job, Say], Result]]] = {
    "lifetime": fit_lifetime.fit,
}
