"""Salesforce: contacts with their account and owner, consents, tasks and events, campaigns, cases.

Comes in: an instance and a token. Goes out: crm_customers, crm_consents, crm_interactions, crm_campaigns and crm_tickets. `source.py` says
what is read and when, `org.py` asks, `bulk.py` for what is many, `rows.py` turns records into rows.
"""

from orchestration.sources.salesforce.source import Salesforce

__all__ = ["Salesforce"]
