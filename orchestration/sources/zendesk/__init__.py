"""Zendesk: tickets, who wrote them, and how satisfied they were.

Comes in: a subdomain, an agent's e-mail address and a token. Goes out: crm_tickets, crm_customers (whoever wrote a ticket) and
survey_responses. `source.py` says what is read and when, `support.py` asks, `rows.py` turns objects into rows.
"""

from orchestration.sources.zendesk.source import Zendesk

__all__ = ["Zendesk"]
