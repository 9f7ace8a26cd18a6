"""Forms: written, published, and what visitors submit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from chassis import ids
from chassis.errors import Unavailable
from chassis.eventlog import NotConfirmed
from contracts.gateway import SourceSettings
from services.interaction import errors
from services.interaction.commands import posting
from services.interaction.domain import collecting, form_pages, forms
from services.interaction.domain.form_pages import Page
from services.interaction.domain.forms import Form
from services.interaction.settings import InteractionService
from services.interaction.store import forms as store

#: The field that people do not see and programs fill in.
TRAP: Final = "homepage"
#: A proof of work allows so many times as many.
WITH_WORK: Final = 6

_encode = msgspec.json.Encoder().encode
_form = msgspec.json.Decoder(Form).decode
_source: Final = SourceSettings(source_id=forms.SOURCE, name="Forms", kind="browser")


class Submitted(NamedTuple):
    """What became of a submission: its id, or faults by field and what is wrong with the page as a whole. `page` is None for no page of ours."""

    submission: str | None
    faults: dict[str, str]
    problem: str | None
    page: Page | None


async def put_form(service: InteractionService, *, slug: str, definition: Mapping[str, Any]) -> int:
    """Write a new version; visitors see it when it is published. Raises Invalid."""
    form = msgspec.convert(definition, Form)
    try:
        forms.check(form)
    except forms.BadForm as error:
        raise errors.wrong("form.bad", error.pointer, f"This makes no form: {error}.") from None
    async with service.transaction() as tx:
        return await store.add_version(tx.db, slug=slug, definition=_encode(form).decode(), now=service.clock.now())


async def publish_form(service: InteractionService, *, slug: str, version: int) -> None:
    """Raises Unknown."""
    async with service.transaction() as tx:
        if not await store.publish(tx.db, slug=slug, version=version, now=service.clock.now()):
            raise errors.unknown_form()


async def withdraw_form(service: InteractionService, *, slug: str) -> None:
    """Visitors see it no more. Raises Unknown."""
    async with service.transaction() as tx:
        if not await store.publish(tx.db, slug=slug, version=None, now=service.clock.now()):
            raise errors.unknown_form()


def new_page(service: InteractionService, *, slug: str, version: int, language: str, campaign: str) -> Page:
    """A page that is shown now."""
    return Page(slug, version, language, int(service.clock.timestamp()), ids.new_text_id(), campaign[:200])


def sealed(service: InteractionService, page: Page) -> str:
    """What the page carries."""
    return form_pages.seal(page, secret=service.link_secret)


async def submit(service: InteractionService, *, slug: str, sent: Mapping[str, Sequence[str]], address: str) -> Submitted:
    """Take a visitor's answers over: the traits and the touch point, from which the recorder makes lead and consents, in one append.

    The same page sent twice with the same answers is stored once. Raises Unknown for a form nobody sees.
    """
    page = form_pages.unseal(next(iter(sent.get("page", ())), ""), secret=service.link_secret)
    if page is not None and page.slug != slug:
        page = None
    async with service.read() as db:
        row = await store.find_published(db, slug)
        if row is not None and page is not None and page.version != row["version"]:
            row = await store.find_form(db, slug, version=page.version)  # a newer version came while somebody was writing
    if row is None:
        raise errors.unknown_form()
    form = _form(row["definition"])
    answers, consents, faults = forms.read_answers(form, sent)
    if faults:
        return Submitted(None, faults, "errors", page)
    problem = await _doubt(service, page, sent, address)
    if problem is not None or page is None:
        return Submitted(None, {}, problem or "old", page)
    submission = forms.submission_id(slug=slug, nonce=page.nonce, answers=answers, consents=consents)
    key = forms.identity_of(form, answers)
    body = forms.touchpoint(
        form, slug=slug, version=page.version, submission=submission, language=page.language, answers=answers, consents=consents,
        campaign=page.campaign or None, customer=key,
    )
    _, contact = await posting.touchpoint_record(service, body=body, source_id=None, source=_source)
    value, stamp = forms.identify(
        submission=submission, traits=forms.traits_of(form, answers, language=page.language), customer=key, new_id=ids.new_text_id(),
        now=service.clock.now(),
    )
    accepted = collecting.Accepted(key.encode(), value, msgspec.json.encode(stamp), stamp.id.encode(), stamp.receipt_id)
    try:
        await service.log.append([posting.accepted_record(accepted, forms.SOURCE), contact])
    except (NotConfirmed, Unavailable):
        return Submitted(None, {}, "unavailable", page)
    return Submitted(submission, {}, None, page)


async def _doubt(service: InteractionService, page: Page | None, sent: Mapping[str, Sequence[str]], address: str) -> str | None:
    """Why this may be a program: never said behind somebody's back, always something a person can mend."""
    if page is None:
        return "old"
    if any(text.strip() for text in sent.get(TRAP, ())):
        return "trap"
    age = form_pages.fault_of_age(page, service.clock.now(), least=service.settings.form_seconds)
    if age is not None:
        return age
    worked = form_pages.has_worked(page.nonce, next(iter(sent.get("work", ())), ""))
    most = service.settings.form_submissions
    if not await service.resources.rates.allows(address, most=most * WITH_WORK if worked else most):
        return "often"
    return None
