"""Which scope a kind of object needs, where HubSpot refuses it and does not say.

Comes in: a refusal. Goes out: the same, with the name of a scope and of the kind to leave out.
"""

from __future__ import annotations

from orchestration.sources.http import RefusedError

# developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/scopes; what HubSpot itself names comes first.
_SCOPES = {
    "contacts": "crm.objects.contacts.read",
    "companies": "crm.objects.companies.read",
    "owners": "crm.objects.owners.read",
    "emails": "sales-email-read",
    "calls": "crm.objects.contacts.read",
    "meetings": "crm.objects.contacts.read",
    "email_events": "content",
    "tickets": "tickets",
    "feedback_submissions": "crm.objects.feedback_submissions.read",
    "subscription statuses": "communication_preferences.read",
    "properties": "crm.schemas.contacts.read",
}
_WITHOUT = {"subscription statuses": "`objects` without consents", "properties": "a source without `properties`"}


def with_scope(error: RefusedError, kind: str) -> RefusedError:
    """`error`, and what would mend it."""
    if error.status != 403 or kind not in _SCOPES:
        return error
    scopes = error.scopes or (_SCOPES[kind],)
    named = "" if error.scopes else f" (most likely {scopes[0]})"
    return RefusedError(f"{error}{named}; {_WITHOUT.get(kind, f'`objects` without {kind}')} does not ask for it", error.status, scopes)
