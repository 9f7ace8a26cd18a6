"""Playbooks: what to do in each stage, and nine practices, as data that a marketer lists, changes and starts.

A playbook's `mails` become templates, its `programmes` programmes, its `rewards` rewards, its `site` messages for the site. A text `$name` in a
setting stands for the id of the mail, programme or reward of that name in the same playbook; `$sender` for who sends, `$currency` for the money.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from services.campaign.domain.playbooks import acquire, enhance, practices, retain

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,63}$")]
Ref = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
STAGE_FOCUS: Final = {
    "acquire": ("differentiate", "innovate", "ease"), "enhance": ("bundle", "reduce_cost", "serve"), "retain": ("adapt", "listen", "new_products"),
}


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Mail(Strict):
    """A template: locale -> subject and body (MJML with Liquid)."""

    locales: dict[str, dict[str, str]]
    fallback: list[str] = ["en"]


class Part(Strict):
    """A programme, reward or message of the site as its own endpoint takes it, with references."""

    model_config = ConfigDict(extra="allow", frozen=True)

    ref: Ref


class Playbook(Strict):
    """`stage` and `focus` for those of a stage; practices have none. `about`: what it does and why, for who chooses it."""

    key: Key
    title: dict[str, str]
    family: Literal["stage", "practice", "own"] = "own"
    stage: Literal["acquire", "enhance", "retain"] | None = None
    focus: Annotated[str, StringConstraints(max_length=64)]
    about: Annotated[str, StringConstraints(max_length=2000)]
    mails: Annotated[dict[Ref, Mail], Field(max_length=20)] = {}
    programmes: Annotated[list[Part], Field(max_length=10)] = []
    rewards: Annotated[list[Part], Field(max_length=10)] = []
    site: Annotated[list[Part], Field(max_length=10)] = []

    @model_validator(mode="after")
    def _does_something(self) -> Playbook:
        if not self.programmes and not self.site:
            raise ValueError("a playbook has at least one programme or message for the site")
        return self


BUILT_IN: Final[Mapping[str, Playbook]] = {
    each["key"]: Playbook.model_validate(each) for each in (*acquire.PLAYBOOKS, *enhance.PLAYBOOKS, *retain.PLAYBOOKS, *practices.PLAYBOOKS)
}


class UnknownReference(ValueError):
    """A `$name` that the playbook does not define before it is used."""


def fill(value: Any, names: Mapping[str, Any]) -> Any:
    """A setting with its references replaced. Raises UnknownReference."""
    if isinstance(value, str) and value.startswith("$"):
        if value[1:] not in names:
            raise UnknownReference(value)
        found = names[value[1:]]
        return str(found) if isinstance(found, UUID) else found
    if isinstance(value, Mapping):
        return {key: fill(each, names) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [fill(each, names) for each in value]
    return value
