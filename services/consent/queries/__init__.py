"""What can be asked: one async function for each read."""

from services.consent.queries.allowing import get_restriction, list_allowed
from services.consent.queries.audit import OpenedLink, list_keys, page_batches, page_links, page_roots
from services.consent.queries.centre import Centre, get_centre
from services.consent.queries.confirm_mails import list_confirm_mails, list_confirm_templates
from services.consent.queries.consents import ConsentOf, Standing, get_consent, get_entry, get_receipt
from services.consent.queries.copies import copy_link, find_copy, get_ready_copy, open_copy, read_copy
from services.consent.queries.disclosures import list_disclosures
from services.consent.queries.imports import get_import, list_import_errors, list_imports
from services.consent.queries.links import (
    ConfirmLink,
    PreferencesLink,
    UnsubscribeLink,
    get_confirm_link,
    get_unsubscribe_link,
    open_preferences,
)
from services.consent.queries.opendsr import get_status as get_opendsr_status
from services.consent.queries.permits import find_open_permits, get_permits
from services.consent.queries.privacy import get_certificate
from services.consent.queries.privacy import get_request as get_privacy_request
from services.consent.queries.privacy import list_requests as list_privacy_requests
from services.consent.queries.processing import get_processing
from services.consent.queries.purposes import list_modes, list_purpose_versions, list_purposes
from services.consent.queries.retention import get_run as get_retention_run
from services.consent.queries.retention import list_kept
from services.consent.queries.retention import list_rules as list_retention_rules
from services.consent.queries.retention import list_runs as list_retention_runs

__all__ = [
    "Centre",
    "ConfirmLink",
    "ConsentOf",
    "OpenedLink",
    "PreferencesLink",
    "Standing",
    "UnsubscribeLink",
    "copy_link",
    "find_copy",
    "find_open_permits",
    "get_centre",
    "get_certificate",
    "get_confirm_link",
    "get_consent",
    "get_entry",
    "get_import",
    "get_opendsr_status",
    "get_permits",
    "get_privacy_request",
    "get_processing",
    "get_ready_copy",
    "get_receipt",
    "get_restriction",
    "get_retention_run",
    "get_unsubscribe_link",
    "list_allowed",
    "list_confirm_mails",
    "list_confirm_templates",
    "list_disclosures",
    "list_import_errors",
    "list_imports",
    "list_kept",
    "list_keys",
    "list_modes",
    "list_privacy_requests",
    "list_purpose_versions",
    "list_purposes",
    "list_retention_rules",
    "list_retention_runs",
    "open_copy",
    "open_preferences",
    "page_batches",
    "page_links",
    "page_roots",
    "read_copy",
]
