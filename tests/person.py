"""A person who is to be erased: in every table, under ids of their own, quoted in somebody else's ticket, and in a row that is bad."""

from __future__ import annotations

from pathlib import Path

ID, ACCOUNT, EMAIL, PHONE = "CANARY-0001", "cus_CANARY_1", "canary.person@nest.example", "+49 170 5550123"
PERSONAL = ("Canary Full-Name", "Canary Works GmbH", "a canary ticket text", "a canary comment", "a canary call note")
CANARIES = (ID, ACCOUNT, EMAIL, PHONE, *PERSONAL, "TESTCANARY")
HEADERS = {
    "crm_customers": "customer_id,created_at,email,phone,full_name,company_name,country,birth_year,gender,income_band,owner,deleted_at",
    "crm_consents": "customer_id,channel,purpose,status,recorded_at",
    "crm_interactions": "interaction_id,customer_id,occurred_at,channel,kind,text",
    "crm_tickets": "ticket_id,customer_id,opened_at,status,text",
    "billing_customers": "billing_customer_id,customer_id,email,created_at,currency",
    "billing_subscriptions": "subscription_id,billing_customer_id,status,started_at,plan,quantity,unit_amount,currency,interval",
    "billing_invoice_lines": "invoice_line_id,invoice_id,billing_customer_id,subscription_id,kind,issued_at,period_start,period_end,amount,"
    "currency",
    "billing_payments": "payment_id,billing_customer_id,kind,status,occurred_at,amount,currency",
    "survey_invitations": "invitation_id,email,survey_id,sent_at",
    "survey_responses": "response_id,email,survey_id,metric,score,scale_min,scale_max,responded_at,comment",
}


def rows(person: str, account: str, mark: str) -> dict[str, list[str]]:
    """The canary in every table, under ids of its own; with `mark` in front of the ids of rows."""
    return {
        "crm_customers": [f"{person},2026-01-05,{EMAIL},{PHONE},{PERSONAL[0]},{PERSONAL[1]},DE,1970,f,high,Kim,"],
        "crm_consents": [f"{person},email,marketing,granted,2026-01-06"],
        "crm_interactions": [f"{mark}int,{person},2026-09-01,phone,call,{PERSONAL[4]}"],
        "crm_tickets": [f"{mark}tic,{person},2026-09-02,open,{PERSONAL[2]}", f"{mark}bad,{person},the 31st,open,{PERSONAL[2]}"],
        "billing_customers": [f"{account},{person},{EMAIL},2026-01-05,USD"],
        "billing_subscriptions": [f"{mark}sub,{account},active,2026-02-01,pro,1,77.13,USD,month"],
        "billing_invoice_lines": [
            f"{mark}line{month},{mark}inv{month},{account},{mark}sub,recurring,{day(month)},{day(month)},{day(month + 1)},77.13,USD"
            for month in range(2, 11)
        ],
        "billing_payments": [f"{mark}pay,{account},payment,succeeded,2026-02-02,77.13,USD"],
        "survey_invitations": [f"{mark}inv,{EMAIL.upper()},relationship,2026-08-01"],
        "survey_responses": [f"{mark}res,canary.person+nps@nest.example,relationship,nps,9,0,10,2026-08-02,{PERSONAL[3]}"],
    }


def day(month: int) -> str:
    return f"2026-{month:02}-01"


def plant(exports: Path, name: str, planted: dict[str, list[str]]) -> None:
    for table, lines in planted.items():
        (exports / table / f"{name}.csv").write_text("\n".join([HEADERS[table], *lines]) + "\n")


# Deleted at the source long before the night; somebody of that address has come back since.
GONE_ID, GONE_EMAIL, GONE_NAME = "EXPIRED-0001", "expired.person@nest.example", "Expired Full-Name"


def long_gone() -> dict[str, list[str]]:
    """Somebody whom every source deleted in spring, and what they had said."""
    return {
        "crm_customers": [f"{GONE_ID},2025-01-05,{GONE_EMAIL},,{GONE_NAME},,DE,1970,f,high,Kim,2026-04-30"],
        "crm_tickets": [f"EXPIREDtic,{GONE_ID},2026-02-02,solved,{GONE_EMAIL} is gone"],
        "survey_responses": [f"EXPIREDres,{GONE_EMAIL},relationship,nps,3,0,10,2026-02-02,{GONE_NAME} was here"],
    }


def about_others() -> dict[str, list[str]]:
    """Somebody else's ticket that quotes the canary: that row stays, the address goes."""
    return {"crm_tickets": [f"TESTother,C000000000,2026-09-03,open,please ask {EMAIL} about it"]}
