"""The nine verbs of information about customers, each with the door or the job where it is done."""

from __future__ import annotations

from typing import Final, NamedTuple


class Verb(NamedTuple):
    """`job` names what is done without being asked; the door is where it is asked for or seen."""

    verb: str
    meaning: str
    service: str
    method: str
    path: str
    job: str | None = None


VERBS: Final = (
    Verb("acquire", "events and contacts come in", "interaction", "POST", "/v1/batch"),
    Verb("store", "kept once, in order, on the timeline of whom they are about", "interaction", "GET", "/api/v1/customers/{id}/timeline"),
    Verb("extract", "facts out of the services into columns, and out of these as files", "analytics", "GET", "/api/v1/warehouse/tables/{table}", "facts"),
    Verb("integrate", "identities, profiles and accounts of all sources as one customer", "customer", "GET", "/api/v1/customers/{id}/identities"),
    Verb("process", "computed traits kept current", "analytics", "GET", "/api/v1/computed-traits/{id}/values", "compute_traits"),
    Verb("interpret", "patterns, models and scores with their reasons", "analytics", "GET", "/api/v1/patterns", "fit_models"),
    Verb("distribute", "changes told to other systems, signed", "gateway", "POST", "/api/v1/webhooks"),
    Verb("apply", "whom to contact, and the message itself", "campaign", "POST", "/api/v1/programmes/{id}/start", "run_programmes"),
    Verb("report", "figures with formula and the rows behind them", "analytics", "GET", "/api/v1/metrics/{name}"),
)
