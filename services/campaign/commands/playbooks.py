"""Playbooks: written, started, stopped."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from chassis.ids import new_id
from chassis.unit_of_work import Transaction
from services.campaign import errors
from services.campaign.commands.deciding import add_site_message
from services.campaign.commands.programmes import add_programme
from services.campaign.commands.rewards import add_reward
from services.campaign.commands.templates import create_template
from services.campaign.domain import playbooks as rules
from services.campaign.domain.deciding import Conditions
from services.campaign.domain.playbooks import Playbook, UnknownReference
from services.campaign.domain.programmes import Settings
from services.campaign.settings import CampaignService
from services.campaign.store import deciding, playbooks, programmes


class _Programme(BaseModel):
    model_config = ConfigDict(extra="forbid")

    ref: str
    name: str
    purpose: str = "marketing"
    holdout: float = 0.0
    goal: float | None = None
    settings: Settings


class _Reward(BaseModel):
    model_config = ConfigDict(extra="forbid")

    ref: str
    programme: UUID
    name: str
    kind: str = "gift"
    points: int = 0
    cost_minor: int = 0
    currency: str = "EUR"
    stock: int | None = None
    budget_minor: int | None = None
    per_customer: int | None = None
    tiers: list[str] = []
    stages: list[str] = []


class _Site(BaseModel):
    model_config = ConfigDict(extra="forbid")

    ref: str
    name: str
    placement: str = "home"
    purpose: str = "marketing"
    priority: int = 0
    locales: dict[str, dict[str, str]]
    fallback: list[str] = ["en"]
    conditions: Conditions = Conditions()
    reward_id: UUID | None = None
    cap: int | None = None
    cap_days: int = 7
    holdout: float = 0.0


async def write_playbook(service: CampaignService, *, playbook: Playbook) -> int:
    """Keep a playbook, a new one or a changed one of ours; returns its version. Raises Invalid when a reference leads nowhere."""
    names: dict[str, Any] = dict.fromkeys((*playbook.mails, *(part.ref for part in (*playbook.programmes, *playbook.rewards))), new_id())
    try:
        _parts(playbook, {**names, "sender": {"from_address": "shop@peyvand.example"}, "currency": "EUR"})
    except UnknownReference as unknown:
        raise errors.playbook_invalid(f"{unknown} names nothing in it") from None
    except ValidationError as wrong:
        raise errors.playbook_invalid(_first(wrong)) from None
    async with service.transaction() as tx:
        return await playbooks.put(tx.db, playbook, at=service.clock.now())


async def start_playbook(service: CampaignService, *, key: str, sender: dict[str, str], currency: str, launch: bool) -> dict[str, Any]:
    """Make what a playbook describes, and start it unless `launch` is False (then it waits as drafts). Raises Unknown, Invalid."""
    playbook = await _find(service, key)
    names: dict[str, Any] = {"sender": sender, "currency": currency}
    for ref, mail in playbook.mails.items():
        template = await create_template(service, name=f"{playbook.title.get('en', key)}: {ref}", locales=mail.locales, fallback=mail.fallback)
        names[ref] = template.id
    async with service.transaction() as tx:
        try:
            made = await _make(service, tx, playbook, names, launch=launch)
        except UnknownReference as unknown:
            raise errors.playbook_invalid(f"{unknown} names nothing in it") from None
        except ValidationError as wrong:
            raise errors.playbook_invalid(_first(wrong)) from None
        run_id = new_id()
        made["templates"] = {ref: str(names[ref]) for ref in playbook.mails}
        await playbooks.insert_run(tx.db, run_id=run_id, key=key, stage=playbook.stage, made=made, at=service.clock.now())
        found = await playbooks.find_run(tx.db, run_id)
        assert found is not None
        return found


async def _make(service: CampaignService, tx: Transaction, playbook: Playbook, names: dict[str, Any], *, launch: bool) -> dict[str, Any]:
    """Programmes without rewards in their settings first: rewards belong to them, and others offer those rewards."""
    made: dict[str, dict[str, str]] = {"programmes": {}, "rewards": {}, "site": {}}
    rewarded = {part.ref for part in playbook.rewards}
    later = [part for part in playbook.programmes if _mentions(part.model_dump(), rewarded)]
    for part in (*(one for one in playbook.programmes if one not in later), *playbook.rewards, *later):
        raw = rules.fill(part.model_dump(), names)
        if part in playbook.rewards:
            reward = _Reward.model_validate(raw)
            added = await add_reward(
                service, tx, programme_id=reward.programme, starts_at=None, ends_at=None, **reward.model_dump(exclude={"ref", "programme"})
            )
            names[part.ref] = added.id
            made["rewards"][part.ref] = str(added.id)
            continue
        given = _Programme.model_validate(raw)
        programme = await add_programme(
            service, tx, name=given.name, purpose=given.purpose, settings=given.settings, holdout=given.holdout, goal=given.goal, playbook=playbook.key
        )
        names[part.ref] = programme.id
        made["programmes"][part.ref] = str(programme.id)
        if launch:
            await programmes.set_status(tx.db, programme.id, "running", at=service.clock.now())
    for part in playbook.site:
        site = _Site.model_validate(rules.fill(part.model_dump(), names))
        fields = {**site.model_dump(exclude={"ref", "conditions"}), "conditions": site.conditions, "starts_at": None, "ends_at": None}
        message = await add_site_message(service, tx, playbook=playbook.key, **fields)
        made["site"][part.ref] = str(message.id)
        if not launch:
            await deciding.end(tx.db, message.id)
    return made


def _parts(playbook: Playbook, names: dict[str, Any]) -> None:
    """Read every part as it would be made."""
    for part in playbook.programmes:
        _Programme.model_validate(rules.fill(part.model_dump(), names))
    for part in playbook.rewards:
        _Reward.model_validate(rules.fill(part.model_dump(), names))
    for part in playbook.site:
        _Site.model_validate(rules.fill(part.model_dump(), names))


def _mentions(value: Any, names: set[str]) -> bool:
    if isinstance(value, str):
        return value.startswith("$") and value[1:] in names
    if isinstance(value, dict):
        return any(_mentions(each, names) for each in value.values())
    return isinstance(value, list | tuple) and any(_mentions(each, names) for each in value)


async def stop_run(service: CampaignService, *, run_id: UUID) -> dict[str, Any]:
    """End what a run started; points and what was sent stay. Again: nothing more happens. Raises Unknown."""
    async with service.transaction() as tx:
        run = await playbooks.find_run(tx.db, run_id, lock=True)
        if run is None:
            raise errors.unknown_run()
        if run["status"] == "stopped":
            return run
        at = service.clock.now()
        for programme_id in run["made"]["programmes"].values():
            await programmes.set_status(tx.db, UUID(programme_id), "ended", at=at)
        for message_id in run["made"]["site"].values():
            await deciding.end(tx.db, UUID(message_id))
        await playbooks.stop_run(tx.db, run_id, at=at)
        return {**run, "status": "stopped", "stopped_at": at}


async def _find(service: CampaignService, key: str) -> Playbook:
    async with service.read() as db:
        own = await playbooks.all_own(db)
    if key in own:
        return own[key][0]
    if key not in rules.BUILT_IN:
        raise errors.unknown_playbook()
    return rules.BUILT_IN[key]


def _first(wrong: ValidationError) -> str:
    error = wrong.errors()[0]
    return f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}"
