"""Which columns of the input tables say whose row it is: all a removal of one person has to look at.

`crm` an id of a CRM record, `billing` an account of a billing system, `email` and `phone` a contact in any spelling.
"""

from __future__ import annotations

PERSON_COLUMNS: dict[str, str] = {
    "customer_id": "crm",
    "merged_into_customer_id": "crm",
    "referrer_customer_id": "crm",
    "referred_customer_id": "crm",
    "billing_customer_id": "billing",
    "email": "email",
    "phone": "phone",
}
# The tables with a row per record of a person, and the column that holds the record's own id.
RECORD_TABLES: dict[str, str] = {"crm_customers": "customer_id", "billing_customers": "billing_customer_id"}
# Where a CRM's id may be that of another source's CRM, as long as only one CRM has it (docs/decisions/0011 and 0027).
NAMES_OTHER_SOURCES = (
    "billing_customers",
    "survey_invitations",
    "survey_responses",
    "crm_interactions",
    "crm_consents",
    "crm_actions",
    "crm_referrals",
    "crm_loyalty_events",
    "crm_tickets",
)
