"""Test mails to the people who write templates: no customer, no ledger, no tracking."""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import format_datetime
from typing import NamedTuple

from chassis.errors import Conflict, Unavailable
from chassis.ids import new_id
from services.campaign import errors
from services.campaign.domain import mail
from services.campaign.domain.channels import EMAIL
from services.campaign.domain.ledger import State, mail_address
from services.campaign.domain.mail import Mail, UnsafeHeader
from services.campaign.domain.parcels import Parcel
from services.campaign.domain.rendering import Rendered
from services.campaign.outbound.carrying import Away
from services.campaign.settings import CampaignService
from services.campaign.store.claiming import TRANSACTIONAL


class Sent(NamedTuple):
    """What became of one test mail."""

    to: str
    state: str
    reason: str


async def send_test(service: CampaignService, *, rendered: Rendered, to: Sequence[str], from_address: str, from_name: str) -> list[Sent]:
    """Send a rendered template to up to a few addresses now. Raises Invalid, Conflict (no mail server), Unavailable."""
    carrier = service.resources.carriers.get((TRANSACTIONAL, EMAIL))
    if carrier is None:
        raise Conflict("delivery.not_configured", "No mail server is set: ECRM_CAMPAIGN_SMTP_URL names one.")
    sender = mail_address(from_address or service.settings.from_address)
    if sender is None:
        raise errors.bad_address("from_address")
    done = []
    for address in to:
        ascii_address = mail_address(address)
        if ascii_address is None:
            raise errors.bad_address("to")
        parcel = _parcel(service, rendered, to=ascii_address, sender=sender, sender_name=from_name or service.settings.from_name)
        try:
            async with carrier.connection() as connection:
                outcome = await connection.hand_over(parcel, allowed=lambda: True)
        except Away:
            raise Unavailable("delivery.away", "The mail server does not answer at the moment.") from None
        # What the server took for later is refused here: nobody tries a test mail again.
        done.append(Sent(address, "failed" if outcome.state == State.PLANNED else outcome.state.value, outcome.reason))
    return done


def _parcel(service: CampaignService, rendered: Rendered, *, to: str, sender: str, sender_name: str) -> Parcel:
    public = service.platform.public_url.rstrip("/")
    try:
        built = mail.build(
            Mail(
                sender=sender, sender_name=sender_name, recipient=to, subject=f"[Test] {rendered.subject}",
                html=rendered.html or mail.plain_html(rendered.text), text=rendered.text, date=format_datetime(service.clock.now()),
                message_id=f"test-{new_id()}@{sender.rpartition('@')[2]}", unsubscribe_url=f"{public}/u/preview", campaign="test",
            )
        )
    except UnsafeHeader as error:
        raise errors.bad_value(error.header) from None
    signer = service.resources.signer
    letter = signer.sign(built, at=int(service.clock.now().timestamp())) if signer is not None else built
    return Parcel(channel=EMAIL, to=to, key="test", customer_id="", sender=sender, mail=letter, permit_id="test")
