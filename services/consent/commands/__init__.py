"""What can be done: one async function for each write, each one transaction."""

from services.consent.commands.carrying_out import carry_out, lift_restriction
from services.consent.commands.choosing import apply_choices, choose_contact, correct_person, hide_fields
from services.consent.commands.confirm_mails import forget_confirm_mails, send_confirm_mails
from services.consent.commands.confirm_mails import put_template as put_confirm_template
from services.consent.commands.confirming import confirm_grant, end_unconfirmed
from services.consent.commands.copies import drop_copies, make_copies
from services.consent.commands.disclosing import disclose_field, learn_sources
from services.consent.commands.identities import (
    erase_person,
    learn_identities,
    merge_customers,
    split_identity,
    unmerge_customers,
)
from services.consent.commands.importing import run_imports, start_import
from services.consent.commands.keys import find_signer, follow_keys, rotate_key
from services.consent.commands.lapsing import expire_consents
from services.consent.commands.opendsr import begin_erasures
from services.consent.commands.opendsr import cancel_request as cancel_opendsr
from services.consent.commands.opendsr import take_request as take_opendsr
from services.consent.commands.permitting import close_permits, expire_permits, grant_permits
from services.consent.commands.privacy import ask as ask_privacy
from services.consent.commands.privacy import close as close_privacy
from services.consent.commands.privacy import erase as erase_privacy
from services.consent.commands.privacy import note_step, take_erasures
from services.consent.commands.privacy import receive as receive_acknowledgement
from services.consent.commands.privacy import verify as verify_privacy
from services.consent.commands.privacy import watch_deadlines as watch_privacy
from services.consent.commands.purposes import change_purpose, define_purpose, map_mode
from services.consent.commands.recording import Recorded, Subject, Withdrawal
from services.consent.commands.retaining import ask_daily_run, run_retention
from services.consent.commands.retaining import ask_run as ask_retention_run
from services.consent.commands.retaining import put_rules as put_retention_rules
from services.consent.commands.sealing import commit_of, seal, sign_manifest, sign_root
from services.consent.commands.stating import (
    Grant,
    confirm_token,
    grant_consents,
    lift_stop,
    state_mode,
    stop_contact,
    take_grant,
    take_signal,
    withdraw_consent,
)

__all__ = [
    "Grant",
    "Recorded",
    "Subject",
    "Withdrawal",
    "apply_choices",
    "ask_daily_run",
    "ask_privacy",
    "ask_retention_run",
    "begin_erasures",
    "cancel_opendsr",
    "carry_out",
    "change_purpose",
    "choose_contact",
    "close_permits",
    "close_privacy",
    "commit_of",
    "confirm_grant",
    "confirm_token",
    "correct_person",
    "define_purpose",
    "disclose_field",
    "drop_copies",
    "end_unconfirmed",
    "erase_person",
    "erase_privacy",
    "expire_consents",
    "expire_permits",
    "find_signer",
    "follow_keys",
    "forget_confirm_mails",
    "grant_consents",
    "grant_permits",
    "hide_fields",
    "learn_identities",
    "learn_sources",
    "lift_restriction",
    "lift_stop",
    "make_copies",
    "map_mode",
    "merge_customers",
    "note_step",
    "put_confirm_template",
    "put_retention_rules",
    "receive_acknowledgement",
    "rotate_key",
    "run_imports",
    "run_retention",
    "seal",
    "send_confirm_mails",
    "sign_manifest",
    "sign_root",
    "split_identity",
    "start_import",
    "state_mode",
    "stop_contact",
    "take_erasures",
    "take_grant",
    "take_opendsr",
    "take_signal",
    "unmerge_customers",
    "verify_privacy",
    "watch_privacy",
    "withdraw_consent",
]
