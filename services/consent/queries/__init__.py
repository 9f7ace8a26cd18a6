"""What can be asked: one async function for each read."""

from services.consent.queries.consents import ConsentOf, Standing, get_consent
from services.consent.queries.links import UnsubscribeLink, get_unsubscribe_link
from services.consent.queries.permits import find_open_permits, get_permits, list_permit_keys
from services.consent.queries.purposes import list_purpose_versions, list_purposes

__all__ = [
    "ConsentOf", "Standing", "UnsubscribeLink", "find_open_permits", "get_consent", "get_permits", "get_unsubscribe_link", "list_permit_keys",
    "list_purpose_versions", "list_purposes",
]
