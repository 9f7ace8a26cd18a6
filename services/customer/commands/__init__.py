"""Write use cases of the customer service; each is one transaction."""

from services.customer.commands.accounts import change_account_type, end_membership, put_member, tell_members
from services.customer.commands.collecting import resolve_interactions, settle_interactions
from services.customer.commands.deciding import decide_duplicate
from services.customer.commands.defining import (
    Defined,
    define_trait,
    remove_definition,
    sweep_definitions,
    trim_refusals,
)
from services.customer.commands.erasing import erase_again, erase_customer
from services.customer.commands.exporting import ask_export, forget_exports, remove_export
from services.customer.commands.forgetting import forget_unused_words
from services.customer.commands.importing import (
    MAX_PARTS,
    cancel_import,
    declare_import,
    put_import_part,
    start_import,
)
from services.customer.commands.merging import merge_customers, undo_merge
from services.customer.commands.needs import meet_need, tell_need
from services.customer.commands.reaching import choose, note_bounce, state_contact_points
from services.customer.commands.receiving import receive_customer
from services.customer.commands.registering import change_customer, hide_fields, register_customer
from services.customer.commands.restricting import note_restrictions
from services.customer.commands.reviewing import decide_review
from services.customer.commands.ruling import (
    change_identity_rules,
    follow_identity_rules,
    forget_old_sightings,
    load_identity_rules,
)
from services.customer.commands.scanning import LIKELY, ask_scan, work_on_scans
from services.customer.commands.splitting import split_identity, undo_split
from services.customer.commands.undoing import undo_import
from services.customer.commands.working import follow_undone_imports, work_on_exports, work_on_imports

__all__ = [
    "LIKELY",
    "MAX_PARTS",
    "Defined",
    "ask_export",
    "ask_scan",
    "cancel_import",
    "change_account_type",
    "change_customer",
    "change_identity_rules",
    "choose",
    "decide_duplicate",
    "decide_review",
    "declare_import",
    "define_trait",
    "end_membership",
    "erase_again",
    "erase_customer",
    "follow_identity_rules",
    "follow_undone_imports",
    "forget_exports",
    "forget_old_sightings",
    "forget_unused_words",
    "hide_fields",
    "load_identity_rules",
    "meet_need",
    "merge_customers",
    "note_bounce",
    "note_restrictions",
    "put_import_part",
    "put_member",
    "receive_customer",
    "register_customer",
    "remove_definition",
    "remove_export",
    "resolve_interactions",
    "settle_interactions",
    "split_identity",
    "start_import",
    "state_contact_points",
    "sweep_definitions",
    "tell_members",
    "tell_need",
    "trim_refusals",
    "undo_import",
    "undo_merge",
    "undo_split",
    "work_on_exports",
    "work_on_imports",
    "work_on_scans",
]
