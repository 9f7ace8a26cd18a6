"""Which function fits which kind of model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from services.analytics.domain.models import fit_answers, fit_groups, fit_interests, fit_lifetime, fit_survival
from services.analytics.domain.models.fitting import Job, Result, Say

FITTERS: Final[dict[str, Callable[[Job, Say], Result]]] = {
    "lifetime": fit_lifetime.fit,
    "churn": fit_answers.churn,
    "survival": fit_survival.fit,
    "propensity": fit_answers.propensity,
    "uplift": fit_answers.lift,
    "clusters": fit_groups.clusters,
    "discriminant": fit_groups.discriminant,
    "interests": fit_interests.fit,
}
