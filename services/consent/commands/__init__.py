"""What can be done: one async function for each write, each one transaction."""

from services.consent.commands.identities import learn_identities, merge_customers, split_identity, unmerge_customers
from services.consent.commands.permitting import close_permits, expire_permits, grant_permits, remember_permit_key
from services.consent.commands.purposes import change_purpose, define_purpose
from services.consent.commands.stating import (
    Grant,
    Recorded,
    Subject,
    Withdrawal,
    grant_consents,
    take_signal,
    withdraw_consent,
)

__all__ = [
    "Grant", "Recorded", "Subject", "Withdrawal", "change_purpose", "close_permits", "define_purpose", "expire_permits", "grant_consents",
    "grant_permits", "learn_identities", "merge_customers", "remember_permit_key", "split_identity", "take_signal", "unmerge_customers", "withdraw_consent",
]
