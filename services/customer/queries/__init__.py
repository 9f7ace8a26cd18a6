"""Reads of the customer service."""

from services.customer.queries.accounts import (
    Member,
    OwnAccount,
    get_account,
    list_accounts_of,
    list_members,
    page_customers_of,
)
from services.customer.queries.customers import Found, get_customer, list_customers, list_identities, page_customers
from services.customer.queries.definitions import (
    Misfits,
    Refusals,
    Used,
    count_misfits,
    get_definition,
    list_refusals,
    list_traits,
    refuse_hidden,
)
from services.customer.queries.duplicates import get_scan, list_duplicates, list_scans
from services.customer.queries.erasures import list_erasures
from services.customer.queries.merges import list_merges, sent_messages
from services.customer.queries.past import Past, Told, get_past, list_history
from services.customer.queries.past_surroundings import accounts_at, contact_points_at, needs_at, preferences_at
from services.customer.queries.portable import export_portable
from services.customer.queries.previewing import MergePreview, preview_merge
from services.customer.queries.reaching import get_preferences, list_contact_points, list_needs
from services.customer.queries.ruling import (
    get_identity_rules,
    list_identity_reviews,
    list_identity_rules,
    preview_identity_rules,
)
from services.customer.queries.searching import find_by_identity, search_customers
from services.customer.queries.splitting import Splitting, preview_split
from services.customer.queries.transfers import (
    get_export,
    get_import,
    list_exports,
    list_import_errors,
    list_imports,
    read_export,
)
from services.customer.queries.whole import Whole, get_whole
from services.customer.store.duplicates import Pair as DuplicatePair
from services.customer.store.exports import Row as ExportRow
from services.customer.store.imports import Row as ImportRow
from services.customer.store.reaching import Need

__all__ = [
    "DuplicatePair",
    "ExportRow",
    "Found",
    "ImportRow",
    "Member",
    "MergePreview",
    "Misfits",
    "Need",
    "OwnAccount",
    "Past",
    "Refusals",
    "Splitting",
    "Told",
    "Used",
    "Whole",
    "accounts_at",
    "contact_points_at",
    "count_misfits",
    "export_portable",
    "find_by_identity",
    "get_account",
    "get_customer",
    "get_definition",
    "get_export",
    "get_identity_rules",
    "get_import",
    "get_past",
    "get_preferences",
    "get_scan",
    "get_whole",
    "list_accounts_of",
    "list_contact_points",
    "list_customers",
    "list_duplicates",
    "list_erasures",
    "list_exports",
    "list_history",
    "list_identities",
    "list_identity_reviews",
    "list_identity_rules",
    "list_import_errors",
    "list_imports",
    "list_members",
    "list_merges",
    "list_needs",
    "list_refusals",
    "list_scans",
    "list_traits",
    "needs_at",
    "page_customers",
    "page_customers_of",
    "preferences_at",
    "preview_identity_rules",
    "preview_merge",
    "preview_split",
    "read_export",
    "refuse_hidden",
    "search_customers",
    "sent_messages",
]
