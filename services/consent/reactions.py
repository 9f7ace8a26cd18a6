"""What the consent service hears."""

from __future__ import annotations

from uuid import UUID

from chassis.eventlog import Stored
from chassis.reacting import Subscription
from chassis.unit_of_work import Transaction
from contracts import analytics, campaign, customer, decoding, gateway, interaction
from contracts.envelope import Envelope
from contracts.erasure import ErasureAcknowledged
from services.consent import commands
from services.consent.settings import ConsentService


async def on_identity_states(service: ConsentService, tx: Transaction, records: list[Stored]) -> None:
    """The customer where each identity is at home; a tombstone forgets it.

    What is said under an identity is said under its home: it counts for whoever answers for that, and undoing a merge takes it along.
    """
    newest: dict[bytes, Stored] = {record.key: record for record in records}
    known: dict[bytes, tuple[str, UUID]] = {}
    gone: list[bytes] = []
    for key, record in newest.items():
        if record.value is None:
            gone.append(bytes.fromhex(key.decode()))
            continue
        state = decoding.decode(customer.IdentityState, record.value)
        known[bytes.fromhex(state.identity)] = (state.kind, UUID(state.home_id or state.customer_id))
    await commands.learn_identities(service, tx, known=known, gone=gone)


async def on_customers_merged(service: ConsentService, tx: Transaction, fact: customer.CustomersMerged, _envelope: Envelope) -> None:
    """A merge never widens permission."""
    await commands.merge_customers(
        service, tx, survivor=UUID(fact.survivor_id), merged=UUID(fact.merged_id), merged_at=fact.merged_at
    )


async def on_customers_unmerged(service: ConsentService, tx: Transaction, fact: customer.CustomersUnmerged, _envelope: Envelope) -> None:
    """Each speaks for itself again."""
    await commands.unmerge_customers(service, tx, restored=UUID(fact.restored_id))


async def on_identity_split(service: ConsentService, tx: Transaction, fact: customer.IdentitySplit, _envelope: Envelope) -> None:
    """An identity takes along what was said under it."""
    await commands.split_identity(
        service, tx, identity=bytes.fromhex(fact.identity), customer=UUID(fact.customer_id), home=UUID(fact.home_id), since=fact.linked_at
    )


async def on_consent_signal_seen(service: ConsentService, tx: Transaction, fact: interaction.ConsentSignalSeen, envelope: Envelope) -> None:
    """Global Privacy Control, unsubscribing elsewhere and complaints refuse; a permission ticked in a form is one to be recorded."""
    take = commands.take_grant if fact.signal == "granted" else commands.take_signal
    await take(service, tx, signal=fact, evidence_id=envelope.id)


async def on_sources(service: ConsentService, tx: Transaction, records: list[Stored]) -> None:
    """What sources are called, and what they say their fields are for."""
    states = [decoding.decode(gateway.KeyState, record.value) for record in records if record.value is not None]
    await commands.learn_sources(tx, sources=[state.source for state in states if state.source is not None])


async def on_field_collected(service: ConsentService, tx: Transaction, fact: interaction.FieldCollected, _envelope: Envelope) -> None:
    """A field comes on the public list."""
    await commands.disclose_field(tx, field=fact)


async def on_erasures(service: ConsentService, tx: Transaction, records: list[Stored]) -> None:
    """The ledger of erasures."""
    states = [decoding.decode(customer.ErasureState, record.value) for record in records if record.value is not None]
    await commands.take_erasures(service, tx, states=states)


async def on_acknowledged(service: ConsentService, tx: Transaction, fact: ErasureAcknowledged, _envelope: Envelope) -> None:
    """A service has erased a person; which one, its own class says."""
    sender = type(fact).__module__.rpartition(".")[2]
    await commands.receive_acknowledgement(service, tx, sender=sender, fact=fact)


SUBSCRIPTIONS = (
    Subscription(reader="identities", topics=("ecrm.state.identity",), batch=on_identity_states, linger=0.2),
    Subscription(
        reader="merges", topics=("ecrm.customer",), linger=0.2,
        facts={customer.CustomersMerged: on_customers_merged, customer.CustomersUnmerged: on_customers_unmerged, customer.IdentitySplit: on_identity_split},
    ),
    Subscription(reader="erasures", topics=("ecrm.state.erasure",), batch=on_erasures),
    Subscription(
        reader="acknowledgements", topics=("ecrm.customer", "ecrm.interaction.facts", "ecrm.analytics", "ecrm.campaign"), linger=0.5,
        facts={
            customer.ErasureAcknowledged: on_acknowledged, interaction.ErasureAcknowledged: on_acknowledged,
            analytics.ErasureAcknowledged: on_acknowledged, campaign.ErasureAcknowledged: on_acknowledged,
        },
    ),
    Subscription(
        reader="signals", topics=("ecrm.interaction.facts",), linger=0.2, facts={interaction.ConsentSignalSeen: on_consent_signal_seen}
    ),
    Subscription(reader="fields", topics=("ecrm.interaction.facts",), linger=0.5, facts={interaction.FieldCollected: on_field_collected}),
    Subscription(reader="sources", topics=("ecrm.state.keys",), batch=on_sources, linger=0.5),
)
