"""What can be asked of each kind of model, and with what it is checked before anything is fitted."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

#: Figures of a customer as they stood at a moment; they are never taken from after it.
FIGURES: Final = (
    "orders", "purchase_days", "recency_days", "age_days", "gap_days", "spent_minor", "mean_order_minor", "orders_365d", "spent_365d_minor",
    "events_30d", "events_90d", "events_365d", "messages_90d",
)

#: Kinds whose model in use is tried on the data of the new one: they need its attributes, too.
COMPARED_BY_RECIPE: Final = frozenset({"churn", "propensity", "uplift"})


class BadOption(ValueError):
    """`pointer` names the place."""

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(message)
        self.pointer, self.message = pointer, message


class Leak(ValueError):
    """An attribute is the outcome itself."""


class Kind(NamedTuple):
    """One kind of model. `needs`, `takes`: options it cannot do without, and those it knows besides."""

    name: str
    question: str
    methods: tuple[str, ...]
    needs: tuple[str, ...]
    takes: tuple[str, ...]
    score: str


_ALWAYS: Final = ("name", "method", "replace", "seed")
KINDS: Final = {
    one.name: one
    for one in (
        Kind("lifetime", "Who brings how much profit from now on?", ("bg_nbd", "pareto_nbd"), (), ("months", "discount", "margin", "least_repeaters"), "lifetime"),
        Kind("churn", "Who will buy no more?", ("best", "logistic", "boosting"), (), ("horizon_days", "attributes"), "churn"),
        Kind(
            "survival", "How long do contracts last, and what shortens them?", ("kaplan_meier_cox",), ("duration", "event"), ("group", "attributes"), "survival",
        ),
        Kind(
            "propensity", "Who will accept this offer?", ("best", "logistic", "boosting", "discriminant", "bayes"), (),
            ("campaign_id", "outcome", "attributes", "response_days"), "propensity",
        ),
        Kind(
            "uplift", "Whom does contacting change?", ("best", "two_models", "class_transformation"), (),
            ("campaign_id", "treatment", "outcome", "attributes", "response_days"), "uplift",
        ),
        Kind("clusters", "Which groups are there?", ("kmeans", "gaussian_mixture"), ("attributes",), ("clusters", "transform"), "cluster"),
        Kind("discriminant", "To which known group does a customer belong?", ("linear",), ("attributes", "group"), ("transform",), "group"),
        Kind("interests", "What else will interest them?", ("co_occurrence",), (), ("least_support",), "interest"),
    )
}


def check(kind: Kind, options: dict[str, Any]) -> dict[str, Any]:
    """The options with their defaults. Raises BadOption, Leak."""
    given = {name: value for name, value in options.items() if value is not None}
    for name in kind.needs:
        if name not in given:
            raise BadOption(f"/{name}", f"{kind.name} needs {name}")
    for name in given:
        if name not in {*_ALWAYS, *kind.needs, *kind.takes}:
            raise BadOption(f"/{name}", f"{kind.name} does not know {name}; it knows {', '.join(sorted((*_ALWAYS, *kind.needs, *kind.takes)))}")
    method = given.setdefault("method", kind.methods[0])
    if method not in kind.methods:
        raise BadOption("/method", f"the methods are {', '.join(kind.methods)}")
    if kind.name in {"propensity", "uplift"}:
        _check_outcome(kind.name, given)
    _check_attributes(given, ("outcome", "treatment", "event", "duration", *(("group",) if kind.name == "discriminant" else ())))
    return given


def _check_outcome(name: str, given: dict[str, Any]) -> None:
    """Either the responses of a campaign (or of all), or traits."""
    if name == "uplift" and ("treatment" in given) != ("outcome" in given):
        raise BadOption("/treatment", "give both treatment and outcome, or a campaign with a control group")
    if "outcome" in given and "campaign_id" in given:
        raise BadOption("/outcome", "give campaign_id, or outcome by traits, not both")
    if "outcome" in given and "attributes" not in given:
        raise BadOption("/attributes", "with an outcome by traits name the attributes it is told from")


def _check_attributes(given: dict[str, Any], told: tuple[str, ...]) -> None:
    """`told`: the options that name what is to be told, so they cannot tell it."""
    outcomes = {f"trait:{value['trait'] if isinstance(value, dict) else value}" for key in told if (value := given.get(key))}
    for place, name in enumerate(given.get("attributes", ())):
        if name in outcomes:
            raise Leak(name)
        if not name.startswith("trait:") and name not in FIGURES:
            raise BadOption(f"/attributes/{place}", f"an attribute is trait:NAME or one of {', '.join(FIGURES)}")


def score_name(kind: str, name: str) -> str:
    """Under which name customers carry the score."""
    score = KINDS[kind].score
    return score if name == "default" else f"{score}:{name}"
