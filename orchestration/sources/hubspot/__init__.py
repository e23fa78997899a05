"""HubSpot: contacts with their company and owner, consents, e-mails, calls and meetings, tickets, feedback.

Comes in: a token. Goes out: crm_customers, crm_consents, crm_interactions, crm_tickets and survey_responses. `source.py` says what is read
of contacts and when, `happenings.py` of what happened with them, `crm.py` asks, `contacts.py`, `consents.py` and `activities.py` make rows.
"""

from orchestration.sources.hubspot.source import Hubspot

__all__ = ["Hubspot"]
