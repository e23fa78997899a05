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
# What people wrote or said in their own words; text of these columns has a time of its own after which it goes (docs/decisions/0032).
FREE_TEXT: dict[str, str] = {"crm_interactions": "text", "crm_tickets": "text", "survey_responses": "comment"}
# Where customers are companies, what a contact's record says of the company stays, and so do its accounts (docs/decisions/0031).
CONTACT_KINDS = {"crm": "contact", "email": "contact_email", "phone": "contact_phone"}
COMPANY_COLUMNS = (
    "customer_id",
    "created_at",
    "updated_at",
    "deleted_at",
    "company_name",
    "country",
    "region",
    "industry",
    "company_size",
    "acquisition_channel",
    "owner",
    "merged_into_customer_id",
)
COMPANY_TABLES = (
    "crm_customers",
    "billing_customers",
    "billing_subscriptions",
    "billing_invoice_lines",
    "billing_payments",
)
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
